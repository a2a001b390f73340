"""One training from start, or from where it was interrupted, to its best and last weights."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as lightning
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar
from torch import Tensor

from pipeline.errors import PipelineError
from pipeline.sections.training import Training
from pipeline.training.callbacks import HeedInterrupt, History, Row, SeedEachEpoch
from pipeline.training.data import Batches
from pipeline.training.module import AdversarialRecipe, Datasets, Recipe
from pipeline.training.previews import Previews
from pipeline.training.resume import BEST, LAST, ResumeState

log = logging.getLogger(__name__)

QUIET = (
    ".*does not have many workers.*",
    ".*LeafSpec.*is deprecated",
    "Checkpoint directory .* exists",
)


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


def fit(
    recipe: Recipe,
    datasets: Datasets,
    how: Training,
    *,
    batch_size: int,
    epochs: int,
    seed: int,
    resume: ResumeState,
    on_epoch: Callable[[Row], None],
    on_preview: Callable[[Path], None],
) -> None:
    """Train until `epochs` or an early stop; go on from `resume` if it holds a finished epoch.

    What comes of it is in `resume`: see `trained`.

    Args:
        recipe: What is trained.
        datasets: The training part is shuffled, its last short batch is dropped; over the
            validation part the recipe's `monitor` selects the best epoch.
        how: Devices, precision and the like.
        batch_size: Of one step over all devices.
        epochs: At most.
        seed: Of the order of samples, and of all draws in training.
        resume: Holds the state between epochs.
        on_epoch: Called once per finished epoch, never again for it after a resume.
        on_preview: Called with each sheet of before, after and truth.

    Raises:
        PipelineError: Too few samples for one batch, or a loss that is not finite.
        KeyboardInterrupt: Stopped by the keyboard; what `resume` holds is whole.
    """
    done = resume.epochs_done
    batches = Batches(
        recipe, datasets, batch_size=batch_size, seed=seed, epoch=done, workers=how.workers
    )
    previews = Previews(datasets.validation, how.preview_every, resume.previews, on_preview)
    interrupt = HeedInterrupt()
    trainer = _trainer(
        recipe, how, epochs, resume,
        [SeedEachEpoch(seed), interrupt, History(recipe.name, on_epoch),
         *([previews] if how.preview_every else [])],
    )  # fmt: skip
    if how.channels_last:  # convolutions over such weights are faster (`make bench`)
        recipe.to(memory_format=torch.channels_last)
    if how.compile:
        recipe.network.compile()
    if done and _had_stopped(resume):
        log.info("%s: had stopped early after epoch %d", recipe.name, done)
        return
    if done:
        log.info("%s: goes on after epoch %d of %d", recipe.name, done, epochs)
    try:
        with warnings.catch_warnings(), interrupt.listening():
            for message in QUIET:
                warnings.filterwarnings("ignore", message=message)
            trainer.fit(
                recipe,
                datamodule=batches,
                ckpt_path=str(resume.last) if done else None,
                weights_only=True,
            )
    except SystemExit:  # Lightning's answer to Ctrl-C, after it has shut down
        raise KeyboardInterrupt from None


def _had_stopped(resume: ResumeState) -> bool:
    """Whether it ended early: Lightning would go on, as it asks only after another epoch."""
    states = resume.read(resume.last)["callbacks"]
    return any(
        state["wait_count"] >= state["patience"]
        for name, state in states.items()
        if name.startswith(EarlyStopping.__qualname__)
    )


def trained(resume: ResumeState) -> Trained:
    """The weights and the history that a finished `fit` left."""
    rows = resume.read(resume.last)["callbacks"][History.__qualname__]["rows"]
    best, last = (_weights(resume, file, rows) for file in (resume.best, resume.last))
    return Trained(best, last, rows)


def resolved_precision(precision: str, accelerator: str) -> str:
    """What `auto` means here: bf16-mixed if the processor computes in bf16, else 32-true.

    Emulated bf16 is slower than float32, so a CPU must have AVX512-BF16 or AMX.

    Raises:
        PipelineError: It is fp16, for which training needs a GPU.
    """
    on_gpu = accelerator != "cpu" and torch.cuda.is_available()
    if precision == "16-mixed" and not on_gpu:
        raise PipelineError(
            "training.precision: 16-mixed needs a GPU; take auto, bf16-mixed or 32-true"
        )
    if precision != "auto":
        return precision
    if on_gpu:
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        abilities = torch.cpu.get_capabilities()
        has_bf16 = any(abilities.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return "bf16-mixed" if has_bf16 else "32-true"


def _trainer(
    recipe: Recipe, how: Training, epochs: int, resume: ResumeState, callbacks: list[Any]
) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    files: dict[str, Any] = {
        "dirpath": resume.folder, "save_on_train_epoch_end": True, "enable_version_counter": False
    }  # fmt: skip
    # Two, because one with `save_last` leaves the last epoch out unless it is the best. The last
    # comes last: it holds the state of the other.
    best = ModelCheckpoint(
        filename=BEST, monitor=recipe.monitor.score, mode=recipe.monitor.mode, **files
    )
    last = ModelCheckpoint(filename=LAST, **files)
    steps: dict[str, Any] = {
        "accumulate_grad_batches": how.accumulate,
        "gradient_clip_val": how.clip or None,
    }
    if isinstance(recipe, AdversarialRecipe):  # steps by hand: Lightning takes neither
        recipe.accumulate, recipe.clip, steps = how.accumulate, how.clip, {}
    shows_bar = sys.stderr.isatty()
    try:
        return lightning.Trainer(
            max_epochs=epochs,
            accelerator=how.accelerator,
            devices=how.devices,
            num_nodes=how.nodes,
            strategy=_strategy(recipe, how),
            precision=resolved_precision(how.precision, how.accelerator),  # type: ignore[arg-type]
            deterministic="warn",
            use_distributed_sampler=False,  # see `data.Batches`
            callbacks=[*callbacks, best, last, *([TQDMProgressBar()] if shows_bar else [])],
            logger=False,
            enable_progress_bar=shows_bar,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            **steps,
        )
    except MisconfigurationException as problem:
        raise PipelineError(
            f"training.accelerator, devices or strategy does not fit this machine: {problem}"
        ) from None


def _strategy(recipe: Recipe, how: Training) -> str:
    if how.strategy == "auto" and how.devices * how.nodes == 1:
        return "auto"
    # In a step against a discriminator each of the two networks rests while the other learns.
    return "ddp_find_unused_parameters_true" if isinstance(recipe, AdversarialRecipe) else "ddp"


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
