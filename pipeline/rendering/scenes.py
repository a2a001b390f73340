"""A scene with and without the shadow of the object that is put into it, and its masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.images import RGB, Mask
from pipeline.rendering.camera import Camera, Floats
from pipeline.rendering.light import Linear, luminance, to_linear, to_srgb
from pipeline.rendering.shade import Lights, light_left, relit
from pipeline.rendering.shadows import Blocked, blocked_lights
from pipeline.rendering.solids import CAR_FOOTPRINT, Placed, walls_of
from pipeline.rendering.sun import Sun

COVERED = 0.5
HALF_SHADE = 0.5
"""A pixel is in the shadow from this share of the sun's light on."""
DARKENED = 0.15
"""Where the sun gives little, it is in the shadow from this loss of light on."""


class Scene(NamedTuple):
    """What stands where, under which light.

    Attributes:
        background: H×W×3.
        camera: That sees it.
        sun: The one sun of the picture.
        lights: What sun and sky give.
        inserted: Whose shadow one picture has and the other lacks.
        occluders: What is there already, with its shadow in both pictures.
    """

    background: RGB
    camera: Camera
    sun: Sun
    lights: Lights
    inserted: Placed
    occluders: Sequence[Placed]


class Quintuple(NamedTuple):
    """What a network learns from, in the terms of Shadow-AR (Liu et al., ARShadowGAN, CVPR 2020).

    Attributes:
        noshadow: The scene with the inserted object, without its shadow.
        shadow: The same with it.
        mask: Pixels of the inserted object.
        robject: Pixels of the occluders.
        rshadow: Pixels of the ground in the occluders' shadows.
    """

    noshadow: RGB
    shadow: RGB
    mask: Mask
    robject: Mask
    rshadow: Mask


def render_scene(scene: Scene, footprint: float = CAR_FOOTPRINT) -> Quintuple:
    """Render the two pictures and three masks of a scene.

    Everything stands on the ground and hides the ground behind it: shadows lie under all objects,
    and of these the one that stands lower in the picture is in front. Shadows do not climb objects.
    """
    there = [wall for one in scene.occluders for wall in walls_of(one, scene.camera, footprint)]
    added = walls_of(scene.inserted, scene.camera, footprint)
    before, after = blocked_lights([there, added], scene.camera, scene.sun)
    ground = to_linear(scene.background)
    objects = sorted((*scene.occluders, scene.inserted), key=lambda one: one.bottom)
    shape = scene.background.shape[:2]
    layers = [on_canvas(one, shape) for one in objects]
    seen = visible_parts([alpha for _, alpha in layers])
    painted = [
        (relit(colours, scene.background), share)
        for (colours, _), share in zip(layers, seen, strict=True)
    ]
    hidden = np.sum(seen, axis=0)
    place = next(i for i, one in enumerate(objects) if one is scene.inserted)
    mask = seen[place] >= COVERED
    return Quintuple(
        noshadow=_paint(ground * light_left(scene.lights, before), painted, hidden),
        shadow=_paint(ground * light_left(scene.lights, after), painted, hidden),
        mask=mask,
        robject=(hidden - seen[place] >= COVERED) & ~mask,
        rshadow=in_shadow(scene.lights, before) & (hidden < COVERED),
    )


def in_shadow(lights: Lights, blocked: Blocked) -> Mask:
    """Where at least half of the sun is lacking, or as much light of the sky."""
    lost = 1 - luminance(light_left(lights, blocked))
    return np.asarray(lost >= max(HALF_SHADE * lights.strength, DARKENED))


def on_canvas(placed: Placed, shape: tuple[int, int]) -> tuple[RGB, Floats]:
    """Colours and alpha of a cutout on a canvas of the picture's size."""
    colours, alpha = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.float32)
    high, wide = placed.alpha.shape
    top, left = max(0, placed.top), max(0, placed.left)
    bottom, right = min(shape[0], placed.top + high), min(shape[1], placed.left + wide)
    if top < bottom and left < right:
        part = np.s_[
            top - placed.top : bottom - placed.top, left - placed.left : right - placed.left
        ]
        colours[top:bottom, left:right] = placed.colours[part]
        alpha[top:bottom, left:right] = placed.alpha[part]
    return colours, alpha


def visible_parts(alphas: Sequence[Floats]) -> list[Floats]:
    """Share of each pixel that shows each layer, given from the farthest to the nearest."""
    left = np.ones_like(alphas[0])
    parts = []
    for alpha in reversed(alphas):
        parts.append(alpha * left)
        left = left * (1 - alpha)
    return parts[::-1]


def _paint(ground: Linear, layers: Sequence[tuple[Linear, Floats]], hidden: Floats) -> RGB:
    picture = ground * (1 - hidden)[..., None]
    for colours, share in layers:
        picture = picture + colours * share[..., None]
    return to_srgb(picture)
