"""What MLflow costs a training: the row of an epoch, beside the steps of that epoch.

The epoch is the demo's of person_se in the fastest way of training, without its validation and
reading of pictures: a real one takes longer, so tracking costs less than what stands here.
"""

from __future__ import annotations

import os
import tempfile
from unittest.mock import patch

from pipeline.inference.engines.machine import has_bf16
from pipeline.tracking.tracker import EXPERIMENT, Tracker
from tests.benchmarks.measure import Timing, compare
from tests.benchmarks.networks import training_step

PICTURES, VARIANTS, BATCH = 518, 6, 16
STEPS = PICTURES * VARIANTS // BATCH
ROUNDS = 20


def log_epochs(tracker: Tracker, row: dict[str, float]) -> None:
    """As `History` hands it on, epoch after epoch."""
    row["epoch"] += 1
    tracker.metrics(row)


def tracking() -> list[Timing]:
    """The ratio is how many times as long the epoch takes; 50 is 2 %."""
    row = {"epoch": 0.0, "lr": 1e-3, "train_loss": 0.3, "val_jaccard": 0.7, "val_loss": 0.2}
    with tempfile.TemporaryDirectory() as folder:
        store = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "DVC_ROOT": folder}
        with patch.dict(os.environ, store):
            tracker = Tracker()
            tracker.open(EXPERIMENT, "person_se", {})
            tracker.watch_load()  # as in a training: what it has measured goes with the row
            step, logging = compare(
                "",
                {"step": training_step(True, has_bf16()), "row": lambda: log_epochs(tracker, row)},
                rounds=ROUNDS,
            )
            refuse_unlogged(tracker, epochs=ROUNDS + 1)
            tracker.close("FINISHED")
    epoch = STEPS * step.milliseconds
    job = "an epoch of the demo's person_se"
    return [
        Timing(job, f"{STEPS} training steps", round(epoch, 1), 1.0),
        Timing(
            job, "logging its row to MLflow", logging.milliseconds,
            round(epoch / logging.milliseconds, 1),
        ),
    ]  # fmt: skip


def refuse_unlogged(tracker: Tracker, epochs: int) -> None:
    """Where the store is broken, logging costs nothing."""
    if tracker.broken or len(tracker.client.get_metric_history(tracker.open_run(), "lr")) != epochs:
        raise RuntimeError("the store has not taken every row")
