"""Batches of both parts, for one process of any number."""

from __future__ import annotations

from typing import Any, cast

import lightning.pytorch as lightning
from torch import Generator, nn
from torch.utils.data import DataLoader, Dataset

from pipeline.errors import PipelineError
from pipeline.training.module import Datasets, Recipe, SizedDataset
from pipeline.training.order import EpochOrder


class Batches(lightning.LightningDataModule):
    """Training batches, shared out among the processes, and validation batches, whole for each.

    Every process validates the whole part: the score, and with it the epoch that is selected, is
    the same on any number of devices.

    Args:
        recipe: Says how samples become a batch.
        datasets: Both parts.
        batch_size: Of all processes together.
        seed: Of the order.
        epoch: From which to go on.
        workers: Processes that load data; 0 loads in this one.
    """

    def __init__(
        self,
        recipe: Recipe,
        datasets: Datasets,
        *,
        batch_size: int,
        seed: int,
        epoch: int,
        workers: int,
    ) -> None:
        super().__init__()
        self.recipe, self.datasets, self.batch_size = recipe, datasets, batch_size
        self.seed, self.epoch, self.workers = seed, epoch, workers
        if len(datasets.train) < batch_size:
            raise PipelineError(
                f"{recipe.name}: {len(datasets.train)} training samples do not fill a batch of "
                f"{batch_size}; lower networks.{recipe.name}.batch_size or add pictures"
            )

    def setup(self, stage: str) -> None:
        world = self._trainer().world_size
        if self.batch_size % world:
            raise PipelineError(
                f"networks.{self.recipe.name}.batch_size: {self.batch_size} cannot be shared out "
                f"among {world} processes; take a multiple"
            )
        if world == self.batch_size and any(
            isinstance(layer, nn.BatchNorm2d) for layer in self.recipe.modules()
        ):
            raise PipelineError(
                f"networks.{self.recipe.name}.batch_size: {self.batch_size} leaves each of {world} "
                "processes one sample, too few for BatchNorm; take two for each at least"
            )

    def train_dataloader(self) -> DataLoader[Any]:
        trainer, train = self._trainer(), self.datasets.train
        order = EpochOrder(
            len(train),
            self.seed,
            max(self.epoch, trainer.current_epoch),
            rank=trainer.global_rank,
            world=trainer.world_size,
            counts_on=getattr(train, "counts_on", False),
        )
        return self._loader(train, self.batch_size // trainer.world_size, order)

    def val_dataloader(self) -> DataLoader[Any]:
        return self._loader(self.datasets.validation, self.batch_size, None)

    def _loader(
        self, dataset: SizedDataset, batch_size: int, order: EpochOrder | None
    ) -> DataLoader[Any]:
        return DataLoader(
            cast(Dataset[Any], dataset),
            batch_size=batch_size,
            sampler=order,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            drop_last=order is not None,  # BatchNorm fails on a last batch of one
            collate_fn=self.recipe.collate,
            generator=Generator().manual_seed(self.seed),  # leaves the global one to the network
        )

    def _trainer(self) -> lightning.Trainer:
        if self.trainer is None:
            raise RuntimeError("no trainer is attached")
        return self.trainer
