"""The shadow of an object that was put into a picture of any size: look around, then cast it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask, resize_mask, resize_probability
from pipeline.inference.engines import Batch
from pipeline.inference.predictor import Kind, Predictor, to_batch

FOUND = 0.5
"""From where on what `AttentionPredictor` says of a pixel counts as found."""


class AttentionMaps(NamedTuple):
    """How likely each pixel is an object that casts a shadow, or such a shadow; H×W in [0, 1]."""

    occluders: NDArray[np.float32]
    shadows: NDArray[np.float32]


class AttentionPredictor(Predictor):
    """A trained `shadow_attention`, ready to predict.

    Its arguments and errors are those of `Predictor`.
    """

    kind = Kind(
        "shadow_attention", "which looks for no shadows; give the weights of shadow_attention"
    )

    def maps(self, picture: RGB, inserted: Mask) -> AttentionMaps:
        """Find the objects around the inserted one, and their shadows.

        Args:
            picture: H×W×3, any size, with the inserted object but without its shadow; squeezed to
                the frame that the network was trained on.
            inserted: H×W, the object.

        Raises:
            ValueError: The mask has another size than the picture.
        """
        _check_sizes(picture, inserted)
        planes = [to_batch(picture, *self.card.frame), _plane(inserted, self.card.frame)]
        (maps,) = self.engine.run(np.concatenate(planes, axis=1))
        return AttentionMaps(*(resize_probability(one, *picture.shape[:2]) for one in maps[0]))


class ShadowCaster(Predictor):
    """A trained `shadow`, ready to cast.

    Its arguments and errors are those of `Predictor`.
    """

    kind = Kind("shadow_generator", "which casts no shadow; give the weights of shadow")

    def cast(self, picture: RGB, inserted: Mask, occluders: Mask, shadows: Mask) -> RGB:
        """Give the picture with the shadow of the inserted object.

        The network works at its own frame; what it adds is enlarged to the picture's size, so that
        no detail of the picture is lost.

        Args:
            picture: H×W×3, any size, with the inserted object but without its shadow.
            inserted: H×W, the object.
            occluders: H×W, the objects that cast shadows already, such as those maps of
                `AttentionPredictor` from `FOUND` on.
            shadows: H×W, their shadows.

        Raises:
            ValueError: A mask has another size than the picture.
        """
        masks = inserted, occluders, shadows
        _check_sizes(picture, *masks)
        frame = self.card.frame
        planes = [to_batch(picture, *frame), *(_plane(mask, frame) for mask in masks)]
        _, refined = self.engine.run(2 * np.concatenate(planes, axis=1) - 1)
        added = refined[0].transpose(1, 2, 0)
        height, width = picture.shape[:2]
        levels = cv2.resize(127.5 * added, (width, height), interpolation=cv2.INTER_LINEAR)
        result: RGB = (picture + levels).round().clip(0, 255).astype(np.uint8)
        return result


def _plane(mask: Mask, frame: tuple[int, int]) -> Batch:
    """H×W bool → 1×1×height×width, 0 or 1."""
    return resize_mask(mask, *frame)[None, None].astype(np.float32)


def _check_sizes(picture: RGB, *masks: Mask) -> None:
    for mask in masks:
        if mask.shape != picture.shape[:2]:
            raise ValueError(
                f"the picture is {picture.shape[:2]}, a mask {mask.shape}; resize the mask"
            )
