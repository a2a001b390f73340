"""A training that is killed goes on where it was, and ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.long
EPOCHS = 4
ENDLESS = {"networks.person_se.epochs": 10_000, "networks.person_se.early_stopping": 10_000}


@pytest.fixture
def prepared(collected: Repository, tmp_path: Path) -> Callable[[], Repository]:
    """Make repositories in which only training is left to do."""

    def prepare() -> Repository:
        repository = collected.copy(tmp_path / f"repository_{len(list(tmp_path.iterdir()))}")
        # A patience of no epoch makes the schedule act, so that its state matters on a resume.
        repository.set_params(
            {
                "networks.person_se.epochs": EPOCHS,
                "networks.car_removal.epochs": EPOCHS,
                "networks.person_se.plateau.patience": 0,
            }
        )
        return repository

    return prepare


def weights(repository: Repository, network: str) -> dict[str, torch.Tensor]:
    return {
        f"{name}/{key}": tensor
        for name in ("best", "last")
        for key, tensor in torch.load(repository.root / f"models/{network}/{name}.pt").items()
    }


def resume_file(repository: Repository, network: str = "person_se") -> Path | None:
    return next(repository.root.glob(f".clearscene/resume/{network}/*/last.ckpt"), None)


def wait_for_an_epoch(
    repository: Repository, process: subprocess.Popen[bytes], network: str = "person_se"
) -> None:
    """Return as soon as the first epoch's end is on disk: the second has begun."""
    deadline = time.monotonic() + 240
    while resume_file(repository, network) is None:
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill_in_an_epoch(repository: Repository, network: str) -> None:
    process = repository.start("dvc", "repro", f"train@{network}")
    wait_for_an_epoch(repository, process, network)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("network", ["person_se", "car_removal"])
def test_killed_training_goes_on_in_its_own_run_to_the_same_weights(
    prepared: Callable[[], Repository], network: str
) -> None:
    plain, killed, stage = prepared(), prepared(), f"train@{network}"
    plain.run("dvc", "repro", stage)
    kill_in_an_epoch(killed, network)
    assert not (killed.root / "models" / network).exists(), "half a model is no model"
    again = killed.run("dvc", "repro", stage)
    assert "goes on after epoch" in again.stderr
    ours, theirs = weights(killed, network), weights(plain, network)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    history = Path("models", network, "history.csv")
    assert (killed.root / history).read_text() == (plain.root / history).read_text()
    (run,) = killed.mlflow_runs()
    assert run.info.status == "FINISHED"
    assert resume_file(killed, network) is None


def test_other_parameters_never_continue_a_killed_training(
    prepared: Callable[[], Repository],
) -> None:
    repository = prepared()
    kill_in_an_epoch(repository, "person_se")
    repository.set_params({"lr": 0.002})
    again = repository.run("dvc", "repro", "train@person_se")
    assert "goes on after epoch" not in again.stderr
    assert f"epoch 1 of {EPOCHS}" in again.stderr


def test_a_second_repro_beside_a_running_stage_stops_with_one_line(
    prepared: Callable[[], Repository],
) -> None:
    repository = prepared()
    repository.set_params(ENDLESS)
    process = repository.start("python", "-m", "pipeline.stages.train", "person_se")
    try:
        wait_for_an_epoch(repository, process)
        second = repository.run("dvc", "repro", "train@person_se", check=False)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert second.returncode != 0
    assert "train@person_se is already running" in second.stderr
    assert "Traceback" not in second.stderr


def test_an_interrupt_ends_with_one_line_and_a_run_that_says_so(
    prepared: Callable[[], Repository],
) -> None:
    repository = prepared()
    repository.set_params(ENDLESS)
    process = repository.start("python", "-m", "pipeline.stages.train", "person_se")
    wait_for_an_epoch(repository, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert resume_file(repository) is not None
    assert not (repository.root / "models/person_se").exists()
    (run,) = repository.mlflow_runs()
    assert run.info.status == "KILLED"
