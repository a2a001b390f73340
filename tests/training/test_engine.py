"""Training goes on where it was, and ends where it would have ended."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.errors import PipelineError
from pipeline.params import parse_params
from pipeline.recipes.person_se import PersonSE
from pipeline.stages.paths import PERSON_SPLIT
from pipeline.training.engine import Trained, fit
from pipeline.training.resume import ResumeState
from tests.workspace_fixture import Workspace

EPOCHS = 4


class Stop(Exception):
    """What a test raises in the middle of a training."""


@pytest.fixture(scope="module")
def run(workspace: Workspace) -> Callable[..., Trained]:
    """Train the miniature network on the split of the workspace."""

    def train(folder: Path, on_epoch: Callable[[Any], None], **changes: Any) -> Trained:
        # No patience: the schedule acts, so its state matters.
        values = {"networks.person_se.epochs": EPOCHS, "networks.person_se.plateau.patience": 0}
        params = parse_params(workspace.params_text({**values, **changes}))
        torch.manual_seed(params.seed)
        module = PersonSE(params)
        split = workspace.root / PERSON_SPLIT / "split.csv"
        return fit(
            "person_se",
            module,
            *module.datasets(split, Path(params.inputs.people)),
            batch_size=module.batch_size,
            epochs=module.epochs,
            seed=params.seed,
            workers=changes.get("training.workers", 0),
            accelerator="cpu",
            precision="32-true",
            resume=ResumeState(folder),
            on_epoch=on_epoch,
        )

    return train


@pytest.fixture(scope="module")
def uninterrupted(run: Callable[..., Trained], tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return run(tmp_path_factory.mktemp("plain"), lambda row: None)


def same(one: Trained, other: Trained) -> bool:
    tensors = all(
        torch.equal(ours.state[key], theirs.state[key])
        for ours, theirs in ((one.best, other.best), (one.last, other.last))
        for key in ours.state
    )
    return tensors and one.history == other.history


def stopped_in(epoch: int) -> Callable[[Any], None]:
    def on_epoch(row: Any) -> None:
        if row["epoch"] == epoch:
            raise Stop

    return on_epoch


@pytest.mark.parametrize("epoch", [1, 2, EPOCHS])
def test_an_interrupted_training_ends_with_the_same_weights(
    run: Callable[..., Trained], uninterrupted: Trained, tmp_path: Path, epoch: int
) -> None:
    with pytest.raises(Stop):
        run(tmp_path, stopped_in(epoch))
    assert ResumeState(tmp_path).epochs_done == epoch - 1
    seen: list[float] = []
    resumed = run(tmp_path, lambda row: seen.append(row["epoch"]))
    assert same(resumed, uninterrupted)
    assert seen == list(range(epoch, EPOCHS + 1))


def test_a_finished_training_is_not_trained_again(
    run: Callable[..., Trained], uninterrupted: Trained, tmp_path: Path
) -> None:
    run(tmp_path, lambda row: None)
    seen: list[Any] = []
    assert same(run(tmp_path, seen.append), uninterrupted)
    assert not seen


def test_worker_processes_change_nothing(
    run: Callable[..., Trained], uninterrupted: Trained, tmp_path: Path
) -> None:
    assert same(run(tmp_path, lambda row: None, **{"training.workers": 1}), uninterrupted)


def test_another_seed_gives_other_weights(
    run: Callable[..., Trained], uninterrupted: Trained, tmp_path: Path
) -> None:
    assert not same(run(tmp_path, lambda row: None, seed=2), uninterrupted)


def test_the_history_follows_the_schedule(uninterrupted: Trained) -> None:
    rows = uninterrupted.history
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    best = min(rows, key=lambda row: row["val_loss"])
    assert uninterrupted.best.epoch == best["epoch"]
    assert uninterrupted.best.scores["val_loss"] == best["val_loss"]
    assert uninterrupted.last.epoch == EPOCHS
    lowest = float("inf")
    for row, following in pairwise(rows):
        expected = row["lr"] if row["val_loss"] < lowest * (1 - 1e-4) else row["lr"] * 0.1
        assert following["lr"] == pytest.approx(expected)
        lowest = min(lowest, row["val_loss"])


def test_early_stopping_ends_it(run: Callable[..., Trained], tmp_path: Path) -> None:
    values = {
        "networks.person_se.early_stopping": 1,
        "networks.person_se.epochs": 60,
        "lr": 1e-12,  # nothing moves but the BatchNorm statistics
    }
    assert len(run(tmp_path, lambda row: None, **values).history) < 60


def test_too_few_samples_for_a_batch_are_refused(
    run: Callable[..., Trained], tmp_path: Path
) -> None:
    with pytest.raises(PipelineError, match=r"networks\.person_se\.batch_size"):
        run(tmp_path, lambda row: None, **{"networks.person_se.batch_size": 512})
