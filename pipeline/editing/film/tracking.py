"""Masks that do not flicker: what is missed in a frame or two is taken from those around.

A mask is carried to a neighbouring frame by optical flow. What is masked before and after is masked
now; what is masked now alone, and neither before nor after, was a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.editing.film.window import windows
from pipeline.images import Mask, resize_mask
from pipeline.video.planes import Upright

REACH = 2
"""Frames before and after that are looked at: as many in a row may be missed."""
SIDE = 320
"""Longer side of the pictures in which flow is estimated."""

Grey = NDArray[np.uint8]


class Tracked(NamedTuple):
    """A frame with its mask.

    Attributes:
        number: Of the frame.
        shown: The frame.
        mask: H×W, steady.
    """

    number: int
    shown: Upright
    mask: Mask


class _Frame(NamedTuple):
    number: int
    shown: Upright
    mask: Mask
    grey: Grey
    small: Mask
    cut: bool


def tracked(frames: Iterable[tuple[int, Upright, Mask, bool]]) -> Iterator[Tracked]:
    """Steady the masks of a film; holds 2 × REACH + 1 frames.

    Args:
        frames: Number, frame, mask, and whether a scene begins here.
    """
    for window, place in windows(map(_looked_at, frames), REACH):
        yield _steady(window, place)


def _looked_at(frame: tuple[int, Upright, Mask, bool]) -> _Frame:
    number, shown, mask, cut = frame
    height, width = mask.shape
    scale = min(1.0, SIDE / max(height, width))
    size = max(16, round(height * scale)), max(16, round(width * scale))
    small = cv2.resize(shown.rgb, size[::-1], interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    return _Frame(number, shown, mask, grey, resize_mask(mask, *size), cut)


def _steady(window: Sequence[_Frame], place: int) -> Tracked:
    now = window[place]
    past = _carried(now, _one_side(window, place, -1))
    future = _carried(now, _one_side(window, place, 1))
    mask = now.mask
    if past is not None and future is not None:
        mask = _without_strays(now, past | future)
        mask = mask | resize_mask(past & future, *mask.shape)
    return Tracked(now.number, now.shown, mask)


def _one_side(window: Sequence[_Frame], place: int, step: int) -> list[_Frame]:
    """The frames of the same scene before (−1) or after (1)."""
    found = []
    for distance in range(1, REACH + 1):
        at = place + step * distance
        if not 0 <= at < len(window) or window[at if step > 0 else at + 1].cut:
            break
        found.append(window[at])
    return found


def _carried(now: _Frame, others: list[_Frame]) -> Mask | None:
    """Their masks where those things are now, in small."""
    if not others:
        return None
    result = np.zeros_like(now.small)
    for other in others:
        if other.small.any():
            result |= _warped(other.small, _flow(now.grey, other.grey))
    return result


def _flow(one: Grey, other: Grey) -> NDArray[np.float32]:
    """Where each pixel of the first picture is in the other."""
    estimate = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return np.asarray(estimate.calc(one, other, np.zeros((*one.shape, 2), np.float32)), np.float32)


def _warped(mask: Mask, flow: NDArray[np.float32]) -> Mask:
    rows, columns = np.indices(mask.shape, np.float32)
    found = cv2.remap(mask.astype(np.float32), columns + flow[..., 0], rows + flow[..., 1],
                      cv2.INTER_LINEAR)  # fmt: skip
    return np.asarray(found > 0.5)


def _without_strays(now: _Frame, around: Mask) -> Mask:
    """The mask without the pieces of which neither neighbour knows."""
    if not now.small.any():
        return now.mask
    count, labels = cv2.connectedComponents(now.mask.astype(np.uint8))
    near = resize_mask(cv2.dilate(around.astype(np.uint8), np.ones((5, 5))) > 0, *now.mask.shape)
    known = np.zeros(count, bool)
    known[np.unique(labels[near])] = True
    known[0] = False
    return np.asarray(known[labels])
