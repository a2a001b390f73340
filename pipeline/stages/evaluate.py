"""Stage `evaluate@NETWORK`: score the best weights on the test part, beside their baselines."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation import KINDS, Kind, summarise
from pipeline.evaluators import EVALUATORS, evaluator
from pipeline.evaluators.reports import write_reports, write_skipped
from pipeline.evaluators.scoring import Scored, skip_reason
from pipeline.params import flatten, load_params
from pipeline.paths import MODELS, REPORTS
from pipeline.stages.door import only_argument, run_stage
from pipeline.tracking import Restored, add_evaluation
from pipeline.workspace import whole_directory, write_whole

log = logging.getLogger(__name__)


def evaluate(network: str) -> None:
    """Score, draw and write `reports/<network>/`, and add it to the MLflow run of the weights."""
    score, params = evaluator(network), load_params()
    kind, models, reports = KINDS[network], MODELS / network, REPORTS / network
    why = skip_reason(models)
    scored = None if why else score(network, models / "best.pt", params)
    metrics: dict[str, Any] = {"skipped": why}
    if scored:
        metrics = {**summarise(scored.judged), **scored.notes}
    reports.mkdir(parents=True, exist_ok=True)
    with whole_directory(reports / "new") as new:
        if scored:
            write_reports(new, kind, scored, models)
        else:
            write_skipped(new, kind, f"skipped: {why}")
        write_whole(new / "metrics.json", f"{json.dumps(metrics, indent=2)}\n".encode())
    files = [file.replace(reports / file.name) for file in sorted((reports / "new").iterdir())]
    (reports / "new").rmdir()
    log.info("evaluate@%s: %s", network, describe(metrics, kind))
    if scored:
        track_evaluation(network, scored, metrics, files)


def describe(metrics: dict[str, Any], kind: Kind) -> str:
    """One line: the network's main score beside its baselines'."""
    if "skipped" in metrics:
        return f"skipped, {metrics['skipped']}"
    baselines = ", ".join(
        f"{name} {shown(scores[kind.main])}" for name, scores in metrics["baseline"].items()
    )
    ours = shown(metrics[kind.main])
    return f"{kind.title} {ours} on {metrics['pictures']} pictures ({baselines})"


def shown(score: float | None) -> str:
    """A mean for people."""
    return "not measured" if score is None else f"{score:.4f}"


def track_evaluation(
    network: str, scored: Scored, metrics: dict[str, Any], files: list[Path]
) -> None:
    """Add scores and files to the run of these weights."""
    card = scored.card
    history = pd.read_csv(REPORTS / network / "history.csv").to_dict("records")
    rows = [{str(key): float(value) for key, value in row.items()} for row in history]
    flat = {name.replace(".", "_"): value for name, value in flatten(metrics).items()}
    # The UI sorts by name: the network's own scores first, the baselines' below.
    scores = {
        f"test_{name}".replace("test_baseline", "versus"): value
        for name, value in flat.items()
        if isinstance(value, int | float)
    }
    tags = {
        "dvc_stage": f"train@{network}",
        "data_sha256": card.data_sha256,
        "git_revision": card.git_revision,
    }
    past = Restored(tags, flatten(card.params), rows)
    add_evaluation(network, card.weights_sha256, scores, files, lambda: past)


if __name__ == "__main__":
    name = only_argument(", ".join(EVALUATORS))
    run_stage(f"evaluate@{name}", lambda: evaluate(name))
