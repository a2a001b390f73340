"""`person_se`: person cutout with DeepLabV3+ and squeeze-and-excite.

Data           "Person Segmentation" layout; 9 : 1, a validation part out of the nine;
               squares of 512; six variants of each training picture
Architecture   ResNet50 (ImageNet) → DeepLabV3+ with squeeze-and-excite
Objective      Dice loss
Optimiser      Adam, 1e-4, batch 2
Schedule       ReduceLROnPlateau(val_loss, ×0.1, patience 5, min 1e-7),
               EarlyStopping(val_loss, patience 20)
Selected by    lowest val_loss

Those are the values of the preset `reference`; every one is a parameter. Loss, optimiser, rate,
batch, epochs and the squeeze-and-excite ratio were not told by its author: they are those of the
nearest public recipe, with the Dice loss taken per picture (see `losses.segmentation`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch import Tensor
from torch.optim import Adam, Optimizer

from pipeline.datasets.people import PersonMasks, Sample, read_split
from pipeline.datasets.shards import ShardedPersonMasks, training_samples
from pipeline.losses.segmentation import dice_loss
from pipeline.metrics import confusion_counts, jaccard_score
from pipeline.networks.build import build
from pipeline.params import Params, learning_rate
from pipeline.sources.pretrained import imagenet_state
from pipeline.training.callbacks import PlateauSchedule


class PersonSE(lightning.LightningModule):
    """Everything about one trained network; see the top of the file."""

    name = "person_se"

    def __init__(self, params: Params) -> None:
        super().__init__()
        self.settings = params.networks.person_se
        self.multiply, self.variants_seed = params.person_split.multiply, params.splits.seed
        self.seed = params.seed
        self.lr = learning_rate(params.lr, self.settings.lr_scale)
        self.size = self.settings.size
        self.batch_size, self.epochs = self.settings.batch_size, self.settings.epochs
        self.architecture = {
            "name": "deeplab_v3_plus_se",
            "encoder": self.settings.encoder,
            "width": self.settings.width,
            "low_width": self.settings.low_width,
            "se_ratio": self.settings.se_ratio,
        }
        imagenet = imagenet_state(self.settings.encoder) if self.settings.pretrained else None
        torch.manual_seed(self.seed)
        network = build({**self.architecture, "imagenet": imagenet})
        # Convolutions over channels-last weights are faster on CPUs (`make bench`).
        self.network = network.to(memory_format=torch.channels_last)

    def datasets(
        self, split: Path, people: Path
    ) -> tuple[PersonMasks | ShardedPersonMasks, PersonMasks]:
        """Training and validation part."""
        return (
            training_samples(split, people, self.size, self.multiply, self.variants_seed),
            PersonMasks(read_split(split, people, "val"), self.size),
        )

    def objective(self, batch: Sample) -> tuple[dict[str, Tensor], Tensor]:
        """Named terms whose sum is minimised, and the predicted probabilities N×1×H×W."""
        probability = self.network(batch.picture)
        return dice_loss(probability, batch.mask), probability

    def training_step(self, batch: Sample, batch_idx: int) -> Tensor:
        terms, _ = self.objective(batch)
        return self._log_sum("train", terms, len(batch.picture))

    def validation_step(self, batch: Sample, batch_idx: int) -> None:
        terms, probability = self.objective(batch)
        self._log_sum("val", terms, len(batch.picture))
        predicted, truth = (probability > 0.5).cpu().numpy(), (batch.mask > 0.5).cpu().numpy()
        for one, other in zip(predicted, truth, strict=True):
            self.log("val_jaccard", jaccard_score(confusion_counts(one, other)), batch_size=1)

    def configure_optimizers(self) -> Optimizer:
        return Adam(self.network.parameters(), lr=self.lr)

    def configure_callbacks(self) -> list[Any]:
        plateau = self.settings.plateau
        return [
            PlateauSchedule(plateau.factor, plateau.patience, plateau.min_lr),
            EarlyStopping("val_loss", patience=self.settings.early_stopping),
        ]

    def _log_sum(self, part: str, terms: dict[str, Tensor], pictures: int) -> Tensor:
        loss = torch.stack(list(terms.values())).sum()
        self.log(
            f"{part}_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=pictures
        )
        return loss
