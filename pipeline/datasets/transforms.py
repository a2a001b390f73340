"""The augmentations. The only module that imports albumentations, so that it can be swapped."""

from __future__ import annotations

import os
from collections.abc import Callable

import cv2
import numpy as np

from pipeline.images import RGB, Mask

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it asks the network for its version

import albumentations

Variant = Callable[[RGB, Mask, int], tuple[RGB, Mask]]


def _by(transform: albumentations.BasicTransform) -> Variant:
    compose = albumentations.Compose([transform])

    def apply(picture: RGB, mask: Mask, seed: int) -> tuple[RGB, Mask]:
        compose.set_random_seed(seed)
        result = compose(image=picture, mask=mask.astype(np.uint8))
        return result["image"], result["mask"].astype(bool)

    return apply


def _original(picture: RGB, mask: Mask, _seed: int) -> tuple[RGB, Mask]:
    return picture, mask


def _grey(picture: RGB, mask: Mask, _seed: int) -> tuple[RGB, Mask]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB).astype(np.uint8), mask


VARIANTS: dict[str, Variant] = {
    "original": _original,
    "flip": _by(albumentations.HorizontalFlip(p=1)),
    "grey": _grey,
    "shuffle": _by(albumentations.ChannelShuffle(p=1)),
    "blur": _by(albumentations.Blur(blur_limit=(3, 7), p=1)),
    "rotate": _by(albumentations.Rotate(limit=45, border_mode=cv2.BORDER_REFLECT_101, p=1)),
}
"""The six variants of the person cutout system: the original and five augmentations.

Each takes an H×W×3 picture, its H×W mask and a seed, and gives both back at the same size;
geometry moves the mask too. Rotation fills the corners by reflection, in both, as the library
did when that system was made.
"""
