"""How a camera moved from one frame to the next, seen in what does not move by itself."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask, resize_mask
from pipeline.video.scenes import colours, difference

Homography = NDArray[np.float64]
"""3×3: pixels of one frame to those of another."""

Grey = NDArray[np.uint8]

SIDE = 480
"""Longer side of the pictures in which motion is looked for."""
CELLS = 8, 12
"""Rows and columns of parts that each give their own corners: things that move have strong ones."""
CORNERS = 6
"""Of each part."""
LEAST = 16
"""Corners that must agree; with fewer, a flat or dark picture is taken to stand still."""
OFF = 1.0
"""Pixels that a corner may miss what the others agree on."""
STILL = 0.25
"""Pixels at that size: corners that moved less stand still."""
MOST = 0.4
"""Share of the corners that must stand still, or move together, at least."""
CUT = 0.4
"""Share of the picture that changes its colours where another scene begins."""
HOLDS = 4
"""Rows and columns of points that hold a homography where no corner does."""
FLAT = 4.0
"""Levels: what varies less around is taken for noise."""
LOST = 0.15
"""The same where frames cannot be laid over each other, either."""


class Glance(NamedTuple):
    """A frame in small, for motion and for cuts.

    Attributes:
        grey: H×W, as strong in the dark as in the light, so that exposure may change.
        free: H×W, 255 where nothing is hidden: cars move by themselves.
        colours: See `video.scenes.colours`.
        scale: Pixels of it per pixel of the frame.
    """

    grey: Grey
    free: Grey
    colours: NDArray[np.float64]
    scale: float


class Small(NamedTuple):
    """What is kept of a frame: a grey picture, and its colours."""

    grey: Grey
    colours: NDArray[np.float64]


def small(rgb: RGB) -> Small:
    """A frame, looked at in small."""
    height, width = rgb.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Small(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8), colours(picture))


def glance(kept: Small, hidden: Mask) -> Glance:
    """What `small` kept, and H×W of the whole frame, what is not looked at."""
    height, width = kept.grey.shape
    near = cv2.dilate(resize_mask(hidden, height, width).astype(np.uint8), np.ones((7, 7)))
    levels = kept.grey.astype(np.float32)
    mean = cv2.GaussianBlur(levels, (0, 0), 12)
    spread = np.sqrt(cv2.GaussianBlur(np.square(levels - mean), (0, 0), 12))
    even = np.clip(128 + 40 * (levels - mean) / (spread + FLAT), 0, 255).astype(np.uint8)
    free = (255 * (1 - near)).astype(np.uint8)
    return Glance(even, free, kept.colours, width / hidden.shape[1])


def is_cut(before: Glance, after: Glance, lost: bool = False) -> bool:
    """Whether another scene begins; `lost`: the frames could not be laid over each other either."""
    return difference(before.colours, after.colours) >= (LOST if lost else CUT)


def laid_over(after: Glance, before: Glance, guess: Homography) -> Homography | None:
    """Where pixels of a frame were in an earlier one; None where too little moves together.

    Exactly the identity where the camera stands there still, and where nothing can be followed.

    Args:
        after: The frame.
        before: The earlier one.
        guess: About where.
    """
    found = _corners(after)
    if len(found) < LEAST:
        return np.eye(3)
    scale = np.diag([after.scale, after.scale, 1.0])
    start = scale @ guess @ np.linalg.inv(scale)
    here, there = _followed(found, after.grey, before.grey, start)
    if len(here) < LEAST:
        return None
    stays = int((np.abs(there - here).max(axis=1) < STILL).sum())
    if stays >= MOST * len(here):
        return np.eye(3)
    matrix, agrees = cv2.findHomography(here, there, cv2.RANSAC, OFF)
    if matrix is None or int(agrees.sum()) < max(LEAST, MOST * len(here)):
        return None
    ours = agrees.ravel() == 1
    matrix = _held(np.asarray(matrix, np.float64), here[ours], there[ours], after.grey.shape)
    return np.asarray(np.linalg.inv(scale) @ matrix @ scale, np.float64)


def _held(
    matrix: Homography,
    here: NDArray[np.float32],
    there: NDArray[np.float32],
    shape: tuple[int, ...],
) -> Homography:
    """A homography by corners that agree, held by an affine map where there are none of them.

    Where a car hides a side of the picture, a homography of the rest goes astray there.
    """
    affine, _ = cv2.estimateAffine2D(here, there, method=cv2.RANSAC, ransacReprojThreshold=OFF)
    if affine is None:  # all corners on one line hold nothing beside it
        return matrix  # type: ignore[unreachable]  # OpenCV's types do not know that
    rows, columns = np.meshgrid(*(np.linspace(0, side, HOLDS) for side in shape), indexing="ij")
    grid = np.stack([columns.ravel(), rows.ravel()], axis=1)
    near = np.hypot(*(grid[:, None] - here).transpose(2, 0, 1)).min(axis=1)
    grid = grid[near > max(shape) / HOLDS]
    moved = grid @ affine[:, :2].T + affine[:, 2]
    held, _ = cv2.findHomography(np.concatenate([here, grid]), np.concatenate([there, moved]), 0)
    return matrix if held is None else np.asarray(held, np.float64)


def _corners(glance: Glance) -> NDArray[np.float32]:
    """Corners from all over a picture, N×1×2."""
    height, width = glance.grey.shape
    rows = np.linspace(0, height, CELLS[0] + 1).astype(int).tolist()
    columns = np.linspace(0, width, CELLS[1] + 1).astype(int).tolist()
    found = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            part = slice(top, bottom), slice(left, right)
            if bottom - top < 4 or right - left < 4 or not glance.free[part].any():
                continue
            best = cv2.goodFeaturesToTrack(
                glance.grey[part], CORNERS, 0.1, 4, mask=glance.free[part]
            )
            if best is not None:
                found.append(np.asarray(best, np.float32) + np.array([left, top], np.float32))
    return np.concatenate(found) if found else np.zeros((0, 1, 2), np.float32)


def is_still(motion: Homography) -> bool:
    """Whether it moves nothing."""
    return bool(np.array_equal(motion, np.eye(3)))


def _followed(
    points: NDArray[np.float32], picture: Grey, other: Grey, guess: Homography
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Corners and where they are in the other picture, those alone that come back from there.

    Lucas and Kanade, IJCAI 1981, in pyramids.
    """
    start = cv2.perspectiveTransform(points, guess).astype(np.float32)
    there, ok = _found(picture, other, points, start)
    back, ok_back = _found(other, picture, there, points)
    near = np.abs(back - points).reshape(-1, 2).max(axis=1) < 0.5
    kept = near & ok & ok_back
    return points.reshape(-1, 2)[kept], there.reshape(-1, 2)[kept]


def _found(
    one: Grey, other: Grey, points: NDArray[np.float32], start: NDArray[np.float32]
) -> tuple[NDArray[np.float32], Mask]:
    there, ok, _ = cv2.calcOpticalFlowPyrLK(
        one, other, points, start.copy(), winSize=(15, 15), maxLevel=3,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )  # fmt: skip
    return np.asarray(there, np.float32), np.asarray(ok.ravel() == 1)
