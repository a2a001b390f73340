"""One run and what can be written to it, none of which may stop the work."""

from __future__ import annotations

import functools
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec

from pipeline.tracking.machine import Load, environment
from pipeline.tracking.store import dvc_tags, experiment_id, is_installed, tracking_uri
from pipeline.workspace import git_revision

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.tracking import MlflowClient

log = logging.getLogger(__name__)
P = ParamSpec("P")

EXPERIMENT = "clearscene"
DATA_EXPERIMENT = "clearscene-data"
WEIGHTS_TAG = "weights_sha256"
START_TAG = "start_weights_sha256"
"""Of the weights that a training started from: the tag that the run has which made them."""
DATA_TAG = "data_sha256"
NETWORK_TAG = "network"
LARGEST_BATCH = 1000  # metrics that MLflow takes in one call
LONGEST_DIGEST = 36  # characters that MLflow takes of a data set's


class TrainedOn(NamedTuple):
    """The data of a training.

    Attributes:
        split: The table that deals them out, relative to the repository.
        sha256: Of the table and of what it names.
    """

    split: Path
    sha256: str


def costs_a_warning(
    work: Callable[Concatenate[Tracker, P], None],
) -> Callable[Concatenate[Tracker, P], None]:
    """Say once that tracking failed, then stay silent: training must not wait for a server."""

    @functools.wraps(work)
    def guarded(tracker: Tracker, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if tracker.broken:
            return
        try:
            work(tracker, *args, **kwargs)
        except Exception as problem:  # noqa: BLE001 - stores and their drivers raise what they like
            tracker.broken = True
            reason = " ".join(str(problem).split())
            log.warning("MLflow (%s) does not take this run: %.300s", tracking_uri(), reason)

    return guarded


class Tracker:
    """One MLflow run, existing or new; without a store it does nothing.

    Attributes:
        run_id: Of the run; None while there is none.
        broken: Whether a call has failed, after which no other is tried.
    """

    def __init__(self) -> None:
        self.run_id: str | None = None
        self.broken = not is_installed()
        self._load: Load | None = None

    @functools.cached_property
    def client(self) -> MlflowClient:
        """The open store; opening it may fail like every call."""
        from mlflow.tracking import MlflowClient

        return MlflowClient(tracking_uri())

    @costs_a_warning
    def open(self, experiment: str, name: str, tags: Mapping[str, str]) -> None:
        """Start a run."""
        tags = {"mlflow.runName": name, "git_revision": git_revision(), **dvc_tags(), **tags}
        self.run_id = self.client.create_run(
            experiment_id(self.client, experiment), tags=dict(tags)
        ).info.run_id

    @costs_a_warning
    def reopen(self, run_id: str) -> None:
        """Go on with a run, if the store knows it."""
        from mlflow.exceptions import MlflowException

        try:
            self.client.update_run(run_id, status="RUNNING")
        except MlflowException as problem:
            if problem.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            log.info("the store does not know run %s any more, a new one is opened", run_id)
        else:
            self.run_id = run_id

    @costs_a_warning
    def find(self, weights_sha256: str) -> None:
        """Take up the newest run that wrote these weights, if the store knows one."""
        runs = self.client.search_runs(
            [experiment_id(self.client, EXPERIMENT)],
            filter_string=f"tags.{WEIGHTS_TAG} = '{weights_sha256}'",
            order_by=["attributes.start_time DESC"],
            max_results=1,
        )
        if runs:
            self.run_id = runs[0].info.run_id

    @costs_a_warning
    def params(self, params: Mapping[str, Any]) -> None:
        """Log flat parameters, once a run."""
        from mlflow.entities import Param

        self._batch(params=[Param(key, str(value)) for key, value in params.items()])

    @costs_a_warning
    def metrics(self, *rows: Mapping[str, float]) -> None:
        """Log rows of scores; `epoch`, where a row has it, is the step."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._points(
            Metric(key, float(value), now, int(row.get("epoch", 0)))
            for row in rows
            for key, value in row.items()
            if key != "epoch"
        )
        self._send_load()

    @costs_a_warning
    def tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag

        self._batch(tags=[RunTag(key, value) for key, value in tags.items()])

    @costs_a_warning
    def data(self, data: TrainedOn) -> None:
        """Name what the network was trained on."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        source = json.dumps({"uri": data.split.as_posix()})
        name, digest = data.split.parent.name, data.sha256[:LONGEST_DIGEST]
        trained_on = Dataset(name, digest, source_type="local", source=source)
        context = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(self.open_run(), [DatasetInput(trained_on, [context])])

    @costs_a_warning
    def environment(self, name: str) -> None:
        """Attach what is installed here as a file."""
        self.client.log_text(self.open_run(), environment(), name)

    @costs_a_warning
    def files(self, files: Sequence[Path]) -> None:
        """Attach files."""
        for file in files:
            self.client.log_artifact(self.open_run(), str(file))

    @costs_a_warning
    def watch_load(self) -> None:
        """Measure the load of the machine until the run is closed."""
        self._load = Load.of_run(self.open_run())

    def close(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED."""
        if self._load:
            self._load.stop()
        if self.run_id:  # a Ctrl-C may come before there is one
            self._end(status)

    @costs_a_warning
    def _end(self, status: str) -> None:
        self._send_load()
        self.client.set_terminated(self.open_run(), status)

    def _send_load(self) -> None:
        from mlflow.entities import Metric

        self._points(
            Metric(f"system/{key}", value, sample.milliseconds, sample.second)
            for sample in (self._load.gathered() if self._load else ())
            for key, value in sample.values.items()
        )

    def _points(self, metrics: Iterable[Metric]) -> None:
        points = list(metrics)
        for start in range(0, len(points), LARGEST_BATCH):
            self._batch(metrics=points[start : start + LARGEST_BATCH])

    def _batch(self, **entities: Any) -> None:
        self.client.log_batch(self.open_run(), **entities)

    def open_run(self) -> str:
        """Identity of the run."""
        if self.run_id is None:
            raise RuntimeError("no run is open")
        return self.run_id
