"""Runs in a real SQLite store."""

from __future__ import annotations

import json
import logging
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from pipeline import tracking
from pipeline.tracking import Contender, Restored, TrainedOn, tracker

DATA = TrainedOn(Path("data/person_split/split.csv"), "da7a" * 16)
PAST = Restored({"git_revision": "abc"}, {"lr": 1}, [{"epoch": 1.0, "loss": 0.5}], DATA)


def runs(client: MlflowClient, experiment: str = tracker.EXPERIMENT) -> list[Run]:
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id]) if found else []


def trained(resumed: str | None = None, weights: str = "f00d") -> str | None:
    params = {"lr": 1e-5, "a.b": 2}
    with tracking.training_run("net", params, {"stage": "x"}, DATA, resumed) as run:
        run.metrics({"epoch": 1, "loss": 0.5})
        run.metrics({"epoch": 2, "loss": 0.25})
        run.tags({tracking.WEIGHTS_TAG: weights})
    return run.run_id


def test_a_training_leaves_one_finished_run(client: MlflowClient) -> None:
    trained()
    (run,) = runs(client)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"lr": "1e-05", "a.b": "2"}
    assert [m.value for m in client.get_metric_history(run.info.run_id, "loss")] == [0.5, 0.25]
    assert run.data.tags["network"] == "net"
    assert "epoch" not in run.data.metrics


@pytest.mark.parametrize(
    ("raised", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_broken_training_says_how_it_ended(
    client: MlflowClient, raised: type[BaseException], status: str
) -> None:
    with pytest.raises(raised), tracking.training_run("net", {}, {}, DATA, None):
        raise raised
    assert runs(client)[0].info.status == status


def test_a_resumed_training_goes_on_in_its_own_run(client: MlflowClient) -> None:
    first = trained()
    assert trained(resumed=first) == first
    assert len(runs(client)) == 1


def test_a_resume_into_a_store_that_lost_the_run_opens_another(client: MlflowClient) -> None:
    assert trained(resumed="0" * 32) == runs(client)[0].info.run_id
    assert runs(client)[0].data.params["lr"] == "1e-05"


def test_scores_go_to_the_newest_run_of_the_weights(
    client: MlflowClient, contender: Contender, tmp_path: Path
) -> None:
    trained(weights="other")
    older, newer = (trained(weights=contender.weights_sha256) for _ in range(2))
    report = tmp_path / "scores.csv"
    report.write_text("a,b\n")
    tracking.add_evaluation(contender, {"test_x": 0.5}, [report], PAST)
    scored = {run.info.run_id for run in runs(client) if "test_x" in run.data.metrics}
    assert scored == {newer} != {older}
    files = {file.path for file in client.list_artifacts(newer or "")}
    assert files == {"scores.csv", "environment.txt", "environment_evaluated.txt", "model"}
    assert (tmp_path / "mlartifacts").is_dir()


def test_weights_nobody_knows_get_a_run_that_says_so(
    client: MlflowClient, contender: Contender, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        tracking.add_evaluation(contender, {"test_x": 1.0}, [], PAST)
    (run,) = runs(client)
    assert run.data.tags["restored"] == "true"
    assert run.data.tags["git_revision"] == "abc", "of the training, not of today"
    assert run.data.tags["data_sha256"] == DATA.sha256
    assert run.data.params == {"lr": "1"}
    assert run.data.metrics == {"loss": 0.5, "test_x": 1.0}
    assert run.inputs.dataset_inputs[0].dataset.name == "person_split"
    assert run.info.status == "FINISHED"
    assert "knows no run of these weights" in caplog.text


def test_a_run_names_the_data_that_it_is_of(client: MlflowClient) -> None:
    trained()
    (run,) = runs(client)
    assert run.data.tags["data_sha256"] == DATA.sha256
    (named,) = run.inputs.dataset_inputs
    assert named.dataset.name == "person_split"
    assert DATA.sha256.startswith(named.dataset.digest)
    assert json.loads(named.dataset.source) == {"uri": "data/person_split/split.csv"}
    assert {tag.key: tag.value for tag in named.tags} == {"mlflow.data.context": "training"}


def test_a_run_holds_what_is_installed_and_no_name_of_the_machine(
    client: MlflowClient, tmp_path: Path
) -> None:
    run_id = trained()
    text = Path(
        client.download_artifacts(run_id or "", "environment.txt", str(tmp_path))
    ).read_text()
    lines = text.splitlines()
    for line in (f"python: {platform.python_version()}", f"torch=={version('torch')}"):
        assert line in lines
    assert "processor: " in text
    assert "://" not in text
    assert platform.node() not in re.findall(r"[\w.-]+", text)
    assert str(Path.home()) not in text


def test_data_stages_have_an_experiment_of_their_own(client: MlflowClient) -> None:
    tracking.log_data("split", {"seed": 1}, {"train": 3})
    (run,) = runs(client, tracker.DATA_EXPERIMENT)
    assert run.data.metrics == {"train": 3.0}
    assert not runs(client)


def test_the_uri_of_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert tracking.tracking_uri() == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert tracking.tracking_uri() == "http://127.0.0.1:9"


def test_a_store_that_cannot_be_opened_costs_a_warning(
    client: MlflowClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for file in tmp_path.glob("mlflow.db*"):
        file.unlink()
    (tmp_path / "mlflow.db").write_text("this is no database, whatever its name says")
    with caplog.at_level(logging.WARNING):
        assert trained() is None
    assert caplog.text.count("does not take this run") == 1


def test_without_mlflow_training_is_not_tracked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with caplog.at_level(logging.WARNING):
        assert trained() is None
    assert "mlflow is not installed" in caplog.text


def test_whatever_a_store_raises_costs_a_warning(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store in the cloud whose driver is not installed, for one."""

    def no_driver(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'boto3'")

    monkeypatch.setattr(MlflowClient, "log_text", no_driver)
    with caplog.at_level(logging.WARNING):
        trained()
    assert caplog.text.count("does not take this run: No module named 'boto3'") == 1


def test_two_that_make_the_experiment_at_once_share_it(
    client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = MlflowClient.get_experiment_by_name
    asked: list[str] = []

    def too_early(self: MlflowClient, name: str) -> object:
        asked.append(name)
        if len(asked) > 1:
            return known(self, name)
        self.create_experiment(name, (tmp_path / "artifacts").as_uri())
        return None

    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", too_early)
    assert trained() is not None


def test_ctrl_c_before_there_is_a_run_says_nothing_of_it(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(MlflowClient, "create_run", interrupted)
    with caplog.at_level(logging.WARNING), pytest.raises(KeyboardInterrupt):
        trained()
    assert "does not take this run" not in caplog.text
