"""The shadow that cars cast on the ground, found without a network.

A shadow takes away a share of the light, and of each colour about the same: beside and under a car,
where the ground is darker than the ground around by such a share, and that place joins the car, it
is shaded. The ground as it would be in the light is a plane in logarithms, fitted to what lies
around the lower half of the car, and robust against the darker part of it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.images import RGB, Mask, resize_mask, resize_picture
from pipeline.matting import Box, crop_box

Map = NDArray[np.float32]
"""H×W, float32."""

WORK_SIDE = 640
"""Longer side at which shadows are looked for: they have no finer outline that matters."""
LEAST_CAR = 12
"""Pixels of a car at that size, at least: a speck casts no shadow that could be told."""
SIDE_REACH, DOWN_REACH, UP_REACH = 0.7, 0.55, 0.08
"""How far from the car's box a shadow is looked for, as a share of its width and its height."""
CONTACT = 0.05
"""The ground so near under a car is always shaded: a share of the car's height."""
DARKER = 0.10
"""Logarithm of the share of light that must be lacking, at least; 0.10 is a tenth."""
NOISE = 2.0
"""And so many times the unevenness of the ground."""
DEEPEST = 2.3
"""Ground in the shadow keeps a tenth of its level; what is darker is a thing, not a shadow."""
STRICTER = (1.0, 1.6, 2.5, 4.0)
"""Where what is found is more than a shadow, so many times as dark a place is looked for."""
LARGEST = 1.5
"""A shadow is no larger than the car's box so many times."""
TINTED = 0.10, 0.30
"""How much a channel may differ from the mean of the three: this, and a share of the darkness."""


