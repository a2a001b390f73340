"""Segmenters that are networks: two of torchvision's with its weights, and checkpoints of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipeline.images import RGB
from pipeline.inference import off_the_shelf
from pipeline.inference.masks import MaskPredictor
from pipeline.matting import Map, centre_weight


def published_state(segmenter: str, url: str | None = None) -> dict[str, Tensor]:
    """The weights that torchvision publishes for a segmenter; see `pretrained_state`."""
    return off_the_shelf.published_state(segmenter, url, "choose another cutouts.segmenter")


class DeepLabV3:
    """DeepLabV3 of torchvision; the reference.

    Args:
        state: Of torchvision's model with its auxiliary head.
    """

    anywhere = False
    side = 780  # the weights' own preset shrinks the shorter side to 520

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.cars = off_the_shelf.DeepLabV3(state, "car")
        self.identity = f"deeplabv3:{self.cars.weights_sha256}"

    def probability(self, pictures: Sequence[RGB]) -> list[Map]:
        """See `Segmenter`. Pictures of one size share a pass."""
        return self.cars.probabilities(pictures)


class MaskRCNN:
    """Mask R-CNN of torchvision: the one car that is sure, large and central.

    Args:
        state: Of torchvision's model.
    """

    anywhere = False
    side = 1333  # as the network's own transform, which does the rest

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.cars = off_the_shelf.MaskRCNN(state, "car")
        self.identity = f"maskrcnn:{self.cars.weights_sha256}"

    def probability(self, pictures: Sequence[RGB]) -> list[Map]:
        """See `Segmenter`; zeros where no car is found."""
        return [
            best_instance(found.masks, found.scores, picture.shape[:2])
            for found, picture in zip(self.cars.instances(pictures), pictures, strict=True)
        ]


class Checkpoint:
    """A mask network of ours.

    Args:
        weights: `.pt` with its card beside it.

    Raises:
        PipelineError: They are missing or damaged, or do not belong together.
    """

    anywhere = False

    def __init__(self, weights: Path) -> None:
        self.predictor = MaskPredictor(weights, "cuda" if torch.cuda.is_available() else "cpu")
        self.identity = f"checkpoint:{self.predictor.card.weights_sha256}"
        self.side = max(512, *self.predictor.card.frame)

    def probability(self, pictures: Sequence[RGB]) -> list[Map]:
        """See `Segmenter`."""
        return [self.predictor.probability(picture) for picture in pictures]


def best_instance(masks: Map, scores: Map, shape: tuple[int, int]) -> Map:
    """The instance with the largest score × area, its area weighted towards the centre.

    Args:
        masks: N×H×W in [0, 1].
        scores: N.
        shape: Height and width, for where there are none.
    """
    if not len(masks):
        return np.zeros(shape, np.float32)
    worth = scores * (masks * centre_weight(shape)).sum(axis=(1, 2))
    return np.asarray(masks[int(np.argmax(worth))], dtype=np.float32)
