"""Alphas that do not flicker: each is averaged with those around it, along the motion.

A neighbour counts where the picture there looks like the picture here: what appears or is uncovered
keeps the alpha of its own frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.editing.film.window import windows
from pipeline.images import RGB
from pipeline.matting import Alpha
from pipeline.video.planes import Upright
from pipeline.video.scenes import colours, difference

WEIGHTS = (1.0, 0.6, 0.3)
"""Of a frame itself, of the frames next to it, and of those after next."""
SIDE = 320
"""Longer side of the pictures in which flow is estimated."""
ALIKE = 12.0
"""Levels: where a neighbour differs by so much, it counts for a third."""
CUT = 0.4
"""See `motion.CUT`."""

Grey = NDArray[np.uint8]
Flow = NDArray[np.float32]


class Matted(NamedTuple):
    """A frame with the alpha of its people.

    Attributes:
        number: Of the frame.
        shown: The frame.
        alpha: H×W.
    """

    number: int
    shown: Upright
    alpha: Alpha


class _Frame(NamedTuple):
    matted: Matted
    grey: Grey
    colours: NDArray[np.float64]


REACH = len(WEIGHTS) - 1


def smoothed(frames: Iterable[Matted]) -> Iterator[Matted]:
    """Average the alphas of a film over time; holds 2 × REACH + 1 frames."""
    for window, place in windows(map(_looked_at, frames), REACH):
        yield _smooth(window, place)


def _looked_at(matted: Matted) -> _Frame:
    small = _small(matted.shown.rgb)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    return _Frame(matted, grey, colours(small))


def _small(rgb: RGB) -> RGB:
    height, width = rgb.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _smooth(window: Sequence[_Frame], place: int) -> Matted:
    now = window[place]
    alpha = now.matted.alpha.astype(np.float32)
    total, weights = WEIGHTS[0] * alpha, np.full(alpha.shape, WEIGHTS[0], np.float32)
    for step in (-1, 1):
        for other, weight in zip(_one_side(window, place, step), WEIGHTS[1:], strict=False):
            if not (now.matted.alpha.any() or other.matted.alpha.any()):
                continue
            flow = _flow(now.grey, other.grey)
            sure = weight * _enlarged(_likeness(now.grey, other.grey, flow), alpha.shape)
            total += sure * _warped(other.matted.alpha, flow)
            weights += sure
    mean = np.rint(total / weights).astype(np.uint8)
    return now.matted._replace(alpha=mean)


def _one_side(window: Sequence[_Frame], place: int, step: int) -> list[_Frame]:
    """The frames of the same scene before (−1) or after (1)."""
    found, last = [], window[place]
    for distance in range(1, REACH + 1):
        at = place + step * distance
        if not 0 <= at < len(window) or difference(window[at].colours, last.colours) >= CUT:
            break
        last = window[at]
        found.append(last)
    return found


def _flow(one: Grey, other: Grey) -> Flow:
    estimate = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return np.asarray(estimate.calc(one, other, np.zeros((*one.shape, 2), np.float32)), np.float32)


def _likeness(one: Grey, other: Grey, flow: Flow) -> NDArray[np.float32]:
    """1 where the flow finds the same levels, less where it does not."""
    there = _looked_up(other.astype(np.float32), flow)
    off = cv2.blur(np.abs(there - one), (3, 3)) / np.float32(ALIKE)
    return np.asarray(1 / (1 + 2 * off * off), np.float32)


def _warped(alpha: Alpha, flow: Flow) -> NDArray[np.float32]:
    """An alpha of native size, along a flow in small."""
    height, width = alpha.shape
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    large = np.stack([_enlarged(flow[..., axis], alpha.shape) for axis in (0, 1)], axis=2) * scale
    return _looked_up(alpha.astype(np.float32), large)


def _looked_up(levels: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    rows, columns = np.indices(levels.shape, np.float32)
    found = cv2.remap(levels, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return np.asarray(found, np.float32)


def _enlarged(plane: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    size = shape[1], shape[0]
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.float32)
