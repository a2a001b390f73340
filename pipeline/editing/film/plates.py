"""Clean plates: the ground of a stretch of film, put together from the frames that show it.

A shot by a still camera has one plate, so a car that waits long is filled with what was seen before
it came or after it left. A moving camera has one every so many frames, each in the pixels of the
frame in its middle; between two middles one plate fades into the next.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.editing.film.motion import Homography, is_still
from pipeline.editing.film.survey import CameraPath, reach
from pipeline.images import RGB, Mask

SPACING = 24
"""Frames from one plate of a moving camera to the next."""
REACH = 36
"""Frames before and after its middle one that such a plate is made from."""
SAMPLES = 9
"""Of each pixel, at most: their median is its colour. Memory is as many frames for each plate."""
LARGEST = 3.0
"""Size of a plate of a moving camera, at most, in frames."""
SWAY = 0.06
"""Share of the width that a held camera may sway: then one plate does for all of a shot."""
BRIGHTER = 2.0
"""How much brighter or darker, at most, a frame is made to have the light of its plate."""
ROWS = 64
"""Rows whose medians are taken together."""


class Stretch(NamedTuple):
    """Frames that share a plate.

    Attributes:
        first: The first one that it is made from.
        last: The last one.
        middle: The one whose pixels it has.
        still: Whether the camera stands.
    """

    first: int
    last: int
    middle: int
    still: bool


def stretches_of(path: CameraPath, size: tuple[int, int]) -> list[Stretch]:
    """The plates of a film of frames of a size (height, width), in the order of their frames."""
    starts = [*np.flatnonzero(path.cuts).tolist(), len(path.cuts)]
    found: list[Stretch] = []
    for first, after in pairwise(starts):
        if all(is_still(motion) for motion in path.motions[first + 1 : after]):
            found.append(Stretch(first, after - 1, first, True))
            continue
        if _sways(path, first, after, size):
            found.append(Stretch(first, after - 1, first, False))
            path.poses[first] = _poses(path, first, after)
            continue
        count = max(1, round((after - first) / SPACING))
        for middle in np.linspace(first, after - 1, 2 * count + 1)[1::2].astype(int).tolist():
            start, end = max(first, middle - REACH), min(after - 1, middle + REACH)
            found.append(Stretch(start, end, middle, False))
    return found


def _sways(path: CameraPath, first: int, after: int, size: tuple[int, int]) -> bool:
    """Whether a camera that is held in one place shows about the same all through a shot."""
    return reach(_poses(path, first, after), *size) < SWAY * size[1]


def _poses(path: CameraPath, first: int, after: int) -> NDArray[np.float64]:
    """From each frame of a shot to its first one."""
    poses = [np.eye(3)]
    for number in range(first + 1, after):
        pose = poses[-1] @ path.motions[number]
        poses.append(np.asarray(pose / pose[2, 2]))
    return np.stack(poses)


def shares(stretches: list[Stretch], path: CameraPath, number: int) -> list[tuple[int, float]]:
    """The plates of a frame, at most two, and how much each counts; the shares' sum is one."""
    start = int(np.flatnonzero(path.cuts[: number + 1])[-1])
    ours = [place for place, one in enumerate(stretches)
            if one.first <= number <= one.last and one.middle >= start]  # fmt: skip
    before = [place for place in ours if stretches[place].middle <= number]
    after = [place for place in ours if stretches[place].middle > number]
    if not before or not after:
        return [(before[-1] if before else after[0], 1.0)]
    one, other = before[-1], after[0]
    gap = stretches[other].middle - stretches[one].middle
    share = (number - stretches[one].middle) / gap
    return [(one, 1 - share), (other, share)] if share > 0 else [(one, 1.0)]


def to_middle(path: CameraPath, number: int, middle: int) -> Homography:
    """From pixels of a frame to those of the middle one of its stretch."""
    known = path.poses.get(middle)
    if known is not None:
        return np.asarray(known[number - middle])
    matrix: Homography = np.eye(3)
    for step in range(min(number, middle) + 1, max(number, middle) + 1):
        matrix = np.asarray(matrix @ path.motions[step])
    if number < middle:
        matrix = np.asarray(np.linalg.inv(matrix))
    return np.asarray(matrix / matrix[2, 2], np.float64)


class Canvas(NamedTuple):
    """How large a plate is, and where the corner of its middle frame lies on it."""

    height: int
    width: int
    top: int
    left: int

    @property
    def shift(self) -> Homography:
        """From pixels of the middle frame to those of the plate."""
        return np.array([[1, 0, self.left], [0, 1, self.top], [0, 0, 1.0]])