def shade_of(rgb: RGB, cars: Mask, keep: Mask | None = None) -> Mask:
    """Find the shadow that cars cast on the ground beside and under them.

    Args:
        rgb: H×W×3.
        cars: H×W, the cars themselves.
        keep: H×W, what is no ground, such as people: never called shaded.

    Returns:
        H×W, without the cars.
    """
    height, width = cars.shape
    scale = min(1.0, WORK_SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small, here = resize_picture(rgb, *size), resize_mask(cars, *size)
    other = np.zeros_like(here) if keep is None else resize_mask(keep, *size)
    shaded = np.zeros_like(here)
    labels, count = ndimage.label(here)
    for number in range(1, count + 1):
        shaded |= _shade_of_one(small, labels == number, here, other)
    shaded = resize_mask(shaded & ~other, height, width) & ~cars
    return shaded if keep is None else shaded & ~keep


def _shade_of_one(rgb: RGB, car: Mask, cars: Mask, keep: Mask) -> Mask:
    """The shadow of one of the cars; it may go on behind what is kept."""
    box = crop_box(car, 0.0)
    if box is None or np.count_nonzero(car) < LEAST_CAR:
        return np.zeros_like(car)
    zone, things = _zone(box, car.shape), cars | keep
    contact = _below(car, max(1, round(CONTACT * (box.bottom - box.top)))) & ~things
    darkness = _darkness(rgb, box, zone, things)
    if darkness is None:
        return contact
    for factor in STRICTER:
        found = _joined(((darkness > factor) & ~things) | keep, car | contact, box) & ~things
        if not _is_too_much(found, box, zone):
            return found | contact
    return contact


def _is_too_much(found: Mask, box: Box, zone: Box) -> bool:
    """Whether it is the dusk, or a dark field, rather than the shadow of the car in the box."""
    area = (box.right - box.left) * (box.bottom - box.top)
    within = found[zone.window]
    spans = within[:, :1].any() and within[:, -1:].any()
    return bool(spans or np.count_nonzero(found) > LARGEST * area)


def _zone(box: Box, shape: tuple[int, int]) -> Box:
    """Where its shadow may lie."""
    wide, high = box.right - box.left, box.bottom - box.top
    return Box(
        left=max(0, box.left - round(SIDE_REACH * wide)),
        top=max(0, box.top - round(UP_REACH * high)),
        right=min(shape[1], box.right + round(SIDE_REACH * wide)),
        bottom=min(shape[0], box.bottom + round(DOWN_REACH * high)),
    )


class _Ground(NamedTuple):
    """Ground in the light as logarithms: H×W×3 of a zone, and how uneven it is."""

    levels: NDArray[np.float32]
    uneven: float


def _darkness(rgb: RGB, box: Box, zone: Box, things: Mask) -> Map | None:
    """How dark a picture is against the ground, from 1 on as dark as a shadow would be.

    0 beyond the zone, and where the colour says that it is none. None where too little ground is
    seen.
    """
    blur = max(0.8, 0.008 * (zone.right - zone.left))
    levels = np.log(cv2.GaussianBlur(rgb, (0, 0), blur).astype(np.float32) + 2)
    ground = _ground(levels, box, zone, things)
    if ground is None:
        return None
    lost = ground.levels - levels[zone.window]
    mean = lost.mean(axis=2)
    tint = np.abs(lost - mean[..., None]).max(axis=2)
    like = (mean < DEEPEST) & (tint < TINTED[0] + TINTED[1] * mean)
    darkness = np.zeros(things.shape, np.float32)
    darkness[zone.window] = np.where(like, mean / max(DARKER, NOISE * ground.uneven), 0)
    return darkness


def _ground(levels: NDArray[np.float32], box: Box, zone: Box, things: Mask) -> _Ground | None:
    """A plane through the logarithms of what lies beside and below the car, less what is darker."""
    first = (box.top + box.bottom) // 2
    rows, columns = np.mgrid[zone.window]
    open_ground = ~_grown(things, 2)[zone.window] & (rows >= first)
    if np.count_nonzero(open_ground) < 30:
        return None
    across = (columns - zone.left) / max(1, zone.right - zone.left) - 0.5
    down = (rows - zone.top) / max(1, zone.bottom - zone.top) - 0.5
    basis = np.stack([np.ones_like(across), across, down], axis=-1).astype(np.float32)
    chosen, seen = basis[open_ground], levels[zone.window][open_ground]
    weights = np.ones(len(chosen), np.float32)
    uneven = 1.0
    for _ in range(8):
        scaled = chosen * weights[:, None]
        plane = np.linalg.solve(scaled.T @ chosen + 1e-3 * np.eye(3), scaled.T @ seen)
        lost = (chosen @ plane - seen).mean(axis=1)
        near = np.abs(lost[lost < np.median(lost)] - np.median(lost))
        uneven = max(0.01, 1.4826 * float(np.median(near))) if near.size else 0.01
        weights = np.where(lost > 1.5 * uneven, 0.05, np.where(lost < -3 * uneven, 0.1, 1.0))
        weights = weights.astype(np.float32)
    return _Ground((basis @ plane).astype(np.float32), uneven)


def _joined(dark: Mask, car: Mask, box: Box) -> Mask:
    """Of what is dark the parts that touch the lower two thirds of the car."""
    high = box.bottom - box.top
    lower = car.copy()
    lower[: box.top + high // 3] = False
    kernel = max(1, round(0.015 * max(high, box.right - box.left)))
    solid = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, _disc(kernel)).astype(bool)
    labels, _ = ndimage.label(solid)
    touched = np.unique(labels[_grown(lower, kernel + 2)])
    return _grown(np.isin(labels, touched[touched > 0]), kernel) & ~car


def _below(car: Mask, pixels: int) -> Mask:
    """The ground right under a car."""
    kernel = np.zeros((2 * pixels + 1, 3), np.uint8)
    kernel[: pixels + 1] = 1
    return cv2.dilate(car.astype(np.uint8), kernel).astype(bool) & ~car


def _grown(mask: Mask, pixels: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), _disc(pixels)).astype(bool)


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)
