"""What is tracked: trainings, evaluations, data."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.tracking.registry import Contender, register
from pipeline.tracking.store import dvc_tags
from pipeline.tracking.tracker import (
    DATA_EXPERIMENT,
    DATA_TAG,
    EXPERIMENT,
    NETWORK_TAG,
    WEIGHTS_TAG,
    Tracker,
    TrainedOn,
)

log = logging.getLogger(__name__)


@contextmanager
def training_run(
    network: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    data: TrainedOn,
    resumed: str | None,
) -> Iterator[Tracker]:
    """The run of a training; it ends with the block, as FINISHED, FAILED or KILLED.

    Args:
        network: Trained network, also the run's name.
        params: Flat parameters.
        tags: More tags.
        data: What it is trained on.
        resumed: Run of the interrupted training that is gone on with.
    """
    tracker = Tracker()
    try:
        if resumed:
            tracker.reopen(resumed)
        if tracker.run_id is None:
            tracker.open(EXPERIMENT, network, {NETWORK_TAG: network, DATA_TAG: data.sha256, **tags})
            tracker.params(params)
            tracker.data(data)
        tracker.environment("environment.txt")
        tracker.watch_load()
        yield tracker
    except KeyboardInterrupt:
        tracker.close("KILLED")
        raise
    except BaseException:
        tracker.close("FAILED")
        raise
    tracker.close("FINISHED")


class Restored(NamedTuple):
    """What is known of a training whose run is gone."""

    tags: Mapping[str, str]
    params: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    data: TrainedOn


def add_evaluation(
    contender: Contender, scores: Mapping[str, float], files: Sequence[Path], otherwise: Restored
) -> None:
    """Add test scores and reports to the run that trained the weights; register the best ones.

    Args:
        contender: What was evaluated.
        scores: Flat test scores, those of the baselines among them.
        files: Reports.
        otherwise: What a new run holds where the store knows none (weights restored from DVC's
            cache into a store that has never seen them).
    """
    tracker = Tracker()
    tracker.find(contender.weights_sha256)
    is_new = tracker.run_id is None
    if is_new:
        _open_again(tracker, contender, otherwise)
    tracker.metrics(scores)
    tracker.tags({f"{tag}_evaluated": name for tag, name in dvc_tags().items()})
    tracker.files(files)
    tracker.environment("environment_evaluated.txt")
    register(tracker, contender)
    if is_new:
        tracker.close("FINISHED")


def _open_again(tracker: Tracker, contender: Contender, past: Restored) -> None:
    network = contender.network
    tags = {
        NETWORK_TAG: network,
        WEIGHTS_TAG: contender.weights_sha256,
        DATA_TAG: past.data.sha256,
        "restored": "true",
    }
    tracker.open(EXPERIMENT, network, {**tags, **past.tags})
    if tracker.run_id:
        log.info("%s: the store knows no run of these weights, a new one holds them", network)
    tracker.params(past.params)
    tracker.metrics(*past.history)
    tracker.data(past.data)


def log_data(stage: str, params: Mapping[str, Any], counts: Mapping[str, float]) -> None:
    """One finished run of a data stage."""
    tracker = Tracker()
    tracker.open(DATA_EXPERIMENT, stage, {"dvc_stage": stage})
    tracker.params(params)
    tracker.metrics(counts)
    tracker.close("FINISHED")
