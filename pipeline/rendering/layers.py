"""The shadow of one object as a picture with transparency: no network needed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.images import RGB, RGBA, resize_picture
from pipeline.rendering.camera import Camera, Floats, camera_of
from pipeline.rendering.cutouts import place_cutout, trimmed
from pipeline.rendering.ground import find_ground, horizon_rows
from pipeline.rendering.light import to_linear, to_srgb
from pipeline.rendering.scenes import on_canvas
from pipeline.rendering.shade import estimate_clearness, estimate_lights, light_left
from pipeline.rendering.shadows import blocked_lights
from pipeline.rendering.solids import CAR_FOOTPRINT, CAR_HEIGHT, walls_of
from pipeline.rendering.sun import Sun

HORIZON = (0.05, 0.6)
"""Shares of the height between which the horizon is sought."""
AZIMUTH, ELEVATION = 50.0, 40.0
"""A sun behind the scene to the right: its shadows are seen."""
SEEN = 512
"""Pixels of the longer side of the picture in which the ground is sought."""
EYES = (0.5, 20.0)
"""Metres above the ground between which a camera is believed to be."""


class CastShadow(NamedTuple):
    """An object put into a scene, with the shadow that it casts.

    Attributes:
        composed: The scene with object and shadow.
        layer: H×W×4, straight alpha: the object over its shadow; laid over the scene it gives
            `composed` within 1/255.
        shadow: H×W×4, straight alpha: the shadow on the ground alone.
        sun: By which it was cast.
    """

    composed: RGB
    layer: RGBA
    shadow: RGBA
    sun: Sun


def cast_shadow(
    scene: RGB,
    cutout: RGBA,
    x: float,
    y: float,
    tall: float,
    *,
    sun: Sun | None = None,
    metres: float = CAR_HEIGHT,
    footprint: float = CAR_FOOTPRINT,
) -> CastShadow:
    """Put a cutout into a scene and cast its shadow on level ground.

    Args:
        scene: H×W×3.
        cutout: h×w×4, straight alpha.
        x: Column of its bottom centre.
        y: Row of its bottom.
        tall: Its height in pixels.
        sun: Where it stands; by default to the right behind the scene, as hazy as it looks.
        metres: True height of the object; with `tall` and the horizon it tells how high the
            camera is.
        footprint: Ground that it covers, in squares of its height (a person: about 0.06).

    Raises:
        ValueError: The cutout has no opaque pixel.
    """
    camera = camera_for(scene, y, tall, metres)
    if sun is None:
        sun = Sun(AZIMUTH, ELEVATION, 1 - estimate_clearness(scene, camera.horizon))
    placed = place_cutout(trimmed(cutout), x, y, tall)
    lights = estimate_lights(scene, camera.horizon, sun.softness)
    (blocked,) = blocked_lights([walls_of(placed, camera, footprint)], camera, sun)
    shaded = to_srgb(to_linear(scene) * light_left(lights, blocked))
    colours, alpha = on_canvas(placed, (camera.height, camera.width))
    shadow = layer_between(scene, shaded)
    layer = _over(colours, alpha, shadow)
    return CastShadow(_laid_over(layer, scene), layer, shadow, sun)


def _over(colours: RGB, alpha: Floats, below: RGBA) -> RGBA:
    """A cutout laid over a layer, as one straight-alpha layer (Porter and Duff, 1984)."""
    top, under = alpha[..., None], below[..., 3:] / 255 * (1 - alpha[..., None])
    both = top + under
    mixed = (colours * top + below[..., :3] * under) / np.maximum(both, 1e-6)
    return np.concatenate([mixed + 0.5, both * 255 + 0.5], axis=2).astype(np.uint8)


def _laid_over(layer: RGBA, scene: RGB) -> RGB:
    share = layer[..., 3:] / 255
    return (layer[..., :3] * share + scene * (1 - share) + 0.5).astype(np.uint8)


def camera_for(scene: RGB, y: float, tall: float, metres: float) -> Camera:
    """The camera that shows something of so many metres so tall at this row."""
    height, width = scene.shape[:2]
    less = min(1.0, SEEN / max(height, width))
    small = resize_picture(scene, max(1, round(height * less)), max(1, round(width * less)))
    horizon = float(np.mean(horizon_rows(find_ground(small), *HORIZON))) * height / len(small)
    if y - horizon < 0.25 * tall:  # it would stand beyond the horizon: at eye level then
        horizon = y - tall
    eye = float(np.clip(metres * (y - horizon) / tall, *EYES))
    return camera_of(height, width, horizon, eye)


def layer_between(before: RGB, after: RGB) -> RGBA:
    """The most transparent straight-alpha RGBA whose alpha-over on `before` gives `after`.

    Exact within 1/255 in every channel.
    """
    layer = np.zeros((*before.shape[:2], 4), np.uint8)
    changed = (before != after).any(axis=2)
    old, new = before[changed].astype(np.float64), after[changed].astype(np.float64)
    darker = (old - new) / np.maximum(old, 1)
    lighter = (new - old) / np.maximum(255 - old, 1)
    # Rounded up: a colour that would have to be below black or above white is none.
    alpha = np.ceil(np.maximum(darker, lighter).max(axis=1) * 255 - 1e-9)
    colours = old + (new - old) * (255 / alpha)[:, None]
    layer[changed, :3] = np.clip(np.rint(colours), 0, 255)
    layer[changed, 3] = alpha
    return layer
