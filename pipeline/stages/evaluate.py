"""Stage `evaluate@NETWORK`: score the best weights on the test part, beside their baselines."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation import KINDS, Kind
from pipeline.evaluation.judging import summarise
from pipeline.evaluators import EVALUATORS, evaluator
from pipeline.evaluators.scoring import Scored, skip_reason
from pipeline.params import flatten, load_params
from pipeline.paths import COCO_SPLIT, MODELS, PERSON_SPLIT, REPORTS, SCENE_SPLIT, SHADOW_SET
from pipeline.reporting.files import write_reports, write_skipped
from pipeline.stages.door import only_argument, run_stage
from pipeline.tracking import Contender, Restored, TrainedOn, add_evaluation
from pipeline.workspace import whole_directory

log = logging.getLogger(__name__)

ATTENTION = "shadow_attention"
SPLITS = {
    "car_removal": SCENE_SPLIT,
    "person_se": PERSON_SPLIT,
    "person_bce_dice": PERSON_SPLIT,
    "central_person": COCO_SPLIT,
    ATTENTION: SHADOW_SET,
    "shadow": SHADOW_SET,
    "car_mask": SCENE_SPLIT,
}
"""What each network is trained on."""


def evaluate(network: str) -> None:
    """Score, draw and write `reports/<network>/`, and add it to the MLflow run of the weights."""
    params, reports = load_params(), REPORTS / network
    why = skip_reason(MODELS / network)
    scored = None if why else evaluator(network)(network, MODELS / network / "best.pt", params)
    metrics: dict[str, Any] = {"skipped": why}
    if scored:
        metrics = {**summarise(scored.judged), **scored.notes}
    reports.mkdir(parents=True, exist_ok=True)
    with whole_directory(reports / "new") as new:
        if scored:
            write_reports(new, network, scored, metrics, params)
        else:
            write_skipped(new, network, str(why))
    files = [file.replace(reports / file.name) for file in sorted((reports / "new").iterdir())]
    (reports / "new").rmdir()
    log.info("evaluate@%s: %s", network, describe(metrics, KINDS[network]))
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
    network: str,
    scored: Scored,
    metrics: dict[str, Any],
    files: list[Path],
    model_card: str = "",
) -> None:
    """Add scores and files to the run of these weights, and register the best of them."""
    card, kind, attention = scored.card, KINDS[network], MODELS / ATTENTION / "best.pt"
    flat = {name.replace(".", "_"): value for name, value in flatten(metrics).items()}
    # The UI sorts by name: the network's own scores first, the baselines' below.
    scores = {
        f"test_{name}".replace("test_baseline", "versus"): value
        for name, value in flat.items()
        if isinstance(value, int | float)
    }
    contender = Contender(
        weights=MODELS / network / "best.pt",
        card=card,
        ranked_by=f"val_{kind.main}",
        higher_is_better=kind.higher_is_better,
        tests={key: scores[key] for name in kind.scores if (key := f"test_{name}") in scores},
        description=model_card,
        attention=attention if attention.exists() else None,
    )
    history = pd.read_csv(REPORTS / network / "history.csv").to_dict("records")
    rows = [{str(key): float(value) for key, value in row.items()} for row in history]
    tags = {"dvc_stage": f"train@{network}", "git_revision": card.git_revision}
    trained_on = TrainedOn(SPLITS[network] / "split.csv", card.data_sha256)
    past = Restored(tags, flatten(card.params), rows, trained_on)
    add_evaluation(contender, scores, files, past)


if __name__ == "__main__":
    name = only_argument(", ".join(EVALUATORS))
    run_stage(f"evaluate@{name}", lambda: evaluate(name))