def canvas_of(stretch: Stretch, path: CameraPath, height: int, width: int) -> Canvas:
    """Large enough for the frames that are filled from the plate, but never above LARGEST."""
    if stretch.still:
        return Canvas(height, width, 0, 0)
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
    places = [corners[0]]
    low, high = stretch.middle - SPACING, stretch.middle + SPACING
    if stretch.middle == stretch.first:
        high = stretch.last
    for number in range(max(stretch.first, low), min(stretch.last, high) + 1, 3):
        matrix = to_middle(path, number, stretch.middle)
        places.append(cv2.perspectiveTransform(corners, matrix)[0])
    all_ = np.concatenate(places)
    spare = (LARGEST - 1) / 2
    left, top = np.clip(-np.floor(all_.min(axis=0)), 0, [spare * width, spare * height])
    right, bottom = np.clip(
        np.ceil(all_.max(axis=0)), [width, height], [(1 + spare) * width, (1 + spare) * height]
    )
    return Canvas(int(bottom) + int(top), int(right) + int(left), int(top), int(left))


class Plate(NamedTuple):
    """The ground of a stretch.

    Attributes:
        rgb: H×W×3.
        seen: H×W, where a frame shows it; elsewhere a painter filled it.
        wanted: H×W, where it is needed: hidden in some frame.
    """

    rgb: RGB
    seen: Mask
    wanted: Mask


class PlateMaker:
    """Collects samples of the ground; memory does not grow with the number of frames.

    Each pixel keeps up to SAMPLES of what it showed while it was free, drawn evenly from all that
    it showed (Vitter's reservoir, ACM TOMS 1985), by numbers that depend on the frame alone.

    Args:
        canvas: How large.
    """

    def __init__(self, canvas: Canvas) -> None:
        size = canvas.height * canvas.width
        self.canvas = canvas
        self._samples = np.zeros((SAMPLES, size, 3), np.uint8)
        self._count = np.zeros(size, np.int32)
        self._any = np.zeros((size, 3), np.uint8)
        self._wanted = np.zeros(size, bool)
        self._met = np.zeros(size, bool)

    def add(self, rgb: RGB, hidden: Mask, number: int, matrix: Homography | None) -> None:
        """Take a frame in.

        Args:
            rgb: H×W×3.
            hidden: H×W, what shows no ground.
            number: Of the frame.
            matrix: From its pixels to those of the plate; None where they are the same.
        """
        size = self.canvas.width, self.canvas.height
        inside, wanted = np.ones_like(hidden), hidden
        if matrix is not None:
            rgb = np.asarray(
                cv2.warpPerspective(rgb, matrix, size, flags=cv2.INTER_CUBIC), np.uint8
            )
            inside = _carried(inside, matrix, size) >= 1.0
            wanted = _carried(wanted, matrix, size) > 0
        here = inside.ravel()
        hides = wanted.ravel() & here
        rgb = self._in_its_light(rgb, here & ~hides & self._met)
        self._keep(rgb.reshape(-1, 3), np.flatnonzero(here & ~hides), number)
        new = here & ~self._met
        self._any[new] = rgb.reshape(-1, 3)[new]
        self._met |= here
        self._wanted |= hides

    def plate(self) -> Plate:
        """The median of the samples, and where there is none what stood there."""
        canvas = self.canvas
        rgb = np.concatenate([
            _medians(self._samples[:, part], self._count[part])
            for part in _parts(canvas.height * canvas.width, ROWS * canvas.width)
        ])  # fmt: skip
        seen = self._count > 0
        rgb[~seen] = self._any[~seen]
        shape = canvas.height, canvas.width
        return Plate(rgb.reshape(*shape, 3), seen.reshape(shape), self._wanted.reshape(shape))

    def _in_its_light(self, rgb: RGB, both: NDArray[np.bool_]) -> RGB:
        """The frame as bright as the first one: cameras change their exposure."""
        places = np.flatnonzero(both)[::7]
        if len(places) < 50:
            return rgb
        ours = rgb.reshape(-1, 3)[places].astype(np.float32) + 1
        gain = np.median((self._any[places].astype(np.float32) + 1) / ours, axis=0)
        gain = np.clip(gain, 1 / BRIGHTER, BRIGHTER)
        return np.asarray(np.clip(np.rint(rgb * gain), 0, 255), np.uint8)

    def _keep(self, pixels: RGB, free: NDArray[np.intp], number: int) -> None:
        count = self._count[free]
        draw = np.random.default_rng([number, 7]).random()
        slot = np.where(count < SAMPLES, count, (draw * (count + 1)).astype(np.int32))
        taken = slot < SAMPLES
        self._samples[slot[taken], free[taken]] = pixels[free[taken]]
        self._count[free] += 1


def _carried(plane: Mask, matrix: Homography, size: tuple[int, int]) -> NDArray[np.float32]:
    found = cv2.warpPerspective(plane.astype(np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    return np.asarray(np.rint(found * 1000) / 1000, np.float32)


def _parts(size: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _medians(samples: NDArray[np.uint8], count: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Of each pixel's first `count` samples; K×N×3 → N×3."""
    there = np.minimum(count, SAMPLES)
    empty = np.arange(SAMPLES)[:, None] >= there
    levels = np.where(empty[..., None], np.uint8(255), samples)
    levels.sort(axis=0)
    index = np.arange(samples.shape[1])
    low, high = np.maximum(there - 1, 0) // 2, there // 2
    high = np.minimum(high, np.maximum(there - 1, 0))
    both = levels[low, index].astype(np.uint16) + levels[high, index] + 1
    return np.asarray(both // 2, np.uint8)
