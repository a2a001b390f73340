"""`dvc exp run`: its own learning rate in every run, and nothing trained twice."""

from __future__ import annotations

import csv
import io

import mlflow
import pytest

from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.long
TARGET = "evaluate@person_se"


def test_each_run_has_its_own_learning_rate_and_scores(experiments: Repository) -> None:
    runs = {run.data.tags["dvc_experiment"]: run for run in experiments.mlflow_runs()}
    assert float(runs["base"].data.params["lr"]) == 0.001
    assert float(runs["slow"].data.params["lr"]) == 1e-5
    assert runs["slow"].data.metrics["lr"] == 1e-5
    for run in runs.values():
        assert 0 <= run.data.metrics["test_jaccard"] <= 1
        assert run.data.metrics["train_loss"] > 0


def test_exp_show_lists_both_side_by_side(experiments: Repository) -> None:
    table = list(csv.DictReader(io.StringIO(experiments.run("dvc", "exp", "show", "--csv").stdout)))
    rates = {row["Experiment"]: float(row["lr"]) for row in table if row["Experiment"]}
    assert rates == {"base": 0.001, "slow": 1e-5}
    # Cutouts are scored too; where names agree, DVC sets the file's before them.
    scores = [row["reports/person_se/metrics.json:jaccard"] for row in table if row["Experiment"]]
    assert all(float(score) >= 0 for score in scores)


def test_going_back_restores_from_the_cache_and_still_has_a_run(experiments: Repository) -> None:
    before = {run.info.run_id: run.data.tags["weights_sha256"] for run in experiments.mlflow_runs()}
    output = experiments.run(
        "dvc", "exp", "run", "--name", "again", "-S", "lr=0.001", TARGET
    ).stdout
    assert "Stage 'train@person_se' is cached" in output
    assert "Running stage 'evaluate@person_se'" in output
    runs = experiments.mlflow_runs()
    assert {run.info.run_id for run in runs} == set(before), "no run is made twice"
    evaluated = "dvc_experiment_evaluated"
    (again,) = (run for run in runs if run.data.tags.get(evaluated) == "again")
    assert again.data.tags["dvc_experiment"] == "base"
    assert float(again.data.params["lr"]) == 0.001
    assert "test_jaccard" in again.data.metrics


def test_weights_from_the_cache_get_a_run_in_a_store_that_never_saw_them(
    experiments: Repository,
) -> None:
    store = f"sqlite:///{experiments.root}/other.db"
    output = experiments.run(
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
    (run,) = experiments.mlflow_runs(store="other.db")
    client = mlflow.MlflowClient(store)
    assert float(run.data.params["lr"]) == 1e-5
    assert [m.step for m in client.get_metric_history(run.info.run_id, "val_loss")] == [1, 2]
    assert "test_jaccard" in run.data.metrics


def test_a_temporary_experiment_logs_to_the_real_store(experiments: Repository) -> None:
    experiments.run("dvc", "exp", "run", "--temp", "--name", "aside", "-S", "lr=0.002", TARGET)
    runs = {run.data.tags["dvc_experiment"]: run for run in experiments.mlflow_runs()}
    assert float(runs["aside"].data.params["lr"]) == 0.002
    assert "test_jaccard" in runs["aside"].data.metrics
