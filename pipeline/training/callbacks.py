"""Lightning callbacks whose state travels in the checkpoint, so that a resume changes nothing."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau

log = logging.getLogger(__name__)

Row = dict[str, float]
"""One epoch: its number from 1, the learning rate it ran at, and every logged mean."""


class PlateauSchedule(Callback):
    """ReduceLROnPlateau on the validation loss, for every optimiser or the first alone.

    Lightning steps such a schedule after the end-of-epoch checkpoint and skips that step on
    resume; a callback is stepped before it, so the checkpoint holds the rate of the next epoch.

    PyTorch's rule: the rate falls when more than `patience` epochs in a row were no better by a
    share of 1e-4. Keras' falls an epoch earlier, and asks for 1e-4 itself.
    """

    def __init__(
        self, factor: float, patience: int, min_lr: float, first_only: bool = False
    ) -> None:
        self.settings: dict[str, Any] = {"factor": factor, "patience": patience, "min_lr": min_lr}
        self.first_only = first_only
        self._restored: list[dict[str, Any]] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        optimisers = trainer.optimizers[: 1 if self.first_only else None]
        self.schedules = [ReduceLROnPlateau(one, **self.settings) for one in optimisers]
        for schedule, state in zip(self.schedules, self._restored, strict=False):
            schedule.load_state_dict(state)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for schedule in self.schedules:
            schedule.step(float(trainer.callback_metrics["val_loss"]))

    def state_dict(self) -> dict[str, Any]:
        return {"schedules": [schedule.state_dict() for schedule in self.schedules]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._restored = state_dict["schedules"]


class SeedEachEpoch(Callback):
    """Draws of an epoch (dropout, labels, sampled boxes) depend on seed, epoch and process alone.

    So no state of a generator has to survive a resume.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        numbers = self.seed, trainer.current_epoch, trainer.global_rank
        torch.manual_seed(int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]))


class History(Callback):
    """Keeps a row per epoch, hands it on, and says it in the log with the time that is left.

    Args:
        name: What is being trained, for the log.
        on_epoch: Called with each row.
    """

    def __init__(self, name: str, on_epoch: Callable[[Row], None]) -> None:
        self.name = name
        self.on_epoch = on_epoch
        self.rows: list[Row] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._began = time.monotonic()
        self._lr = trainer.optimizers[0].param_groups[0]["lr"]

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        means = {key: float(value) for key, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch + 1, "lr": self._lr, **dict(sorted(means.items()))}
        self.rows.append(row)
        if not trainer.is_global_zero:
            return
        self.on_epoch(row)
        seconds = time.monotonic() - self._began
        left = (trainer.max_epochs or 0) - trainer.current_epoch - 1
        scores = "  ".join(f"{key} {value:.4f}" for key, value in sorted(means.items()))
        log.info(
            "%s: epoch %d of %s  %s  (%.0f s; %.1f min left at most)",
            self.name, row["epoch"], trainer.max_epochs, scores, seconds, left * seconds / 60,
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = list(state_dict["rows"])


class HeedInterrupt(Callback):
    """Ends a training at its next step after a Ctrl-C that Python swallowed.

    KeyboardInterrupt is dropped when it is raised in a finaliser, and a loader ends its processes
    in one at the end of every epoch.
    """

    def __init__(self) -> None:
        self.came = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note every Ctrl-C in the block.

        Around the whole of `fit`: Lightning puts the handlers it found back after a failure, when
        callbacks have had their last word.
        """
        in_main = threading.current_thread() is threading.main_thread()
        # Another handler belongs to another; a job under nohup must ignore Ctrl-C.
        if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        signal.default_int_handler(number, frame)

    def on_train_batch_start(self, *_: Any) -> None:
        self._heed()

    def on_validation_batch_start(self, *_: Any, **__: Any) -> None:
        self._heed()

    def _heed(self) -> None:
        if self.came:
            raise KeyboardInterrupt
