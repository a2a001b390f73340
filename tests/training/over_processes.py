"""Train a recipe in miniature on some devices, and write down what each process did.

`python -m tests.training.over_processes PARAMS NETWORK FOLDER still|free`; devices and all else
stand in PARAMS. Lightning starts the other processes by running the same command again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback

from pipeline.recipes import recipe
from tests.recipes.samples import train

RANK = int(os.environ.get("LOCAL_RANK", "0"))


class Recorder(Callback):
    """Keeps the gradients of each optimiser's first step, and which samples came."""

    def __init__(self, folder: Path, still: bool) -> None:
        self.folder, self.still = folder, still
        self.stepped: set[int] = set()
        self.gradients: dict[str, torch.Tensor] = {}
        self.seen: list[float] = []

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if self.still:  # statistics over half a batch are others than over the whole
            for layer in pl_module.modules():
                if isinstance(layer, torch.nn.BatchNorm2d):
                    layer.eval()

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.current_epoch == 0:
            self.seen += [round(float(sample.double().sum()), 6) for sample in batch[0]]

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        if id(optimizer) in self.stepped:
            return
        self.stepped.add(id(optimizer))
        for name, parameter in pl_module.named_parameters():
            if parameter.grad is not None:
                self.gradients[name] = parameter.grad.clone()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        record = {
            "gradients": self.gradients,
            "seen": self.seen,
            "weights": dict(pl_module.named_parameters()),
            "rates": [group["lr"] for one in trainer.optimizers for group in one.param_groups],
        }
        torch.save(record, self.folder / f"rank_{trainer.global_rank}.pt")


def main(params: Path, network: str, folder: Path, mode: str) -> None:
    page = recipe(network)
    others = page.configure_callbacks
    page.configure_callbacks = lambda self: [*others(self), Recorder(folder, mode == "still")]  # type: ignore[method-assign]
    train(network, params.read_text(), folder / "resume", count=12)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4])
