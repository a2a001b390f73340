"""Drawing a scene: where camera, sun and cars are. What does not fit is refused, never bent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from pipeline.images import RGB, RGBA, resize_picture
from pipeline.rendering.camera import Camera, camera_of
from pipeline.rendering.cutouts import trimmed
from pipeline.rendering.ground import find_ground, horizon_rows
from pipeline.rendering.places import Placer, Style
from pipeline.rendering.scenes import Scene
from pipeline.rendering.shade import estimate_clearness, estimate_lights
from pipeline.rendering.solids import OPAQUE, Wall, walls_of
from pipeline.rendering.sun import Sun, shadow_of_one_metre


class Layout(NamedTuple):
    """A scene that fits.

    Attributes:
        scene: What to render.
        occluders: Which of the cutouts found a place as occluders.
    """

    scene: Scene
    occluders: list[int]


class Unfit(NamedTuple):
    """Why a draw was refused."""

    reason: str


def lay_out(
    background: RGB, cutouts: Sequence[RGBA], style: Style, rng: Generator
) -> Layout | Unfit:
    """Draw a scene on a background.

    Args:
        background: Any size; a square of it is taken.
        cutouts: h×w×4, straight alpha, each with an opaque pixel; the first is inserted, of the
            others those that find a place are there already.
        style: What to draw from.
        rng: The same state, the same scene.
    """
    picture = crop_square(background, style.size, rng)
    ground = find_ground(picture)
    if ground.roughness > style.max_roughness:
        return Unfit("the ground is too rough")
    upper, lower = horizon_rows(ground, *style.horizon)
    camera = camera_of(style.size, style.size, rng.uniform(upper, lower), rng.uniform(*style.eye))
    sun = _draw_sun(picture, camera, style, rng)
    placer = Placer(camera, ground, sun, style, rng)
    inserted, *others = (
        placer.place(trimmed(cutout), inserted=number == 0) for number, cutout in enumerate(cutouts)
    )
    if inserted is None:
        return Unfit("no place for the inserted car")
    there = {number: place for number, place in enumerate(others, 1) if place is not None}
    if len(there) < style.occluders[0]:
        return Unfit("no place for an occluder")
    if shadow_inside(walls_of(inserted, camera), camera, sun) < style.min_inside:
        return Unfit("the shadow falls outside the picture")
    lights = estimate_lights(picture, camera.horizon, sun.softness)
    scene = Scene(picture, camera, sun, lights, inserted, list(there.values()))
    return Layout(scene, list(there))


def _draw_sun(picture: RGB, camera: Camera, style: Style, rng: Generator) -> Sun:
    """Anywhere within the style's ranges, but as hazy as the picture looks."""
    softness = 1 - estimate_clearness(picture, camera.horizon) + rng.normal(0, 0.15)
    return Sun(
        azimuth=float(rng.uniform(*style.azimuth) % 360),
        elevation=float(rng.uniform(*style.elevation)),
        softness=float(np.clip(softness, 0, 1)),
    )


def crop_square(picture: RGB, size: int, rng: Generator) -> RGB:
    """A random square with the lower edge of a picture or nearly so, resized."""
    height, width = picture.shape[:2]
    side = round(min(height, width) * rng.uniform(0.85, 1))
    left = int(rng.integers(0, width - side + 1))
    top = height - side - int(rng.integers(0, round(0.05 * (height - side)) + 1))
    return resize_picture(picture[top : top + side, left : left + side], size, size)


def shadow_inside(walls: Sequence[Wall], camera: Camera, sun: Sun) -> float:
    """Share of the points of a silhouette whose shadow falls into the picture."""
    along_x, along_z = shadow_of_one_metre(sun)
    inside, points = 0, 0
    for wall in walls:
        rows, columns = np.nonzero(wall.coverage[::3, ::3] >= OPAQUE)
        x = wall.left + (3 * columns + 0.5) / wall.scale
        up = (3 * rows + 0.5) / wall.scale
        z = wall.depth + wall.slant * x + up * along_z
        x = x + up * along_x
        seen = z > camera.focal * camera.eye / (camera.height - 1 - camera.horizon)
        column = camera.centre + camera.focal * x / np.maximum(z, 1e-3)
        inside += int((seen & (column >= 0) & (column <= camera.width - 1)).sum())
        points += len(x)
    return inside / max(1, points)
