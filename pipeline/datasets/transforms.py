"""The augmentations. The only module that imports albumentations, so that it can be swapped."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask
from pipeline.sections.networks import ShadowAugmentation

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


class ScenePictures(NamedTuple):
    """A training scene of the shadow networks.

    Attributes:
        scene: H×W×3, without the shadow of the inserted object.
        shadowed: H×W×3, with it.
        masks: H×W×3 uint8, 0 or 1: the inserted object, the occluders, their shadows.
    """

    scene: RGB
    shadowed: RGB
    masks: NDArray[np.uint8]


class SceneAugmentation:
    """What the shadow networks' training does to a scene: the same draw for all its pictures.

    Geometry moves pictures and masks alike, and fills corners by reflection. The photometric part
    (noise or blur, then colours) comes first and leaves the masks; both pictures get the same
    noise, so that they go on to differ where the shadow is, and only there.
    """

    def __init__(self, how: ShadowAugmentation) -> None:
        pair = {"shadowed": "image"}
        photometric = [_noise(), _colours()] if how.photometric else []
        self._photometric = albumentations.Compose(photometric, additional_targets=pair)
        self._geometric = albumentations.Compose(
            [
                albumentations.HorizontalFlip(p=how.flip),
                albumentations.Rotate(
                    limit=(-how.rotate, how.rotate),
                    border_mode=cv2.BORDER_REFLECT,
                    p=how.rotate_p,
                ),
            ],
            additional_targets=pair,
        )

    def __call__(self, pictures: ScenePictures, seed: int) -> ScenePictures:
        """Give a changed copy at the same size; the seed alone decides."""
        scene, shadowed, masks = pictures
        self._photometric.set_random_seed(seed)
        coloured = self._photometric(image=scene, shadowed=shadowed)
        self._geometric.set_random_seed(seed)
        moved = self._geometric(**coloured, mask=masks)
        return ScenePictures(moved["image"], moved["shadowed"], moved["mask"])


class _SharedISONoise(albumentations.ISONoise):  # type: ignore[misc]
    """Camera noise of the scene, in both pictures: each would get another by its own brightness."""

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        scene = data["image"]
        drawn = super().get_params_dependent_on_data(params, data)
        return {"noise": super().apply(scene, **drawn).astype(np.int16) - scene}

    def apply(self, img: RGB, noise: NDArray[np.int16], **params: Any) -> RGB:
        return (img + noise).clip(0, 255).astype(np.uint8)


def _noise() -> albumentations.OneOf:
    return albumentations.OneOf(
        [
            albumentations.Blur(blur_limit=(3, 5), p=0.2),
            albumentations.GaussNoise(std_range=(10**0.5 / 255, 50**0.5 / 255), p=0.2),
            _SharedISONoise(intensity=(0.1, 0.5), color_shift=(0.01, 0.05), p=0.2),
            albumentations.ImageCompression(quality_range=(90, 100), p=0.2),
            albumentations.MultiplicativeNoise(
                multiplier=(0.9, 1.1), per_channel=True, elementwise=True, p=0.2
            ),
        ],
        p=1,
    )


def _colours() -> albumentations.OneOf:
    return albumentations.OneOf(
        [
            albumentations.HueSaturationValue((-10, 10), (-10, 10), (-10, 10), p=0.2),
            albumentations.RandomBrightnessContrast((-0.1, 0.1), (0, 0), p=0.3),
            albumentations.RandomGamma((80, 100), p=0.3),
            albumentations.ToGray(p=0.1),
            albumentations.ToSepia(p=0.1),
        ],
        p=1,
    )
