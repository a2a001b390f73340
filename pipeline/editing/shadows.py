"""A cutout put into a scene, with the shadow that it would cast there."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.editing.options import Place, Shadowed
from pipeline.editing.placing import Placed, laid_over, merged, place_cutout
from pipeline.images import RGB, RGBA, Mask, resize_mask, resize_picture
from pipeline.matting import Box, crop_box
from pipeline.photos import Photo
from pipeline.photos.colour import to_srgb

log = logging.getLogger(__name__)

Map = NDArray[np.float32]
"""H×W, float32, in [0, 1]."""

FOUND = 0.5
"""From where on what the attention network says of a pixel counts as found."""
SOLID = 128
"""Alpha from which on a pixel belongs to the object."""
SHOWN = 3.0
"""The networks are shown a part of the scene so many times as long as the object, at least."""
VIEW_SIDE = 1024
"""Longer side of what they are shown, at most; they work smaller than that."""
FAINT = 0.03, 0.07
"""A share of light lost up to the first is noise of the network; from the second on all counts."""
PLAIN = 0.10
"""A shadow takes this share somewhere; patches that do not are noise."""
FOOT = 0.4
"""A shadow begins at this lower part of an object; patches that do not touch it are noise."""
MARGIN = 0.06
"""Over this share of what they are shown, a shadow fades out where that is cut from the scene."""


class Around(Protocol):
    """What `Attention` finds."""

    @property
    def occluders(self) -> Map:
        """How likely each pixel is an object that casts a shadow."""

    @property
    def shadows(self) -> Map:
        """How likely each pixel lies in such a shadow."""


class Attention(Protocol):
    """Finds what casts shadows already, such as `inference.shadows.AttentionPredictor`."""

    def maps(self, picture: RGB, inserted: Mask) -> Around:
        """Look at a picture with the inserted object, H×W×3 and H×W."""


class Caster(Protocol):
    """Casts shadows, such as `inference.shadows.ShadowCaster`."""

    def cast(self, picture: RGB, inserted: Mask, occluders: Mask, shadows: Mask) -> RGB:
        """The picture with the shadow of the inserted object, H×W×3."""


class ShadowComposer:
    """Puts cutouts into scenes.

    Args:
        attention: Finds objects of the scene and their shadows.
        caster: Casts the shadow of what is put in.
    """

    def __init__(self, attention: Attention, caster: Caster) -> None:
        self.attention, self.caster = attention, caster

    def compose(self, scene: Photo, cutout: Photo, place: Place) -> Shadowed:
        """Put a cutout into a scene, with its shadow.

        Args:
            scene: Any size.
            cutout: With transparency; brought to the colour profile of the scene.
            place: Where its visible part stands; it may lie partly outside the scene.

        Returns:
            Where neither cutout nor shadow is, the bytes of the scene.

        Raises:
            UsageError: The cutout has no transparency, shows nothing, or lies outside the scene.
        """
        placed = place_cutout(scene, cutout, place)
        view = _view(placed.box, scene.shape)
        shadow = np.zeros((*scene.shape, 4), np.uint8)
        shadow[..., 3][view.window] = self._shade(scene, placed, view)
        layer = _with_object(shadow, placed)
        composed = laid_over(layer, scene.rgb)
        photos = (_as_photo(scene, one) for one in (layer, shadow))
        return Shadowed(replace(scene, rgb=composed), *photos)

    def _shade(self, scene: Photo, placed: Placed, view: Box) -> NDArray[np.uint8]:
        """Alpha of the shadow within a part of the scene."""
        rows, columns = _shrunk(view)
        inserted = placed.alpha(scene.shape)[view.window]
        pasted = scene.rgb[view.window].copy()
        inside = _within(placed.box, view)
        pasted[inside] = laid_over(placed.rgba, pasted[inside])
        picture = to_srgb(resize_picture(pasted, rows, columns), scene.icc)
        mask = resize_mask(inserted >= SOLID, rows, columns)
        found = self.attention.maps(picture, mask)
        occluders, shadows = found.occluders >= FOUND, found.shadows >= FOUND
        with_shadow = self.caster.cast(picture, mask, occluders, shadows)
        lost = light_lost(picture, with_shadow, mask)
        if not lost.any():
            log.warning("the network `shadow` casts no shadow here: the layer of it is empty")
        lost *= _fading(view, scene.shape, (rows, columns))
        return _enlarged(lost, inserted.shape)


def light_lost(picture: RGB, with_shadow: RGB, inserted: Mask) -> Map:
    """The share of the light that a shadow takes, smooth, 0 where it is as good as none.

    Args:
        picture: H×W×3.
        with_shadow: H×W×3, the same with a shadow.
        inserted: H×W, the object: what happens on it does not count.

    Returns:
        H×W. Under the object as around it.
    """
    sigma = max(1.0, max(inserted.shape) / 256)
    ground = (~inserted).astype(np.float32)[..., None]
    before, after = (
        cv2.GaussianBlur(one.astype(np.float32) * ground, (0, 0), sigma) @ _LUMINANCE
        for one in (picture, with_shadow)
    )
    share = cv2.GaussianBlur(ground[..., 0], (0, 0), sigma)
    lost = (1 - (after + share) / np.maximum(before + share, 1e-3)) * (share > 1e-2)
    gate = np.clip((lost - FAINT[0]) / (FAINT[1] - FAINT[0]), 0, 1)
    return _joined_parts(np.clip(lost * gate, 0, 1).astype(np.float32), inserted)


_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def _joined_parts(lost: Map, inserted: Mask) -> Map:
    """Without patches that are nowhere plain to see, or lie away from the foot of the object."""
    box = crop_box(inserted, 0.0)
    if box is None:
        return np.zeros_like(lost)
    foot = inserted.copy()
    foot[: box.bottom - max(1, round(FOOT * (box.bottom - box.top)))] = False
    foot = cv2.dilate(foot.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    _, labels = cv2.connectedComponents(((lost > 0) | foot).astype(np.uint8))
    kept = np.isin(labels, np.intersect1d(labels[lost >= PLAIN], labels[foot]))
    return np.where(kept, lost, 0).astype(np.float32)


def _view(box: Box, shape: tuple[int, int]) -> Box:
    """The part of a scene that the networks are shown: all of it, unless the object is small."""
    height, width = shape
    longer = SHOWN * max(box.right - box.left, box.bottom - box.top)
    high = min(height, round(longer))
    wide = min(width, round(longer * max(1.0, width / height)))
    if 2 * high * wide > height * width:  # little would be gained
        return Box(0, 0, width, height)
    top = np.clip((box.top + 2 * box.bottom) // 3 - high // 2, 0, height - high)
    left = np.clip((box.left + box.right) // 2 - wide // 2, 0, width - wide)
    return Box(int(left), int(top), int(left) + wide, int(top) + high)


def _shrunk(view: Box) -> tuple[int, int]:
    """Height and width of what the networks are shown."""
    height, width = view.bottom - view.top, view.right - view.left
    scale = min(1.0, VIEW_SIDE / max(height, width))
    return max(1, round(scale * height)), max(1, round(scale * width))


def _fading(view: Box, shape: tuple[int, int], size: tuple[int, int]) -> Map:
    """1, and towards borders where the view was cut from the scene down to 0."""
    rows = _ramp(size[0], view.top > 0, view.bottom < shape[0])
    columns = _ramp(size[1], view.left > 0, view.right < shape[1])
    return rows[:, None] * columns


def _ramp(count: int, rises: bool, falls: bool) -> Map:
    steps = np.arange(count, dtype=np.float32) / max(1.0, MARGIN * count)
    ramp = np.ones(count, np.float32)
    if rises:
        ramp = np.minimum(ramp, steps)
    if falls:
        ramp = np.minimum(ramp, steps[::-1])
    return ramp


def _enlarged(lost: Map, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """A share of light as alpha, at the size of the scene."""
    large = cv2.resize(lost, shape[::-1], interpolation=cv2.INTER_LINEAR)
    large *= 255
    return np.rint(large, out=large).astype(np.uint8)


def _within(box: Box, view: Box) -> tuple[slice, slice]:
    """Rows and columns of a box counted from the corner of a view around it."""
    rows = slice(box.top - view.top, box.bottom - view.top)
    return rows, slice(box.left - view.left, box.right - view.left)


def _with_object(shadow: RGBA, placed: Placed) -> RGBA:
    layer = shadow.copy()
    layer[placed.box.window] = merged(shadow[placed.box.window], placed.rgba)
    return layer


def _as_photo(scene: Photo, layer: RGBA) -> Photo:
    return replace(scene, rgb=layer[..., :3], alpha=layer[..., 3], exif=None, format=None)
