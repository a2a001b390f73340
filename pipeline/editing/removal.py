"""Cars out of photos: found by class, painted over, and what they shade with them.

What paints: the filling of `editing.inpainting` beats OpenCV's, and both beat the generator of the
demo by far, which on real photos leaves the ghost of the car (figures there). So that filling is
what one gets unless the generator is asked for. The generator is shown each car with a little
around it, rather than the whole photo: on 14 real photos it reached 20.7 dB inside the car with a
quarter of the car's length around it, 20.0 with a half, 18.6 with all of it, and 17.7 when it was
shown the whole photo.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.editing.inpainting import holes, inpaint
from pipeline.editing.networks import Masks
from pipeline.editing.options import Fill, Removal
from pipeline.editing.seams import blend
from pipeline.editing.shade import shade_of
from pipeline.images import RGB, Mask, resize_picture, resize_probability
from pipeline.matting import fill_holes, guided_filter
from pipeline.photos import Photo
from pipeline.photos.colour import to_srgb

log = logging.getLogger(__name__)


class Painter(Protocol):
    """What paints cars out of a picture, such as `inference.removal.CarRemover`."""

    def remove(self, picture: RGB) -> RGB:
        """The picture, H×W×3, as it would be without its cars."""
        ...


THRESHOLD = 0.5
"""From where on what the network says of a pixel counts as a car."""
REFINE_SIDE = 1024
"""Longer side at which the outline is brought to the edges of the picture."""
REFINE_RADIUS, REFINE_EPSILON = 6, 1e-4
"""Of the guided filter that does it."""
SPECK = 2e-4
"""A part of the mask is a speck, and left, up to this share of the picture."""
GROWN = 0.004, 0.02
"""How far the mask goes beyond a car, so that no rim of it stays: the larger of these shares of the
longer side of the picture, and of that of the car."""
CONTEXT = 0.25
"""Surroundings that the generator is shown on each side, as a share of the car's longer side."""


class CarEraser:
    """Takes cars out of photos.

    Args:
        masks: Says where cars are.
        painter: The generator of car_removal; without it everything is inpainted.
    """

    def __init__(self, masks: Masks, painter: Painter | None = None) -> None:
        self.masks, self.painter = masks, painter
        self._told = False

    def erase(self, photo: Photo, wanted: Removal) -> Photo:
        """The photo without its cars; outside of them and of their shadows its own pixels."""
        mask = self.find(to_srgb(photo.rgb, photo.icc), wanted.shadow)
        return replace(photo, rgb=self.fill(photo.rgb, mask, wanted.fill))

    def find(self, rgb: RGB, shadow: bool = False) -> Mask:
        """Where the cars are, at native size and a little beyond their outline.

        Args:
            rgb: H×W×3.
            shadow: Whether what they shade belongs to it.

        Returns:
            H×W.
        """
        cars = refined(rgb, self.masks.probability(rgb))
        return grown(cars | shade_of(rgb, cars) if shadow else cars)

    def fill(self, rgb: RGB, mask: Mask, fill: Fill = "inpaint") -> RGB:
        """Paint what is masked; all else keeps its bytes.

        Args:
            rgb: H×W×3.
            mask: H×W.
            fill: What paints. Without weights of the generator it is the inpainting in any case,
                and the log says so once.
        """
        if fill == "network" and self.painter is not None:
            return _painted(rgb, mask, self.painter)
        if fill == "network" and not self._told:
            log.warning("no weights of car_removal: the ground under cars is inpainted")
            self._told = True
        return inpaint(rgb, mask)


def refined(rgb: RGB, probability: NDArray[np.float32]) -> Mask:
    """A mask from a coarse map: its outline along the edges of the picture, no specks, no holes.

    Args:
        rgb: H×W×3.
        probability: H×W.
    """
    height, width = probability.shape
    scale = min(1.0, REFINE_SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    cars = resize_probability(probability, *size) >= THRESHOLD
    if not cars.any():
        return np.zeros((height, width), np.bool_)
    guide = resize_picture(rgb, *size).astype(np.float32) / np.float32(255)
    fine = guided_filter(guide, cars.astype(np.float32), REFINE_RADIUS, REFINE_EPSILON)
    solid = fill_holes(_without_specks(fine >= THRESHOLD)).astype(np.float32)
    return np.asarray(resize_probability(solid, height, width) >= THRESHOLD)


def grown(mask: Mask) -> Mask:
    """A mask and a rim around each of its parts, the wider the larger they are, without holes."""
    result = mask.copy()
    least = max(2, round(GROWN[0] * max(mask.shape)))
    for part in holes(mask, 0.05, least + 2):
        rows, columns = part.mask.any(axis=1), part.mask.any(axis=0)
        size = max(np.count_nonzero(rows), np.count_nonzero(columns))
        radius = max(least, round(GROWN[1] * size))
        away = cv2.distanceTransform((~part.mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
        result[part.box.window] |= _without_holes(away <= radius)
    return result


def _without_holes(mask: Mask) -> Mask:
    """As `matting.fill_holes`, for pictures that are too large for it."""
    outside = cv2.copyMakeBorder((~mask).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(outside)
    return np.asarray(labels[1:-1, 1:-1] != labels[0, 0])


def _without_specks(mask: Mask) -> Mask:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] > SPECK * mask.size
    large[0] = False
    return np.asarray(large[labels])


def _painted(rgb: RGB, mask: Mask, painter: Painter) -> RGB:
    """What the generator paints, car by car."""
    result = rgb.copy()
    for hole in holes(mask, CONTEXT):
        window = hole.box.window
        painted = painter.remove(rgb[window])
        result[window] = blend(result[window], painted, hole.mask)
    return result
