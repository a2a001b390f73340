"""Flicker: scores of film, in a memory that does not grow with its length.

Frames come one by one, from any iterables of equal length. A film of fewer than two frames cannot
flicker: its score is not a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, zip_longest
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask

Alpha = NDArray[np.floating[Any]] | Mask
"""H×W, the share of the subject in each pixel, 0 to 1; or a mask."""

Levels = NDArray[np.float32]
Flow = NDArray[np.float32]
"""H×W×2: how far each pixel moves to the right and down, in pixels."""

SMALLEST = 16
"""Height and width from which on motion can be estimated."""


def dtssd(alphas: Iterable[Alpha], truths: Iterable[Alpha]) -> float:
    """How much more or less two films of masks change from frame to frame; 0 to 2, lower is better.

    Erofeev, Gitman, Vatolin, Fedorov, Wang: Perceptually Motivated Benchmark for Video Matting,
    BMVC 2015: the mean over t of √(mean over pixels of ((αₜ − αₜ₋₁) − (gₜ − gₜ₋₁))²). Robust Video
    Matting (WACV 2022) prints 100 times this, with a 0 for the first frame in the mean.

    Raises:
        ValueError: A frame is not H×W in 0 to 1, the sizes differ, or one film is longer.
    """
    films = _together(alphas=map(_alpha, alphas), truths=map(_alpha, truths))
    return _mean(
        float(np.sqrt(np.square((ours - ours_before) - (true - true_before)).mean()))
        for (ours_before, true_before), (ours, true) in pairwise(films)
    )


def warping_error(
    frames: Iterable[RGB | Alpha], originals: Iterable[RGB], inside: Iterable[Mask] | None = None
) -> float:
    """How much a result changes beyond what moves in its original; 0 to 1, lower is better.

    Lai, Huang, Wang, Shechtman, Yumer, Yang: Learning Blind Video Temporal Consistency, ECCV 2018:
    the next frame of the result is warped back by the original's optical flow; the mean squared
    difference over channels (levels 0 to 1) and over pixels that can be followed (see `_followed`);
    its mean over pairs of frames.

    The flow is OpenCV's DIS (Kroeger et al., ECCV 2016) where the paper has FlowNet 2, so values
    compare with each other and not with printed ones. A film that blurs scores well: look at a
    score of its pictures too.

    Args:
        frames: The result: RGB or alpha.
        originals: What it was made from.
        inside: Of each frame the pixels that count, all without it. A pair of frames in which none
            can be followed is left out of the mean.

    Raises:
        ValueError: A frame is none, sizes differ, one film is longer, or smaller than 16×16.
    """
    films: dict[str, Iterable[Any]] = {
        "frames": map(_levels, frames),
        "originals": map(_grey, originals),
    }
    if inside is not None:
        films["inside"] = map(_mask, inside)
    moments = (_Moment(*row) for row in _together(**films))
    return _mean(_unexplained(now, following) for now, following in pairwise(moments))


class _Moment(NamedTuple):
    frame: Levels
    original: NDArray[np.uint8]
    inside: Mask | None = None


def _unexplained(now: _Moment, following: _Moment) -> float:
    forward = _motion(now.original, following.original)
    backward = _motion(following.original, now.original)
    wanted = _followed(forward, backward)
    if now.inside is not None:
        wanted &= now.inside
    squares = np.square(now.frame - _warped(following.frame, forward))[wanted]
    return float(squares.mean(dtype=np.float64)) if squares.size else float("nan")


def _motion(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Flow:
    """Where each pixel of the first picture is in the second."""
    estimate = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    nothing_known = np.zeros((*before.shape, 2), np.float32)
    return np.asarray(estimate.calc(before, after, nothing_known), np.float32)


def _followed(forward: Flow, backward: Flow) -> Mask:
    """Pixels that stay in the picture, are not covered, and lie at no border of two motions.

    With the thresholds of Ruder, Dosovitskiy, Brox: Artistic Style Transfer for Videos, GCPR 2016,
    after Sundaram, Brox, Keutzer, ECCV 2010.
    """
    back = _warped(backward, forward)
    length = _squared(forward)
    covered = _squared(forward + back) > 0.01 * (length + _squared(back)) + 0.5
    down, right = (np.diff(forward, axis=axis, append=_last(forward, axis)) for axis in (0, 1))
    border = _squared(down) + _squared(right) > 0.01 * length + 0.002
    return np.asarray(_stays(forward) & ~covered & ~border)


def _last(flow: Flow, axis: int) -> Flow:
    return flow[-1:] if axis == 0 else flow[:, -1:]


def _squared(flow: Flow) -> Levels:
    return np.asarray(np.square(flow).sum(axis=2))


def _stays(flow: Flow) -> Mask:
    columns, rows = _targets(flow)
    height, width = flow.shape[:2]
    within = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
    return np.asarray(within)


def _targets(flow: Flow) -> tuple[Levels, Levels]:
    rows, columns = np.indices(flow.shape[:2], np.float32)
    return columns + flow[..., 0], rows + flow[..., 1]


def _warped(levels: Levels, flow: Flow) -> Levels:
    """What each pixel finds where the flow takes it."""
    columns, rows = _targets(flow)
    found = cv2.remap(levels, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _together(**films: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """The frames of a moment; all of one size, and equally many."""
    size = None
    for number, frames in enumerate(zip_longest(*films.values())):
        ended = [name for name, frame in zip(films, frames, strict=True) if frame is None]
        if ended:
            raise ValueError(f"{' and '.join(ended)} end after {number} frames, others go on")
        sizes = {name: frame.shape[:2] for name, frame in zip(films, frames, strict=True)}
        size = size or next(iter(sizes.values()))
        if set(sizes.values()) != {size}:
            raise ValueError(f"frame {number} differs in size: {sizes}, the first one has {size}")
        yield frames


def _alpha(frame: Alpha) -> Levels:
    is_alpha = frame.ndim == 2 and (frame.dtype == np.bool_ or frame.dtype.kind == "f")
    if not is_alpha:
        raise ValueError(f"alpha must be H×W, bool or 0.0 to 1.0, got {frame.dtype} {frame.shape}")
    if frame.size and not (frame.min() >= 0 and frame.max() <= 1):  # not a number is neither
        raise ValueError(f"alpha must lie in 0 to 1, got {frame.min()} to {frame.max()}")
    return frame.astype(np.float32)


def _levels(frame: NDArray[Any]) -> Levels:
    if frame.ndim == 2:
        return _alpha(frame)
    return np.asarray(_rgb(frame) / np.float32(255), np.float32)


def _grey(frame: RGB) -> NDArray[np.uint8]:
    height, width = _rgb(frame).shape[:2]
    if min(height, width) < SMALLEST:
        raise ValueError(
            f"motion needs {SMALLEST}×{SMALLEST} pixels or more, got {height}×{width}; enlarge all"
        )
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _rgb(frame: NDArray[Any]) -> RGB:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise ValueError(f"frames must be H×W×3 uint8, got {frame.dtype} {frame.shape}")
    return frame


def _mask(inside: Mask) -> Mask:
    if inside.dtype != np.bool_ or inside.ndim != 2:
        raise ValueError(f"masks must be bool H×W, got {inside.dtype} {inside.shape}")
    return inside


def _mean(values: Iterable[float]) -> float:
    """Of what is a number; not a number if nothing is."""
    total, count = 0.0, 0
    for value in values:
        if not np.isnan(value):
            total, count = total + value, count + 1
    return total / count if count else float("nan")
