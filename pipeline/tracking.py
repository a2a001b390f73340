"""Runs in MLflow. The only module that imports mlflow.

One run per trained network and execution: training opens it, evaluation adds the test scores to
the newest run whose weights are the ones it scored. A server that is down, or mlflow not being
installed, costs one warning and no work: `_costs_a_warning` stands before every call.

Store: `MLFLOW_TRACKING_URI`, else SQLite at the real repository's root, also when a stage runs in
the copy that `dvc exp run --temp` makes.
"""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec

from pipeline.workspace import git_revision, repository_root

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

log = logging.getLogger(__name__)
P = ParamSpec("P")

EXPERIMENT = "clearscene"
DATA_EXPERIMENT = "clearscene-data"
WEIGHTS_TAG = "weights_sha256"
NETWORK_TAG = "network"
LARGEST_BATCH = 1000  # metrics that MLflow takes in one call


def _costs_a_warning(
    method: Callable[Concatenate[Tracker, P], None],
) -> Callable[Concatenate[Tracker, P], None]:
    """Say once that tracking failed, then stay silent: training must not wait for a server."""

    @functools.wraps(method)
    def guarded(self: Tracker, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if self.broken:
            return
        try:
            method(self, *args, **kwargs)
        except self.failures as problem:
            self.broken = True
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
        self.failures = _failures()
        self.broken = not self.failures

    @functools.cached_property
    def client(self) -> MlflowClient:
        """The open store; opening it may fail like every call."""
        from mlflow.tracking import MlflowClient

        return MlflowClient(tracking_uri())

    @_costs_a_warning
    def open(self, experiment: str, name: str, tags: Mapping[str, str]) -> None:
        """Start a run."""
        tags = {"mlflow.runName": name, "git_revision": git_revision(), **_dvc_tags(), **tags}
        self.run_id = self.client.create_run(
            _experiment_id(self.client, experiment), tags=dict(tags)
        ).info.run_id

    @_costs_a_warning
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

    @_costs_a_warning
    def find(self, weights_sha256: str) -> None:
        """Take up the newest run that wrote these weights, if the store knows one."""
        runs = self.client.search_runs(
            [_experiment_id(self.client, EXPERIMENT)],
            filter_string=f"tags.{WEIGHTS_TAG} = '{weights_sha256}'",
            order_by=["attributes.start_time DESC"],
            max_results=1,
        )
        if runs:
            self.run_id = runs[0].info.run_id

    @_costs_a_warning
    def params(self, params: Mapping[str, Any]) -> None:
        """Log flat parameters, once a run."""
        from mlflow.entities import Param

        self._batch(params=[Param(key, str(value)) for key, value in params.items()])

    @_costs_a_warning
    def metrics(self, *rows: Mapping[str, float]) -> None:
        """Log rows of scores; `epoch`, where a row has it, is the step."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        points = [
            Metric(key, float(value), now, int(row.get("epoch", 0)))
            for row in rows
            for key, value in row.items()
            if key != "epoch"
        ]
        for start in range(0, len(points), LARGEST_BATCH):
            self._batch(metrics=points[start : start + LARGEST_BATCH])

    @_costs_a_warning
    def tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag

        self._batch(tags=[RunTag(key, value) for key, value in tags.items()])

    @_costs_a_warning
    def files(self, files: Sequence[Path]) -> None:
        """Attach files."""
        for file in files:
            self.client.log_artifact(self._open_run(), str(file))

    @_costs_a_warning
    def close(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED."""
        self.client.set_terminated(self._open_run(), status)

    def _batch(self, **entities: Any) -> None:
        self.client.log_batch(self._open_run(), **entities)

    def _open_run(self) -> str:
        if self.run_id is None:
            raise RuntimeError("no run is open")
        return self.run_id


@contextmanager
def training_run(
    network: str, params: Mapping[str, Any], tags: Mapping[str, str], resumed: str | None
) -> Iterator[Tracker]:
    """The run of a training; it ends with the block, as FINISHED, FAILED or KILLED.

    Args:
        network: Trained network, also the run's name.
        params: Flat parameters.
        tags: More tags.
        resumed: Run of the interrupted training that is gone on with.
    """
    tracker = Tracker()
    if resumed:
        tracker.reopen(resumed)
    if tracker.run_id is None:
        tracker.open(EXPERIMENT, network, {NETWORK_TAG: network, **tags})
        tracker.params(params)
    try:
        yield tracker
    except KeyboardInterrupt:
        tracker.close("KILLED")
        raise
    except BaseException:
        tracker.close("FAILED")
        raise
    tracker.close("FINISHED")


class Restored(NamedTuple):
    """What is known of a training whose run is gone: its tags, flat parameters and epochs."""

    tags: Mapping[str, str]
    params: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]


def add_evaluation(
    network: str,
    weights_sha256: str,
    scores: Mapping[str, float],
    files: Sequence[Path],
    otherwise: Callable[[], Restored],
) -> None:
    """Add test scores and report files to the run that trained these weights.

    Args:
        network: Trained network.
        weights_sha256: See `checkpoint.state_hash`.
        scores: Flat test scores.
        files: Reports.
        otherwise: What a new run holds where the store knows none (weights restored from DVC's
            cache into a store that has never seen them).
    """
    tracker = Tracker()
    tracker.find(weights_sha256)
    is_new = tracker.run_id is None
    if is_new:
        past = otherwise()
        tags = {NETWORK_TAG: network, WEIGHTS_TAG: weights_sha256, "restored": "true", **past.tags}
        tracker.open(EXPERIMENT, network, tags)
        if tracker.run_id:
            log.info("%s: the store knows no run of these weights, a new one holds them", network)
        tracker.params(past.params)
        tracker.metrics(*past.history)
    tracker.metrics(scores)
    tracker.tags({f"{tag}_evaluated": name for tag, name in _dvc_tags().items()})
    tracker.files(files)
    if is_new:
        tracker.close("FINISHED")


def log_data(stage: str, params: Mapping[str, Any], counts: Mapping[str, float]) -> None:
    """One finished run of a data stage."""
    tracker = Tracker()
    tracker.open(DATA_EXPERIMENT, stage, {"dvc_stage": stage})
    tracker.params(params)
    tracker.metrics(counts)
    tracker.close("FINISHED")


def tracking_uri() -> str:
    """Where runs are kept."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{repository_root()}/mlflow.db"


def _failures() -> tuple[type[Exception], ...]:
    """What MLflow raises when it cannot do its work; nothing if it is not installed."""
    # A dead server may cost seconds, not the minutes of MLflow's own retries.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.pop("MLFLOW_RUN_ID", None)  # a stray one would win over every run named here
    try:
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError:
        log.warning("mlflow is not installed, this run is not tracked")
        return ()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    return MlflowException, SQLAlchemyError, OSError


def _experiment_id(client: MlflowClient, name: str) -> str:
    known = client.get_experiment_by_name(name)
    if known is not None:
        return known.experiment_id
    # Local artifacts get an explicit place; a server decides for itself.
    is_local = tracking_uri().startswith("sqlite:")
    place = f"{repository_root()}/mlartifacts" if is_local else None
    return client.create_experiment(name, artifact_location=place)


def _dvc_tags() -> dict[str, str]:
    name = os.environ.get("DVC_EXP_NAME")
    return {"dvc_experiment": name} if name else {}
