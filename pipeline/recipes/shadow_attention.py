"""`shadow_attention`: which objects of a scene cast shadows, and where those shadows are.

Data           Shadow-AR layout: the scene without the inserted object's shadow, and its mask;
               squares of 256, [0, 1]; masks thresholded at 128; HorizontalFlip 0.5, Rotate ±10°
               with p 0.3, corners by reflection; photometric changes are a parameter
Architecture   U-Net, ResNet34 (ImageNet), 4 channels in, 2 out, sigmoid
Objective      Dice loss, both maps of a picture together
Optimiser      Adam, 1e-4, batch 8
Schedule       none
Selected by    highest val_jaccard: intersection over union at 0.5, both maps of a picture together,
               mean over pictures

Those are the values of the preset `web`; every one is a parameter. Its author took Dice and
intersection over union over a whole batch; here they are of a picture, so that the batch size
changes neither. His code scores the soft maps, because it thresholds the truth instead of them.
Ten epochs in his example; he validates on the test part, we keep a validation part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from pipeline.datasets.shadows.files import learnt_files
from pipeline.datasets.shadows.scenes import ShadowSample, open_part
from pipeline.images import RGB
from pipeline.losses.segmentation import dice_loss
from pipeline.metrics.masks import confusion_counts, jaccard_score
from pipeline.networks.build import build
from pipeline.params import Params, learning_rate
from pipeline.paths import SHADOW_SET
from pipeline.pretrained import imagenet_state
from pipeline.recipes.start import start_from
from pipeline.sheets import show_mask
from pipeline.training.callbacks import PlateauSchedule
from pipeline.training.module import Datasets, Monitor, Objective, Recipe
from pipeline.training.pictures import to_masks, to_pictures


class ShadowAttentionRecipe(Recipe):
    """Everything about one trained network; see the top of the file."""

    name = "shadow_attention"
    uses = ("inputs.shadows", "splits", "shadow_set")
    monitor = Monitor("val_jaccard", "max")
    columns = ("scene", "occluders", "their truth", "shadows", "their truth")
    split = SHADOW_SET / "split.csv"

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        settings = params.networks.shadow_attention
        self.params, self.settings = params, settings
        self.frame = (settings.size, settings.size)
        self.lr = learning_rate(params.lr, settings.lr_scale)
        self.architecture = {"name": "shadow_attention", "encoder": settings.encoder}
        imagenet = imagenet_state(settings.encoder) if settings.pretrained else None
        torch.manual_seed(params.seed)
        self.network = build({**self.architecture, "imagenet": imagenet})
        start_from(self.network, settings.checkpoint)

    def datasets(self) -> Datasets:
        size, augmentation = self.settings.size, self.settings.augmentation
        return Datasets(
            open_part(self.split, "train", size, 0, augmentation, self.params.seed),
            open_part(self.split, "val", size, 0),
        )

    def reads(self) -> Iterable[Path]:
        return learnt_files(self.split)

    def objective(self, batch: ShadowSample) -> Objective:
        """The loss, and the predicted probabilities N×2×H×W."""
        maps = self.network(torch.cat([batch.scene, batch.inserted], dim=1))
        return Objective(dice_loss(maps, _truth(batch)), maps)

    def scores(self, batch: ShadowSample, output: Tensor) -> Sequence[dict[str, float]]:
        found, wanted = (output >= 0.5).cpu().numpy(), (_truth(batch) > 0.5).cpu().numpy()
        return [
            {"jaccard": jaccard_score(confusion_counts(one, other))}
            for one, other in zip(found, wanted, strict=True)
        ]

    def preview(self, batch: ShadowSample) -> list[list[RGB]]:
        maps = self.objective(batch).output
        masks = [maps[:, :1] >= 0.5, batch.occluders > 0.5, maps[:, 1:] >= 0.5, batch.shadows > 0.5]
        columns = zip(*(to_masks(mask) for mask in masks), strict=True)
        return [
            [picture, *(show_mask(picture, mask) for mask in row)]
            for picture, row in zip(to_pictures(batch.scene), columns, strict=True)
        ]

    def configure_optimizers(self) -> Optimizer:
        return Adam(self.network.parameters(), lr=self.lr)

    def configure_callbacks(self) -> list[Any]:
        plateau = self.settings.plateau
        if plateau is None:
            return []
        return [PlateauSchedule(plateau.factor, plateau.patience, plateau.min_lr)]


def _truth(batch: ShadowSample) -> Tensor:
    """N×2×H×W, 0 or 1: occluders, then their shadows."""
    return torch.cat([batch.occluders, batch.shadows], dim=1)
