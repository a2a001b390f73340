"""A cutout of a car on its way to a frame: brought to a size, flipped, zoomed, turned, pasted.

On this way its colours are multiplied by its alpha, so that pixels can be averaged: what is
transparent has no colour that could bleed into the edges.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.images import RGB, RGBA
from pipeline.sections.pairs import CarSettings, PairsSection

Vector = NDArray[np.float64]
"""Width and height."""


def shrunk(cutout: RGBA, how: PairsSection) -> RGBA:
    """A cutout with its colours multiplied by its alpha, and no larger than the largest car."""
    ready = _bytes(cv2.cvtColor(cutout, cv2.COLOR_RGBA2mRGBA))
    largest = (1 + how.car.zoom) * np.max(how.car.sizes, axis=0)
    scale = min(1.0, float(max(largest / ready.shape[1::-1])))
    width, height = (max(1, round(side * scale)) for side in ready.shape[1::-1])
    return _area(ready, width, height)


def _area(picture: RGBA, width: int, height: int) -> RGBA:
    """Resize; each pixel is the mean of what it covers."""
    shrinks = width < picture.shape[1] or height < picture.shape[0]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return _bytes(cv2.resize(picture, (width, height), interpolation=interpolation))


class Car(NamedTuple):
    """A patch with a car, colours multiplied by alpha, and where it goes: wholly inside."""

    patch: RGBA
    left: int
    top: int


def draw_car(cutout: RGBA, rng: Generator, how: PairsSection) -> Car:
    """Choose a size, turn, and find a place.

    As in the reference system: the box of the car is put at a random place inside the frame, and
    in its box the car is flipped, zoomed, turned and shifted. What would then lie outside the
    frame is moved back into it, and made smaller if it is too large for it.
    """
    car, frame = how.car, np.array((how.width, how.height), np.float64)
    box = np.array(car.sizes[rng.integers(len(car.sizes))], np.float64)
    size = _size_in(box, cutout, car) * (1 + car.zoom * rng.uniform(-1, 1, 2))
    angle = car.rotate * rng.uniform(-1, 1)
    flipped = rng.random() < car.flip
    corner = rng.integers(0, (frame - box).astype(int), endpoint=True)
    middle = corner + box / 2 + car.shift * box * rng.uniform(-1, 1, 2)
    size = size * min(1.0, *(frame / _bounds(size, angle)))
    upright = _area(cutout, *_whole(size))
    patch = _turned(_bytes(cv2.flip(upright, 1)) if flipped else upright, angle)
    extent = np.array(patch.shape[1::-1])
    left, top = np.clip(np.rint(middle - extent / 2), 0, frame - extent).astype(int).tolist()
    return Car(patch, left, top)


def _size_in(box: Vector, cutout: RGBA, car: CarSettings) -> Vector:
    if not car.keep_shape:
        return box
    size = np.array(cutout.shape[1::-1], np.float64)
    return np.asarray(size * min(box / size), np.float64)


def _bounds(size: Vector, degrees: float) -> Vector:
    """Width and height of the upright rectangle around a turned one."""
    turn = np.abs((np.cos(np.radians(degrees)), np.sin(np.radians(degrees))))
    return np.array((size @ turn, size @ turn[::-1]))


def _whole(size: Vector) -> tuple[int, int]:
    width, height = np.maximum(1, np.floor(size + 1e-6)).astype(int).tolist()
    return width, height


def _turned(patch: RGBA, degrees: float) -> RGBA:
    """Turned about its middle, on a canvas that holds all of it."""
    if not degrees:
        return patch
    size = np.array(patch.shape[1::-1], np.float64)
    canvas = np.ceil(_bounds(size, degrees) - 1e-6)
    turn = cv2.getRotationMatrix2D(((size - 1) / 2).tolist(), degrees, 1)
    turn = turn + np.column_stack([np.zeros((2, 2)), (canvas - size) / 2])
    return _bytes(cv2.warpAffine(patch, turn, canvas.astype(int).tolist(), flags=cv2.INTER_LINEAR))


def paste_over(patch: RGBA, ground: RGB) -> RGB:
    """Lay a patch, its colours multiplied by its alpha, over as large a part of a picture."""
    left = cv2.cvtColor(255 - patch[..., 3], cv2.COLOR_GRAY2RGB)
    dimmed = cv2.multiply(ground, left, scale=1 / 255)
    return _bytes(cv2.add(dimmed, cv2.cvtColor(patch, cv2.COLOR_RGBA2RGB)))


def _bytes(picture: NDArray[np.generic]) -> NDArray[np.uint8]:
    return picture.astype(np.uint8, copy=False)
