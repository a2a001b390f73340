"""Things to cast shadows: a car of a few shapes, a post, and empty ground."""

from __future__ import annotations

import numpy as np

from pipeline.images import RGB, RGBA
from pipeline.rendering.camera import Camera, camera_of
from pipeline.rendering.cutouts import place_cutout
from pipeline.rendering.scenes import Scene
from pipeline.rendering.shade import estimate_lights
from pipeline.rendering.solids import Placed
from pipeline.rendering.sun import Sun

SIZE = 96
HORIZON = 30.0


def car(height: int = 40, width: int = 90) -> RGBA:
    """Side view: a body, a cabin that is nearer to the right end, two wheels, air between them."""
    shape = np.zeros((height, width), bool)
    sill, roof = round(0.85 * height), round(0.4 * height)
    shape[roof:sill] = True
    shape[:roof, round(0.3 * width) : round(0.9 * width)] = True
    for middle in (0.2, 0.8):
        left = round((middle - 0.07) * width)
        shape[sill:, left : left + round(0.14 * width)] = True
    return coloured(shape)


def post(height: int = 60, width: int = 4) -> RGBA:
    return coloured(np.ones((height, width), bool))


def coloured(shape: np.ndarray) -> RGBA:
    cutout = np.zeros((*shape.shape, 4), np.uint8)
    cutout[shape] = (180, 60, 40, 255)
    return cutout


def view(size: int = SIZE, horizon: float = HORIZON, eye: float = 2.2) -> Camera:
    return camera_of(size, size, horizon, eye)


def stand(cutout: RGBA, column: float = 48, row: float = 66, tall: float = 20) -> Placed:
    return place_cutout(cutout, column, row, tall)


def open_ground(size: int = SIZE, horizon: float = HORIZON) -> RGB:
    """Blue sky over light grey ground with a little grain."""
    picture = np.random.default_rng(0).integers(145, 156, (size, size, 1)).repeat(3, axis=2)
    picture[: int(horizon)] = (110, 160, 230)
    return picture.astype(np.uint8)


def scene_of(sun: Sun, inserted: Placed, *occluders: Placed) -> Scene:
    picture = open_ground()
    return Scene(picture, view(), sun, estimate_lights(picture, HORIZON, sun.softness), inserted,
                 list(occluders))  # fmt: skip
