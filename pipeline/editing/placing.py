"""Where a cutout comes to lie in a scene, and layers that are laid over one another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.editing.backgrounds import converted
from pipeline.editing.options import Place
from pipeline.errors import UsageError
from pipeline.images import MAX_PIXELS, RGB, RGBA
from pipeline.matting import Box, crop_box
from pipeline.photos import Photo

VISIBLE = 8
"""Alpha from which on a pixel is seen: networks leave specks of 1 and 2 far from an object."""


STRIP = 1 << 20
"""Pixels that are computed at a time."""


class Placed(NamedTuple):
    """A cutout at its size and place.

    Attributes:
        rgba: The part of it that lies in the scene: H×W×4, straight alpha.
        box: Where.
    """

    rgba: RGBA
    box: Box

    def alpha(self, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """Its alpha on a canvas of that height and width."""
        canvas = np.zeros(shape, np.uint8)
        canvas[self.box.window] = self.rgba[..., 3]
        return canvas


def place_cutout(scene: Photo, cutout: Photo, place: Place) -> Placed:
    """Scale a cutout, bring it to the profile of the scene, and find where it lies.

    Its visible part is as high as the place says; its lower edge lies at y, and its middle at x, so
    that with y = H it stands on the lower edge of a scene of height H.

    Raises:
        UsageError: The cutout has no transparency, shows nothing, or lies outside the scene; or the
            place is no place.
    """
    if not (math.isfinite(place.x) and math.isfinite(place.y)):
        raise UsageError(f"x={place.x}, y={place.y} is no place; give it in pixels of the scene")
    patch = _visible_part(cutout, scene.icc)
    high, wide = _size(patch.shape[:2], scene.shape, place.scale)
    top, left = round(place.y) - high, round(place.x - wide / 2)
    box = Box(
        left=max(0, left),
        top=max(0, top),
        right=min(scene.shape[1], left + wide),
        bottom=min(scene.shape[0], top + high),
    )
    if box.left >= box.right or box.top >= box.bottom:
        raise UsageError(
            f"at x={place.x:g}, y={place.y:g} the cutout ({wide}×{high}) lies outside the scene "
            f"({scene.shape[1]}×{scene.shape[0]}); x, y is where its bottom centre goes"
        )
    scaled = _scaled(patch, high, wide)
    inside = np.s_[box.top - top : box.bottom - top, box.left - left : box.right - left]
    return Placed(scaled[inside], box)


def laid_over(layer: RGBA, scene: RGB) -> RGB:
    """Alpha-over of a layer with straight alpha on a scene, H×W×4 on H×W×3."""
    result = np.empty_like(scene)
    for rows in _strips(layer):
        alpha = layer[rows, :, 3:].astype(np.uint32)
        mixed = layer[rows, :, :3] * alpha + scene[rows] * (255 - alpha)
        result[rows] = (2 * mixed + 255) // 510  # rounded
    return result


def merged(below: RGBA, above: RGBA) -> RGBA:
    """One layer that looks as the two of them do, both H×W×4 with straight alpha."""
    result = np.empty_like(below)
    for rows in _strips(below):
        upper, lower = (layer[rows, :, 3:].astype(np.float32) / 255 for layer in (above, below))
        left = lower * (1 - upper)
        alpha = upper + left
        colours = above[rows, :, :3] * upper + below[rows, :, :3] * left
        colours /= np.maximum(alpha, 1e-6)
        result[rows] = np.rint(np.dstack([colours, 255 * alpha]))
    return result


def _strips(layer: RGBA) -> Iterator[slice]:
    """Rows of a layer, some at a time: all of a large one as floats would fill the memory."""
    step = max(1, STRIP // max(1, layer.shape[1]))
    for top in range(0, layer.shape[0], step):
        yield slice(top, top + step)


def _visible_part(cutout: Photo, icc: bytes | None) -> RGBA:
    """What can be seen of it, its colours as that profile writes them."""
    if cutout.alpha is None:
        raise UsageError("the cutout has no transparency; cut it out first (`clearscene cutout`)")
    box = crop_box(cutout.alpha >= VISIBLE, 0.0)
    if box is None:
        raise UsageError("nothing in the cutout is visible; give one that shows something")
    colours = converted(cutout.rgb[box.window], cutout.icc, icc)
    return np.dstack([colours, cutout.alpha[box.window]])


def _size(patch: tuple[int, int], scene: tuple[int, int], scale: float | None) -> tuple[int, int]:
    """Height and width of the visible part in the scene."""
    if scale is None:
        return patch
    if not (math.isfinite(scale) and scale > 0):
        raise UsageError(f"scale={scale} is no share of the scene's height; 0.5 is half of it")
    high = max(1, round(scale * scene[0]))
    wide = max(1, round(patch[1] * scale * scene[0] / patch[0]))
    if high * wide > MAX_PIXELS:
        raise UsageError(f"scale={scale:g} makes the cutout {wide}×{high}; take a smaller one")
    return high, wide


def _scaled(patch: RGBA, high: int, wide: int) -> RGBA:
    """Resize with colours multiplied by alpha, so that none come in from where nothing is."""
    if patch.shape[:2] == (high, wide):
        return patch
    shrinks = high * wide < patch.shape[0] * patch.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    alpha = patch[..., 3:].astype(np.float32)
    weighted = np.dstack([patch[..., :3] * (alpha / 255), alpha])
    resized = np.asarray(cv2.resize(weighted, (wide, high), interpolation=interpolation))
    share = np.maximum(resized[..., 3:], 0.5) / 255
    straight = np.dstack([resized[..., :3] / share, resized[..., 3:]])
    return np.asarray(np.rint(straight.clip(0, 255)), np.uint8)
