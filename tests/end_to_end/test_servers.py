"""Experiments beside the workspace against a real tracking server, and without one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from tests.end_to_end.conftest import Repository
from tests.end_to_end.servers import mlflow_process

pytestmark = [
    pytest.mark.long,
    # MLflow's, about classes of its own, when its pyfunc is first imported.
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning"),
]
SHORT = ("-S", "networks.person_se.epochs=1", "evaluate@person_se")
MODEL = "clearscene-person_se"


@pytest.fixture(scope="module")
def repository(collected: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Tells the server all; it has no store of its own."""
    return collected.copy(tmp_path_factory.mktemp("tells") / "repository")


@pytest.fixture(scope="module")
def server(
    repository: Repository, migrated_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(migrated_store, folder / "mlflow.db")
    with mlflow_process(
        repository, "server", "--workers", "1", "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts"),
    ) as address:  # fmt: skip
        yield address


def run_named(client: MlflowClient, name: str) -> Run:
    (experiment,) = client.search_experiments(filter_string="name = 'clearscene'")
    (run,) = client.search_runs(
        [experiment.experiment_id], filter_string=f"tags.dvc_experiment = '{name}'"
    )
    return run


def stores(repository: Repository) -> list[Path]:
    """Databases in the repository and in the copies in which DVC runs experiments."""
    return [file.relative_to(repository.root) for file in repository.root.rglob("mlflow.db")]


def queue(repository: Repository, name: str, *options: str, **environment: str) -> None:
    repository.run("dvc", "exp", "run", "--queue", "--name", name, *options, *SHORT)
    repository.run("dvc", "exp", "run", "--run-all", **environment)
    assert "Success" in repository.run("dvc", "queue", "status").stdout


def test_a_temporary_experiment_lands_on_the_server_with_its_model(
    repository: Repository, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "dvc", "exp", "run", "--temp", "--name", "aside", *SHORT
    output = repository.run(*command, MLFLOW_TRACKING_URI=server)
    assert "does not take this run" not in output.stderr
    client = MlflowClient(server)
    run = run_named(client, "aside")
    assert run.info.status == "FINISHED"
    assert {"val_jaccard", "test_jaccard", "system/cpu_utilization_percentage"} <= set(
        run.data.metrics
    )
    assert run.inputs.dataset_inputs[0].dataset.name == "person_split"
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"environment.txt", "scores.csv", "examples.png", "model"} <= files
    best = client.get_model_version_by_alias(MODEL, "best")
    assert best.run_id == run.info.run_id
    assert float(best.tags["test_jaccard"]) == run.data.metrics["test_jaccard"]
    from mlflow import pyfunc

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    model = pyfunc.load_model(f"models:/{MODEL}@best")
    assert model.predict(np.zeros((40, 60, 3), np.uint8)).shape == (40, 60)
    assert stores(repository) == []


def test_a_queued_experiment_lands_on_the_server(repository: Repository, server: str) -> None:
    queue(repository, "later", "-S", "lr=0.002", MLFLOW_TRACKING_URI=server)
    run = run_named(MlflowClient(server), "later")
    assert float(run.data.params["lr"]) == 0.002
    assert "test_jaccard" in run.data.metrics
    assert stores(repository) == []


def test_a_queued_experiment_without_a_server_lands_in_the_real_repository(
    collected: Repository, tmp_path: Path
) -> None:
    repository = collected.copy(tmp_path / "repository")
    queue(repository, "later")
    (run,) = repository.mlflow_runs()
    assert run.data.tags["dvc_experiment"] == "later"
    client = MlflowClient(f"sqlite:///{repository.root}/mlflow.db")
    best = client.get_model_version_by_alias(MODEL, "best")
    assert Path(best.source).is_relative_to(repository.root / "mlartifacts")
    assert stores(repository) == [Path("mlflow.db")]
