"""`clearscene seeds` and `clearscene versus` on real experiments of DVC."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.runs.spread import SEEDS_FILE
from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.long
EPOCHS = "networks.person_se.epochs=1"
CALL = ("clearscene", "seeds", "person_se", "--seeds", "1,2", "-S", EPOCHS)
NAMES = ("seeds-person_se-1", "seeds-person_se-2")


def read(repository: Repository, file: str | Path) -> list[dict[str, str]]:
    with (repository.root / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_two_seeds_are_trained_once_and_then_compared(
    collected: Repository, tmp_path: Path
) -> None:
    repository = collected.copy(tmp_path / "seeds")
    first = repository.run(*CALL)
    started = f"exp run --temp --name {NAMES[1]} -S seed=2 -S {EPOCHS} evaluate@person_se"
    assert f"[2/2] person_se, seed 2: {started}" in first.stdout
    runs = {
        run.info.run_id: (run.data.tags["dvc_experiment"], run.data.params["seed"])
        for run in repository.mlflow_runs()
    }
    assert sorted(runs.values()) == [(NAMES[0], "1"), (NAMES[1], "2")]
    status = repository.run("git", "status", "--short", "--untracked-files=all").stdout
    assert status.split() == ["??", "reports/seeds.csv"], "the workspace stays, but for the table"

    rows = {row["metric"]: row for row in read(repository, SEEDS_FILE)}
    jaccard = rows["jaccard"]
    values = [float(value) for value in jaccard["values"].split()]
    assert (jaccard["seeds"], jaccard["changes"]) == ("1 2", EPOCHS)
    assert values[0] != values[1]
    assert float(jaccard["mean"]) == pytest.approx(sum(values) / 2, abs=1e-5)
    assert float(jaccard["sd"]) == pytest.approx(abs(values[0] - values[1]) / 2**0.5, abs=1e-5)
    assert (float(jaccard["lowest"]), float(jaccard["highest"])) == (min(values), max(values))

    again = repository.run(*CALL)
    assert f"{NAMES[0]} is there already" in again.stdout
    assert "exp run" not in again.stdout
    assert {run.info.run_id for run in repository.mlflow_runs()} == set(runs)

    repository.run("clearscene", "versus", *NAMES, "--network", "person_se", "--csv", "both.csv")
    (row,) = read(repository, "both.csv")
    assert float(row["mean_a"]) == pytest.approx(values[0], abs=1e-5)
    assert float(row["mean_b"]) == pytest.approx(values[1], abs=1e-5)
    assert "too few pictures (4)" in row["verdict"]
