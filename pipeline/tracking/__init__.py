"""Runs and models in MLflow. The only package that imports mlflow.

One run per trained network and execution: training opens it, evaluation adds the test scores to
the newest run whose weights are the ones it scored, and registers the weights if they are the best
so far. A server that is down, or mlflow not being installed, costs one warning and no work:
`tracker.costs_a_warning` stands before every call.

Store: `MLFLOW_TRACKING_URI`, else SQLite at the real repository's root, also when a stage runs in
the copy that `dvc exp run --temp` makes.
"""

from __future__ import annotations

from pipeline.tracking.registry import Contender
from pipeline.tracking.runs import Restored, add_evaluation, log_data, training_run
from pipeline.tracking.store import tracking_uri
from pipeline.tracking.tracker import START_TAG, WEIGHTS_TAG, TrainedOn

__all__ = [
    "START_TAG",
    "WEIGHTS_TAG",
    "Contender",
    "Restored",
    "TrainedOn",
    "add_evaluation",
    "log_data",
    "tracking_uri",
    "training_run",
]
