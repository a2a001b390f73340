"""Which run made the weights that are served."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipeline.errors import PipelineError
from pipeline.serving.lookup import RunLookup
from pipeline.tracking import WEIGHTS_TAG
from pipeline.tracking.lookup import find_runs
from pipeline.tracking.tracker import EXPERIMENT

A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def runs(client: MlflowClient) -> dict[str, str]:
    """A run of A, a later one of A too, one of B that was deleted, one of C elsewhere."""
    ours, other = client.create_experiment(EXPERIMENT), client.create_experiment("other")

    def add(experiment: str, sha: str, start: int) -> str:
        tags = {WEIGHTS_TAG: sha}
        return str(client.create_run(experiment, start, tags).info.run_id)

    made = {"later": add(ours, A, 2000), "earlier": add(ours, A, 1000)}
    client.delete_run(add(ours, B, 1000))
    add(other, C, 1000)
    return made


def ask(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.tracking.lookup", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def wait_for(answer: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not answer():
        assert time.monotonic() < end, "no answer"
        time.sleep(0.02)


def test_the_newest_run_is_told_on_one_line(runs: dict[str, str]) -> None:
    done = ask(A, B, C)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {A: runs["later"], B: None, C: None}
    assert done.stdout.count("\n") == 1


def test_database_and_server_tell_the_same(
    runs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_file = find_runs([A, B, C])
    # Any address that is not SQLite's goes through MLflow's client: here its own word for a file.
    monkeypatch.setattr("pipeline.tracking.lookup.tracking_uri", lambda: "elsewhere")
    monkeypatch.setattr(
        "mlflow.tracking.MlflowClient",
        lambda address: MlflowClient(f"sqlite:///{tmp_path}/mlflow.db"),
    )
    assert find_runs([A, B, C]) == by_file


def test_the_store_is_only_read(runs: dict[str, str], tmp_path: Path) -> None:
    before = (tmp_path / "mlflow.db").read_bytes()
    find_runs([A])
    assert (tmp_path / "mlflow.db").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_store_in_use_is_read_all_the_same(runs: dict[str, str], tmp_path: Path) -> None:
    writer = sqlite3.connect(tmp_path / "mlflow.db")
    writer.execute("BEGIN IMMEDIATE")
    assert find_runs([A]) == {A: runs["later"]}
    writer.close()


def test_where_there_is_no_store_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    done = ask(A)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{tmp_path}/mlflow.db: no such store of runs; training writes one\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no database, but a text" * 100])
def test_a_damaged_store_is_named(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "mlflow.db").write_bytes(content)
    with pytest.raises(PipelineError, match=r"mlflow\.db: cannot be asked for runs"):
        find_runs([A])
    assert (tmp_path / "mlflow.db").read_bytes() == content


def test_a_relative_address_and_signs_in_names(
    runs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "50% of #1"
    folder.mkdir()
    shutil.copy(tmp_path / "mlflow.db", folder / "my runs.db")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///my runs.db")
    assert find_runs([A]) == {A: runs["later"]}


@pytest.mark.parametrize("arguments", [(), ("--help",), (A, "' OR 1=1")])
def test_anything_but_hashes_is_refused(arguments: tuple[str, ...]) -> None:
    done = ask(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: ")


def test_serving_learns_the_run_in_the_background(runs: dict[str, str]) -> None:
    lookup = RunLookup()
    began = time.monotonic()
    assert lookup(A) is None
    assert time.monotonic() - began < 5
    wait_for(lambda: lookup(A))
    assert lookup(A) == runs["later"]
    assert lookup("") is None
    assert lookup("--help") is None


def test_serving_says_once_why_there_is_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    lookup = RunLookup(again=0)
    with caplog.at_level(logging.INFO):
        assert lookup(A) is None
        wait_for(lambda: caplog.messages)
        assert lookup(A) is None
        assert lookup(B) is None
        wait_for(lambda: lookup._is_asking is False)
    (line,) = caplog.messages
    assert line.startswith("runs of the weights are not shown: ")
    assert "no such store of runs" in line


def test_what_was_not_known_is_asked_again(client: MlflowClient) -> None:
    lookup = RunLookup(again=0)
    assert lookup(A) is None
    wait_for(lambda: lookup._is_asking is False)
    experiment = client.create_experiment(EXPERIMENT)
    run = client.create_run(experiment, tags={WEIGHTS_TAG: A}).info.run_id
    wait_for(lambda: lookup(A))
    assert lookup(A) == run
