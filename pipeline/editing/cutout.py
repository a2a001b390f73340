"""Cutting people out of pictures of any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.editing.alpha import refined_alpha
from pipeline.editing.backgrounds import background_for, laid_over
from pipeline.editing.edge_colours import foreground_colours
from pipeline.editing.networks import Masks
from pipeline.editing.options import Cut
from pipeline.images import RGB, resize_picture, resize_probability
from pipeline.matting import Alpha, Box, Map, crop_box
from pipeline.photos import Photo

SEEN = 1024
"""Pixels of the longer side of the copy that a network sees; it squeezes that to its own frame."""

SEEN_QUICKLY = 512
"""The same where time matters more than hair."""

REFINED_QUICKLY = 320
"""And of the copy of what it found that tells how the edge runs. On 60 photos, with masks of 64 and
128 pixels, the IoU along the edge is that of 512 within 0.001, in less than half the time."""

SHOWN = 25
"""A crop encloses what is more opaque than that; faint specks do not widen it."""


class PersonCutter:
    """Cuts people out.

    Args:
        masks: The network that finds them.
    """

    def __init__(self, masks: Masks) -> None:
        self.masks = masks

    def cut(self, photo: Photo, wanted: Cut) -> Photo:
        """Cut the people out of a photo.

        Args:
            photo: Its own transparency is kept: alpha is that times the one found.
            wanted: Its `model` is not looked at: the network is already chosen.

        Returns:
            As large as the photo unless cropped. Without a background: transparent where nobody
            is, wholly where nobody is found. With one: opaque. A mask: grey in all three channels.
        """
        found = self._alpha(photo)
        alpha = found if photo.alpha is None else _times(found, photo.alpha)
        box = _crop(alpha, wanted)
        if wanted.mask:
            grey = np.repeat(alpha[box.window][..., None], 3, axis=2)
            return replace(photo, rgb=grey, alpha=None)
        rgb = _clean(photo, found, alpha)
        ground = background_for(photo, alpha, wanted.background)
        rgb, alpha = np.ascontiguousarray(rgb[box.window]), np.ascontiguousarray(alpha[box.window])
        if ground is None:
            return replace(photo, rgb=rgb, alpha=alpha)
        return replace(photo, rgb=laid_over(rgb, alpha, ground[box.window]), alpha=None)

    def alpha(self, picture: RGB, quick: bool = False) -> Alpha:
        """How opaque the people of a picture are.

        Args:
            picture: H×W×3, sRGB.
            quick: Whether time matters more than hair, as with a webcam: the edge then follows a
                smaller copy of the picture.
        """
        found = self.masks.probability(reduced(picture, SEEN_QUICKLY if quick else SEEN))
        return refined_alpha(picture, _reduced_map(found, REFINED_QUICKLY) if quick else found)

    def _alpha(self, photo: Photo) -> Alpha:
        seen = photo.for_network(reduced(photo.rgb, SEEN))
        return refined_alpha(photo.rgb, self.masks.probability(seen))


def compose(picture: RGB, alpha: Alpha, ground: RGB, quick: bool = False) -> RGB:
    """People of a picture before a background, as large as it.

    Args:
        picture: H×W×3.
        alpha: H×W.
        ground: H×W×3, such as `backgrounds.covering` and `blurred_ground` give.
        quick: Whether the colours of soft edges are left as they are, mixed with the old ground.
    """
    return laid_over(picture if quick else foreground_colours(picture, alpha), alpha, ground)


def reduced(picture: RGB, longest: int) -> RGB:
    """A copy whose longer side is no longer than that; the picture itself where it is not."""
    size = _reduced_size(picture.shape, longest)
    return picture if size == picture.shape[:2] else resize_picture(picture, *size)


def _reduced_map(found: Map, longest: int) -> Map:
    """The same of a map."""
    size = _reduced_size(found.shape, longest)
    return found if size == found.shape else resize_probability(found, *size)


def _reduced_size(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """Height and width of it."""
    height, width = shape[:2]
    shrink = min(1.0, longest / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def _clean(photo: Photo, found: Alpha, alpha: Alpha) -> RGB:
    """Colours of the people alone.

    What was half transparent before is not mixed with anything: it keeps its colour.
    """
    rgb = foreground_colours(photo.rgb, found)
    if photo.alpha is not None:
        rgb = np.where((photo.alpha < 255)[..., None], photo.rgb, rgb)
        rgb[alpha == 0] = 0
    return rgb


def _crop(alpha: Alpha, wanted: Cut) -> Box:
    """What of the picture is wanted: all of it where there is nobody to crop to."""
    box = crop_box(alpha > SHOWN, wanted.margin) if wanted.crop else None
    return Box(0, 0, alpha.shape[1], alpha.shape[0]) if box is None else box


def _times(one: Alpha, other: Alpha) -> Alpha:
    """Product of two alphas, 255 being one."""
    product = one.astype(np.uint16) * other + np.uint16(127)
    return np.asarray(product // 255, np.uint8)
