"""Training goes on where it was, and ends where it would have ended; so for every recipe."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.errors import PipelineError
from pipeline.images import read_picture
from pipeline.recipes import recipe
from pipeline.training.engine import Trained
from pipeline.training.resume import ResumeState
from tests.recipes.samples import MAKERS, train

EPOCHS = 4
ROOT = Path(__file__).parents[2]
Run = Callable[..., Trained]


class Stop(Exception):
    """What a test raises in the middle of a training."""


@pytest.fixture(scope="module")
def text(mini_params: Callable[..., str]) -> Callable[..., str]:
    """Parameters in miniature; no patience, so that schedules act and their state matters."""

    def text(name: str, **changes: Any) -> str:
        values: dict[str, Any] = {
            f"networks.{name}.epochs": EPOCHS,
            "training.preview_every": 0,
            "training.precision": "32-true",
        }
        if name in ("person_se", "person_bce_dice", "car_mask", "shadow", "shadow_attention"):
            values[f"networks.{name}.plateau"] = {"factor": 0.1, "patience": 0, "min_lr": 0.0}
        if name == "car_removal":
            values["networks.car_removal.dropout"] = 0.5
        changes = {key.replace("__", "."): value for key, value in changes.items()}
        return mini_params(Path("/"), {**values, **changes})

    return text


@pytest.fixture(scope="module")
def run(text: Callable[..., str]) -> Run:
    def run(name: str, folder: Path, on_epoch: Any = lambda row: None, **changes: Any) -> Trained:
        return train(name, text(name, **changes), folder, on_epoch)

    return run


@pytest.fixture(scope="module", params=MAKERS)
def name(request: pytest.FixtureRequest) -> str:
    network: str = request.param
    return network


@pytest.fixture(scope="module")
def uninterrupted(run: Run, name: str, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return run(name, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def person(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return run("person_se", tmp_path_factory.mktemp("person"))


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


def test_an_interrupted_training_ends_with_the_same_weights(
    run: Run, name: str, uninterrupted: Trained, tmp_path: Path
) -> None:
    with pytest.raises(Stop):
        run(name, tmp_path, stopped_in(3))
    assert ResumeState(tmp_path).epochs_done == 2
    seen: list[float] = []
    resumed = run(name, tmp_path, lambda row: seen.append(row["epoch"]))
    assert same(resumed, uninterrupted)
    assert seen == [3, 4]


@pytest.fixture(scope="module")
def killed(text: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of resume states, of trainings that SIGKILL ended in epoch 3."""
    folder = tmp_path_factory.mktemp("killed")
    for name in MAKERS:
        (folder / f"{name}.yaml").write_text(text(name))
    command = [sys.executable, "-m", "tests.training.self_killing", "3", str(folder)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return folder


@pytest.mark.long
def test_a_killed_training_ends_with_the_same_weights(
    run: Run, name: str, uninterrupted: Trained, killed: Path
) -> None:
    assert ResumeState(killed / name).epochs_done == 2
    assert same(run(name, killed / name), uninterrupted)


def test_the_best_epoch_and_the_last_are_kept_whichever_they_are(
    name: str, uninterrupted: Trained
) -> None:
    rows, monitor = uninterrupted.history, recipe(name).monitor
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    assert uninterrupted.last.epoch == EPOCHS
    best = (min if monitor.mode == "min" else max)(rows, key=lambda row: row[monitor.score])
    assert uninterrupted.best.epoch == best["epoch"]


def test_a_last_epoch_that_is_not_the_best_is_kept_too(run: Run, tmp_path: Path) -> None:
    """Only the first step is one down: the rate makes every later one overshoot."""
    worse = run("person_se", tmp_path, lr=3.0, networks__person_se__early_stopping=10)
    assert worse.best.epoch < EPOCHS
    assert worse.last.epoch == len(worse.history) == EPOCHS


class Presses:
    """Ctrl-C in its finaliser, as in that of a loader at the end of an epoch: Python drops it."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_swallows_is_heeded(run: Run, tmp_path: Path) -> None:
    def on_epoch(row: Any) -> None:
        if row["epoch"] == 2:
            Presses()

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run("person_se", tmp_path, on_epoch)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert ResumeState(tmp_path).epochs_done == 2


def test_after_a_failure_ctrl_c_is_python_s_own_again(run: Run, tmp_path: Path) -> None:
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(Stop):
            run("person_se", tmp_path, stopped_in(1))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, handler)


@pytest.mark.parametrize("epoch", [1, 2, EPOCHS])
def test_whenever_it_is_interrupted(run: Run, person: Trained, tmp_path: Path, epoch: int) -> None:
    with pytest.raises(Stop):
        run("person_se", tmp_path, stopped_in(epoch))
    assert ResumeState(tmp_path).epochs_done == epoch - 1
    assert same(run("person_se", tmp_path), person)


def test_a_finished_training_is_not_trained_again(
    run: Run, person: Trained, tmp_path: Path
) -> None:
    run("person_se", tmp_path)
    seen: list[Any] = []
    assert same(run("person_se", tmp_path, seen.append), person)
    assert not seen


def test_worker_processes_change_nothing(run: Run, person: Trained, tmp_path: Path) -> None:
    assert same(run("person_se", tmp_path, training__workers=1), person)


def test_another_seed_gives_other_weights(run: Run, person: Trained, tmp_path: Path) -> None:
    assert not same(run("person_se", tmp_path, seed=2), person)


def test_the_history_follows_the_schedule(person: Trained) -> None:
    rows = person.history
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    best = min(rows, key=lambda row: row["val_loss"])
    assert person.best.epoch == best["epoch"]
    assert person.best.scores["val_loss"] == best["val_loss"]
    assert person.last.epoch == EPOCHS
    lowest = float("inf")
    for row, following in pairwise(rows):
        expected = row["lr"] if row["val_loss"] < lowest * (1 - 1e-4) else row["lr"] * 0.1
        assert following["lr"] == pytest.approx(expected)
        lowest = min(lowest, row["val_loss"])


def test_early_stopping_ends_it(run: Run, tmp_path: Path) -> None:
    ended = run(
        "person_se",
        tmp_path,
        networks__person_se__early_stopping=1,
        networks__person_se__epochs=60,
        lr=1e-12,  # nothing moves but the BatchNorm statistics
    )
    assert len(ended.history) < 60


def test_what_has_stopped_early_does_not_go_on(run: Run, tmp_path: Path) -> None:
    """Killed between the last epoch and the end of the stage."""
    changes = {
        "lr": 3.0,
        "networks__person_se__early_stopping": 1,
        "networks__person_se__epochs": 9,
    }
    stopped = run("person_se", tmp_path, **changes)
    assert len(stopped.history) < 9
    assert same(run("person_se", tmp_path, **changes), stopped)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"training__precision": "16-mixed"}, r"training\.precision: 16-mixed needs a GPU"),
        (
            {"training__accelerator": "gpu", "training__devices": 9},
            r"training\.accelerator, devices or strategy does not fit this machine",
        ),
    ],
)
def test_what_this_machine_cannot_do_is_refused_by_its_key(
    run: Run, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(PipelineError, match=says):
        run("person_se", tmp_path, **changes)


def test_too_few_samples_for_a_batch_are_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"networks\.person_se\.batch_size"):
        run("person_se", tmp_path, networks__person_se__batch_size=512)


def test_a_loss_that_is_no_number_stops_with_its_place_and_terms(run: Run, tmp_path: Path) -> None:
    message = r"person_bce_dice: the loss is not finite in epoch \d, step \d+ \(bce \S+, dice"
    with pytest.raises(PipelineError, match=message):
        run("person_bce_dice", tmp_path, lr=1e30)


@pytest.mark.parametrize(
    ("key", "value"),
    [("accumulate", 2), ("clip", 1e-4), ("channels_last", False), ("precision", "bf16-mixed")],
)
def test_the_engine_does_what_its_parameters_say(
    run: Run, name: str, uninterrupted: Trained, tmp_path: Path, key: str, value: Any
) -> None:
    """Every one changes the numbers, if only the last digits, and none breaks a recipe."""
    other = run(name, tmp_path, **{f"training__{key}": value})
    assert len(other.history) == EPOCHS
    if key != "channels_last":
        assert not same(other, uninterrupted)


def test_previews_are_drawn_every_few_epochs_and_at_the_end(
    run: Run, name: str, tmp_path: Path
) -> None:
    run(name, tmp_path, training__preview_every=3)
    files = sorted((tmp_path / "previews").iterdir())
    assert [file.name for file in files] == ["epoch_0003.png", "epoch_0004.png"]
    sheet = read_picture(files[0])
    assert sheet.std() > 10


def test_previews_change_nothing(
    run: Run, name: str, uninterrupted: Trained, tmp_path: Path
) -> None:
    assert same(run(name, tmp_path, training__preview_every=1), uninterrupted)
