"""Pictures of before, after and truth, every few epochs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from pipeline.images import write_png
from pipeline.sheets import Row, contact_sheet, evenly
from pipeline.training.module import Recipe, SizedDataset

SAMPLES = 4


class Previews(Callback):
    """Draws a sheet of some validation samples after every so many epochs, and after the last.

    Args:
        samples: Validation part, from which a few are taken evenly.
        every: Epochs between sheets.
        folder: Where they are written, as `epoch_0003.png`.
        on_preview: Called with each file, in the main process only.
    """

    def __init__(
        self, samples: SizedDataset, every: int, folder: Path, on_preview: Callable[[Path], None]
    ) -> None:
        self.samples, self.every = samples, every
        self.folder, self.on_preview = folder, on_preview

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        epoch = trainer.current_epoch + 1
        is_due = epoch % self.every == 0 or epoch == trainer.max_epochs
        if is_due and trainer.is_global_zero and isinstance(pl_module, Recipe):
            self.folder.mkdir(parents=True, exist_ok=True)
            file = self.folder / f"epoch_{epoch:04d}.png"
            self._draw(trainer, pl_module, file)
            self.on_preview(file)

    def _draw(self, trainer: Trainer, recipe: Recipe, file: Path) -> None:
        places = evenly(range(len(self.samples)), SAMPLES)
        batch: Any = recipe.collate([self.samples[place] for place in places])
        modes = [(module, module.training) for module in recipe.modules()]
        recipe.eval()
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            rows = recipe.preview(trainer.strategy.batch_to_device(batch))
        for module, mode in modes:
            module.training = mode
        captions = (f"validation sample {place + 1}" for place in places)
        lines = [Row(caption, row) for caption, row in zip(captions, rows, strict=True)]
        write_png(file, contact_sheet(recipe.columns, lines))
