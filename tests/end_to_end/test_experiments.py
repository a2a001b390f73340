"""`dvc exp run`: its own learning rate in every run, and nothing trained twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import mlflow
import pytest

from tests.end_to_end.conftest import Repository, make_repository

pytestmark = pytest.mark.long
TARGET = "evaluate@person_se"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """The base rate and then 1e-5, as experiments."""
    repository = make_repository(tmp_path_factory.mktemp("experiments"))
    repository.run("dvc", "exp", "run", "--name", "base", TARGET)
    repository.run("dvc", "exp", "run", "--name", "slow", "-S", "lr=1e-5", TARGET)
    yield repository


def test_each_run_has_its_own_learning_rate_and_scores(trained: Repository) -> None:
    runs = {run.data.tags["dvc_experiment"]: run for run in trained.mlflow_runs()}
    assert float(runs["base"].data.params["lr"]) == 0.001
    assert float(runs["slow"].data.params["lr"]) == 1e-5
    assert runs["slow"].data.metrics["lr"] == 1e-5
    for run in runs.values():
        assert 0 <= run.data.metrics["test_jaccard"] <= 1
        assert run.data.metrics["train_loss"] > 0


def test_exp_show_lists_both_side_by_side(trained: Repository) -> None:
    table = list(csv.DictReader(io.StringIO(trained.run("dvc", "exp", "show", "--csv").stdout)))
    rates = {row["Experiment"]: float(row["lr"]) for row in table if row["Experiment"]}
    assert rates == {"base": 0.001, "slow": 1e-5}
    # Only person_se is scored here; where more are, the file's name stands before the score's.
    assert all(float(row["jaccard"]) >= 0 for row in table if row["Experiment"])


def test_going_back_restores_from_the_cache_and_still_has_a_run(trained: Repository) -> None:
    before = {run.info.run_id: run.data.tags["weights_sha256"] for run in trained.mlflow_runs()}
    output = trained.run("dvc", "exp", "run", "--name", "again", "-S", "lr=0.001", TARGET).stdout
    assert "Stage 'train@person_se' is cached" in output
    assert "Running stage 'evaluate@person_se'" in output
    runs = trained.mlflow_runs()
    assert {run.info.run_id for run in runs} == set(before), "no run is made twice"
    evaluated = "dvc_experiment_evaluated"
    (again,) = (run for run in runs if run.data.tags.get(evaluated) == "again")
    assert again.data.tags["dvc_experiment"] == "base"
    assert float(again.data.params["lr"]) == 0.001
    assert "test_jaccard" in again.data.metrics


def test_weights_from_the_cache_get_a_run_in_a_store_that_never_saw_them(
    trained: Repository,
) -> None:
    store = f"sqlite:///{trained.root}/other.db"
    output = trained.run(
        "dvc",
        "exp",
        "run",
        "--name",
        "elsewhere",
        "-S",
        "lr=1e-5",
        TARGET,
        MLFLOW_TRACKING_URI=store,
    )
    assert "Stage 'train@person_se' is cached" in output.stdout
    (run,) = trained.mlflow_runs(store="other.db")
    client = mlflow.MlflowClient(store)
    assert float(run.data.params["lr"]) == 1e-5
    assert [m.step for m in client.get_metric_history(run.info.run_id, "val_loss")] == [1, 2]
    assert "test_jaccard" in run.data.metrics


def test_a_temporary_experiment_logs_to_the_real_store(trained: Repository) -> None:
    trained.run("dvc", "exp", "run", "--temp", "--name", "aside", "-S", "lr=0.002", TARGET)
    runs = {run.data.tags["dvc_experiment"]: run for run in trained.mlflow_runs()}
    assert float(runs["aside"].data.params["lr"]) == 0.002
    assert "test_jaccard" in runs["aside"].data.metrics
