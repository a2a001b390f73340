"""Drawn pictures to time networks with: the same on every machine, with somebody and a car in them.

They need not be pretty: what counts is that masks of trained networks are neither empty nor full.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.images import RGB, Mask

COUNT = 6
"""Different ones; numbers from there on repeat."""


def example_picture(number: int, height: int, width: int) -> RGB:
    """A noisy street under a sky with a car and, before it, a standing person."""
    rng = np.random.default_rng(number % COUNT)
    picture = _street(rng, height, width)
    for shapes in (_car(rng), _person(rng)):
        for outline, colour in shapes:
            points = np.rint(outline * (width, height)).astype(np.int32)
            cv2.fillPoly(picture, [points], colour)
    noise = rng.normal(0, 6, picture.shape)
    return (picture + noise).round().clip(0, 255).astype(np.uint8)


def example_object(number: int, height: int, width: int) -> Mask:
    """H×W: the person in that picture."""
    rng = np.random.default_rng(number % COUNT)
    _street(rng, 1, 1)
    _car(rng)
    plane = np.zeros((height, width), np.uint8)
    for outline, _ in _person(rng):
        cv2.fillPoly(plane, [np.rint(outline * (width, height)).astype(np.int32)], (1,))
    return plane.astype(bool)


Outline = NDArray[np.float64]
"""N×2: corners (x, y) as shares of width and height."""

Shape = tuple[Outline, tuple[int, ...]]
"""An outline and its colour."""


def _street(rng: Generator, height: int, width: int) -> RGB:
    sky, ground = rng.integers(120, 220, 3), rng.integers(60, 150, 3)
    rows = np.linspace(0, 1, height)[:, None, None]
    shade = np.where(rows < 0.45, sky * (1.1 - 0.3 * rows), ground * (0.7 + 0.4 * rows))
    return np.repeat(shade.clip(0, 255), width, axis=1).astype(np.uint8)


def _colour(rng: Generator) -> tuple[int, ...]:
    return tuple(int(level) for level in rng.integers(20, 236, 3))


def _ellipse(x: float, y: float, across: float, down: float) -> Outline:
    angles = np.linspace(0, 2 * np.pi, 33)
    return np.stack([x + across * np.cos(angles), y + down * np.sin(angles)], axis=1)


def _box(left: float, top: float, right: float, bottom: float) -> Outline:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _person(rng: Generator) -> list[Shape]:
    x, size = rng.uniform(0.4, 0.6), rng.uniform(0.85, 0.95)
    top, foot = 0.98 - size, 0.98
    skin, coat, trousers = (225, 180, 150), _colour(rng), _colour(rng)
    wide, hip = 0.2 * size, top + 0.55 * size
    return [
        (_box(x - 0.8 * wide, hip, x - 0.1 * wide, foot), trousers),
        (_box(x + 0.1 * wide, hip, x + 0.8 * wide, foot), trousers),
        (_ellipse(x, top + 0.38 * size, wide, 0.22 * size), coat),
        (_ellipse(x, top + 0.1 * size, 0.4 * wide, 0.1 * size), skin),
    ]


def _car(rng: Generator) -> list[Shape]:
    x, y, paint = rng.uniform(0.2, 0.3), rng.uniform(0.55, 0.7), _colour(rng)
    return [
        (_box(x - 0.12, y - 0.12, x + 0.12, y), (60, 70, 80)),
        (_box(x - 0.2, y - 0.02, x + 0.2, y + 0.12), paint),
        (_ellipse(x - 0.11, y + 0.12, 0.045, 0.05), (25, 25, 25)),
        (_ellipse(x + 0.11, y + 0.12, 0.045, 0.05), (25, 25, 25)),
    ]
