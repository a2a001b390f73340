"""What the recipes of DeepLabV3+ share: network, objective `k·BCE − Dice`, Adam, schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch import Tensor
from torch.optim import Adam, Optimizer

from pipeline.datasets.people.pictures import Sample
from pipeline.images import RGB
from pipeline.losses.segmentation import bce_dice_loss
from pipeline.metrics.masks import confusion_counts, jaccard_score
from pipeline.networks.build import build
from pipeline.networks.keras_layers import ADAM_EPSILON
from pipeline.params import Params, learning_rate
from pipeline.pretrained import imagenet_state
from pipeline.recipes.start import start_from
from pipeline.sections.networks import Segmenter
from pipeline.sheets import show_mask
from pipeline.training.callbacks import PlateauSchedule
from pipeline.training.module import Objective, Recipe
from pipeline.training.pictures import to_masks, to_pictures


class SegmentationRecipe(Recipe):
    """DeepLabV3+ for one class."""

    columns = ("picture", "prediction", "truth")

    def __init__(self, params: Params, settings: Segmenter, frame: tuple[int, int]) -> None:
        super().__init__(params)
        self.params, self.settings, self.frame = params, settings, frame
        self.lr = learning_rate(params.lr, settings.lr_scale)
        self.architecture = {
            "name": "deeplab_v3_plus",
            "encoder": settings.encoder,
            "width": settings.width,
            "low_width": settings.low_width,
            "se_ratio": settings.se_ratio,
        }
        imagenet = imagenet_state(settings.encoder) if settings.pretrained else None
        torch.manual_seed(params.seed)
        self.network = build({**self.architecture, "imagenet": imagenet})
        start_from(self.network, settings.checkpoint)

    def objective(self, batch: Sample) -> Objective:
        """The loss, and the predicted probabilities N×1×H×W."""
        probability = self.network(batch.picture)
        return Objective(bce_dice_loss(probability, batch.mask, self.settings.k), probability)

    def scores(self, batch: Sample, output: Tensor) -> Sequence[dict[str, float]]:
        predicted, truth = (output > 0.5).cpu().numpy(), (batch.mask > 0.5).cpu().numpy()
        return [
            {"jaccard": jaccard_score(confusion_counts(one, other))}
            for one, other in zip(predicted, truth, strict=True)
        ]

    def preview(self, batch: Sample) -> list[list[RGB]]:
        masks = self.network(batch.picture) > 0.5
        return [
            [picture, show_mask(picture, found), show_mask(picture, wanted)]
            for picture, found, wanted in zip(
                to_pictures(batch.picture), to_masks(masks), to_masks(batch.mask > 0.5),
                strict=True,
            )
        ]  # fmt: skip

    def configure_optimizers(self) -> Optimizer:
        return Adam(self.network.parameters(), lr=self.lr, eps=ADAM_EPSILON)

    def configure_callbacks(self) -> list[Any]:
        plateau = self.settings.plateau
        return [
            PlateauSchedule(plateau.factor, plateau.patience, plateau.min_lr),
            EarlyStopping("val_loss", patience=self.settings.early_stopping),
        ]
