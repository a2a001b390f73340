"""One training from start, or from where it was interrupted, to its best and last weights."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol, cast

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from pipeline.errors import PipelineError
from pipeline.training.callbacks import History, Row
from pipeline.training.resume import BEST, ResumeState

log = logging.getLogger(__name__)


class SizedDataset(Protocol):
    """A dataset of known length."""

    def __len__(self) -> int:
        """How many samples there are."""
        ...

    def __getitem__(self, index: int) -> Any:
        """One sample."""
        ...


class Weights(NamedTuple):
    """State dict of the network after an epoch (counted from 1), with that epoch's scores."""

    state: dict[str, Tensor]
    epoch: int
    scores: dict[str, float]


class Trained(NamedTuple):
    """What a training leaves."""

    best: Weights
    last: Weights
    history: list[Row]


class EpochShuffle(Sampler[int]):
    """Random order that depends on the seed and the epoch alone, so that it survives a resume.

    Args:
        length: Number of samples.
        seed: Of the order.
        epoch: The first epoch; Lightning sets the later ones.
    """

    def __init__(self, length: int, seed: int, epoch: int) -> None:
        self.length, self.seed, self.epoch = length, seed, epoch

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        yield from torch.randperm(self.length, generator=generator).tolist()


def fit(
    name: str,
    module: lightning.LightningModule,
    train: SizedDataset,
    validation: SizedDataset,
    *,
    batch_size: int,
    epochs: int,
    seed: int,
    workers: int,
    accelerator: str,
    precision: str,
    resume: ResumeState,
    on_epoch: Callable[[Row], None],
) -> Trained:
    """Train until `epochs` or an early stop; go on from `resume` if it holds a finished epoch.

    Args:
        name: For the log.
        module: Its `network` attribute is what is trained; it logs `val_loss`.
        train: Samples; shuffled, the last short batch is dropped.
        validation: Samples; the epoch with the lowest `val_loss` over them is the best.
        batch_size: Of both.
        epochs: At most.
        seed: Of the order of samples.
        workers: Processes that load data; 0 loads in this one.
        accelerator: As Lightning names it.
        precision: As Lightning names it, or `auto` (see `resolved_precision`).
        resume: Holds the state between epochs.
        on_epoch: Called once per finished epoch, never again for it after a resume.

    Raises:
        PipelineError: Too few samples for one batch.
        KeyboardInterrupt: Stopped by the keyboard; what `resume` holds is whole.
    """
    order = EpochShuffle(len(train), seed, resume.epochs_done)
    if len(order) < batch_size:
        raise PipelineError(
            f"{name}: {len(order)} training samples do not fill a batch of {batch_size}; "
            f"lower networks.{name}.batch_size or add pictures"
        )
    history = History(name, on_epoch)
    trainer = _trainer(
        epochs, accelerator, resolved_precision(precision, accelerator), history, resume
    )
    if resume.epochs_done:
        log.info("%s: goes on after epoch %d of %d", name, resume.epochs_done, epochs)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.*is deprecated")
            warnings.filterwarnings("ignore", message="Checkpoint directory .* exists")
            trainer.fit(
                module,
                _loader(train, batch_size, workers, order),
                _loader(validation, batch_size, workers, None),
                ckpt_path=str(resume.last) if resume.epochs_done else None,
                weights_only=True,
            )
    except SystemExit:  # Lightning's answer to Ctrl-C, after it has shut down
        raise KeyboardInterrupt from None
    best, last = (_weights(resume, file, history.rows) for file in (resume.best, resume.last))
    return Trained(best, last, history.rows)


def resolved_precision(precision: str, accelerator: str) -> str:
    """What `auto` means here: bf16-mixed if the processor computes in bf16, else 32-true.

    Emulated bf16 is slower than float32, so a CPU must have AVX512-BF16 or AMX.
    """
    if precision != "auto":
        return precision
    if accelerator != "cpu" and torch.cuda.is_available():
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        abilities = torch.cpu.get_capabilities()
        has_bf16 = any(abilities.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return "bf16-mixed" if has_bf16 else "32-true"


def _trainer(
    epochs: int, accelerator: str, precision: Any, history: History, resume: ResumeState
) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    checkpoint = ModelCheckpoint(
        dirpath=resume.folder,
        filename=BEST,
        monitor="val_loss",
        save_last=True,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    shows_bar = sys.stderr.isatty()
    return lightning.Trainer(
        max_epochs=epochs,
        accelerator=accelerator,
        precision=precision,
        devices=1,
        deterministic="warn",
        callbacks=[history, checkpoint, *([TQDMProgressBar()] if shows_bar else [])],
        logger=False,
        enable_progress_bar=shows_bar,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def _loader(
    dataset: SizedDataset, batch_size: int, workers: int, sampler: Sampler[int] | None
) -> DataLoader[Any]:
    return DataLoader(
        cast(Dataset[Any], dataset),
        batch_size=batch_size,
        sampler=sampler,
        num_workers=workers,
        persistent_workers=workers > 0,
        drop_last=sampler is not None,  # BatchNorm fails on a last batch of one
    )


def _weights(resume: ResumeState, file: Any, rows: list[Row]) -> Weights:
    checkpoint = resume.read(file)
    prefix = "network."
    state = {
        key.removeprefix(prefix): tensor
        for key, tensor in checkpoint["state_dict"].items()
        if key.startswith(prefix)
    }
    epoch = int(checkpoint["epoch"]) + 1
    scores = {key: value for key, value in rows[epoch - 1].items() if key.startswith("val_")}
    return Weights(state, epoch, scores)
