"""The first pass over a film: where cars are in each frame, how the camera moves, where it is cut.

What is found is kept on disk by stretches: networks are slow, and later passes want it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.editing.film.motion import Glance, Homography, Small, glance, is_cut, laid_over, small
from pipeline.editing.film.work import STRETCH, Progress, Work
from pipeline.images import RGB, Mask

Find = Callable[[RGB], Mask]
"""Says where cars and their shadows are in a frame, H×W."""

FARTHEST = 0.1
"""Share of the width by which a frame may be moved against the one that it is laid over."""


class CameraPath(NamedTuple):
    """The way of the camera through a film.

    Attributes:
        motions: N×3×3, from each frame to the one before; the identity at cuts.
        cuts: N, whether a scene begins with this frame; the first one does.
        poses: Of shots with one plate, by their first frames: from each frame to that one.
    """

    motions: NDArray[np.float64]
    cuts: NDArray[np.bool_]
    poses: dict[int, NDArray[np.float64]]


def survey(work: Work, find: Find, progress: Progress) -> CameraPath:
    """Look at all frames, or read what an earlier run saw."""
    for number in range(work.stretches):
        if not work.has("seen", number):
            _look(work, find, number, progress)
        progress(min((number + 1) * STRETCH, work.frames), work.frames)
    if not work.has("path", 0):
        path = camera_path(_glances(work))
        work.save("path", 0, motions=path.motions, cuts=path.cuts)
    kept = work.load("path", 0)
    return CameraPath(kept["motions"].astype(np.float64), kept["cuts"].astype(bool), {})


def masks_of(work: Work, number: int) -> list[Mask]:
    """The masks of the frames of a stretch."""
    kept = work.load("seen", number)
    height, width = work.film.look.height, work.film.look.width
    bits = np.unpackbits(kept["masks"].astype(np.uint8), axis=1, count=height * width)
    return list(bits.reshape(-1, height, width).astype(bool))


def camera_path(glances: Iterator[Glance]) -> CameraPath:
    """Follow the camera; holds three frames.

    Each frame is laid over one that may lie far back, as long as both show the same: so small
    errors do not add up, and a camera that sways comes back to where it was.
    """
    motions, cuts = [], []
    home: Glance | None = None
    before: Glance | None = None
    last: Homography = np.eye(3)
    for now in glances:
        here = None if home is None or before is None else _pose(now, before, home, last)
        cuts.append(here is None)
        if here is None:
            home, last = now, np.eye(3)
            motions.append(np.eye(3))
        else:
            pose, is_new = here
            if is_new and before is not None:
                home, last = before, np.eye(3)
            motions.append(_same_or(np.linalg.inv(last) @ pose, last, pose))
            last = pose
        before = now
    return CameraPath(np.stack(motions), np.array(cuts), {})


def _pose(
    now: Glance, before: Glance, home: Glance, last: Homography
) -> tuple[Homography, bool] | None:
    """Where a frame lies on `home`, or on the frame before it (then True); None at a cut."""
    if is_cut(before, now):
        return None
    pose = laid_over(now, home, last)
    if pose is not None and _near(pose, home):
        return pose, False
    pose = laid_over(now, before, np.eye(3))
    if pose is None:
        return None if is_cut(before, now, lost=True) else (np.eye(3), True)
    return pose, True


def _near(pose: Homography, home: Glance) -> bool:
    """Whether it moves the corners of a picture by little."""
    height, width = (side / home.scale for side in home.grey.shape)
    return bool(reach(pose[None], height, width) < FARTHEST * width)


def reach(poses: NDArray[np.float64], height: float, width: float) -> float:
    """How far at most homographies move the corners of a picture, in pixels."""
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]).T
    there = poses @ corners
    flat = there[:, :2] / there[:, 2:]
    return float(np.abs(flat - corners[:2]).max())


def _same_or(motion: Homography, last: Homography, pose: Homography) -> Homography:
    return np.eye(3) if np.array_equal(last, pose) else np.asarray(motion / motion[2, 2])


def _glances(work: Work) -> Iterator[Glance]:
    for number in range(work.stretches):
        kept = work.load("seen", number)
        pictures = zip(kept["greys"], kept["colours"], strict=True)
        for (grey, colours), mask in zip(pictures, masks_of(work, number), strict=True):
            yield glance(Small(grey, colours), mask)


def _look(work: Work, find: Find, number: int, progress: Progress) -> None:
    first, last = number * STRETCH, min((number + 1) * STRETCH, work.frames)
    masks, pictures = [], []
    for at, shown in enumerate(work.film.frames(first), first):
        masks.append(np.packbits(find(shown.rgb).ravel()))
        pictures.append(small(shown.rgb))
        progress(at + 1, work.frames)
        if at + 1 == last:
            break
    work.save(
        "seen",
        number,
        masks=np.stack(masks),
        greys=np.stack([one.grey for one in pictures]),
        colours=np.stack([one.colours for one in pictures]),
    )
