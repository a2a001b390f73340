"""The load of a machine is measured beside a training, and never in its way."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from mlflow.system_metrics import system_metrics_monitor
from mlflow.tracking import MlflowClient

from pipeline.tracking import TrainedOn, training_run

DATA = TrainedOn(Path("data/x/split.csv"), "da7a")
CPU = "system/cpu_utilization_percentage"


def history(client: MlflowClient, run_id: str | None) -> list[float]:
    return [point.value for point in client.get_metric_history(run_id or "", CPU)]


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "load"]


def test_a_short_training_has_a_sample(client: MlflowClient) -> None:
    with training_run("net", {}, {}, DATA, None) as run:
        busy = time.monotonic() + 0.1
        while time.monotonic() < busy:
            pass
    values = history(client, run.run_id)
    assert values
    assert all(0 <= value <= 100 for value in values)
    metrics = client.get_run(run.run_id or "").data.metrics
    for name in ("system_memory_usage_megabytes", "disk_usage_percentage"):
        assert metrics[f"system/{name}"] > 0
    assert threads() == []


def test_a_longer_training_has_one_every_interval(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.1")
    with training_run("net", {}, {}, DATA, None) as run:
        deadline = time.monotonic() + 30
        while len(history(client, run.run_id)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.2)
            run.metrics({"epoch": 1, "loss": 1.0})  # sent when an epoch ends
    assert len(history(client, run.run_id)) >= 3


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt])
def test_the_measuring_ends_with_a_broken_training(
    client: MlflowClient, raised: type[BaseException]
) -> None:
    with pytest.raises(raised), training_run("net", {}, {}, DATA, None) as run:
        raise raised
    assert len(history(client, run.run_id)) == 1
    assert threads() == []


def test_a_machine_that_cannot_be_measured_trains_all_the_same(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_counters(*_: object) -> None:
        raise AttributeError("no network here")

    monkeypatch.setattr(system_metrics_monitor.NetworkMonitor, "collect_metrics", no_counters)
    with training_run("net", {}, {}, DATA, None) as run:
        pass
    assert history(client, run.run_id) == []
    monkeypatch.setattr(system_metrics_monitor, "NetworkMonitor", no_counters)
    with training_run("net", {}, {}, DATA, None) as run:
        pass
    assert client.get_run(run.run_id or "").info.status == "FINISHED"


def test_a_server_that_dies_in_a_training_does_not_hold_up_its_end(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise ConnectionError("the server is gone")

    with training_run("net", {}, {}, DATA, None) as run:
        monkeypatch.setattr(MlflowClient, "log_batch", gone)
        run.metrics({"epoch": 1, "loss": 1.0})
    assert threads() == []
    assert caplog.text.count("the server is gone") == 1
