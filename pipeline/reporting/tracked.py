"""Test scores in the log and in MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation import KINDS, Kind
from pipeline.evaluators.scoring import Scored
from pipeline.params import flatten
from pipeline.paths import COCO_SPLIT, MODELS, PERSON_SPLIT, REPORTS, SCENE_SPLIT, SHADOW_SET
from pipeline.reporting.files import CARD
from pipeline.tracking import Contender, Restored, TrainedOn, add_evaluation

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
    """Add scores and files to the run of these weights, and register the best of them."""
    reports = REPORTS / network
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
        description=(reports / CARD).read_text(encoding="utf-8"),
        attention=attention if attention.exists() else None,
    )
    history = pd.read_csv(reports / "history.csv").to_dict("records")
    rows = [{str(key): float(value) for key, value in row.items()} for row in history]
    tags = {"dvc_stage": f"train@{network}", "git_revision": card.git_revision}
    trained_on = TrainedOn(SPLITS[network] / "split.csv", card.data_sha256)
    past = Restored(tags, flatten(card.params), rows, trained_on)
    add_evaluation(contender, scores, files, past)
