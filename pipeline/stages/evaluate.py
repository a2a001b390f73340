"""Stage `evaluate@NETWORK`: score the best weights on the test part, beside their baselines."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from rich.progress import track

from pipeline.baselines import grabcut_mask, mean_mask
from pipeline.datasets.people import PersonPicture, read_split
from pipeline.evaluation import (
    OURS,
    Judged,
    judge,
    representative,
    score_table,
    sheet,
    sheet_row,
    summarise,
)  # fmt: skip
from pipeline.images import RGB, Mask, read_mask, read_picture, resize_probability, write_png
from pipeline.inference.masks import MaskPredictor
from pipeline.params import Evaluate, flatten, load_params
from pipeline.stages.door import only_argument, run_stage
from pipeline.stages.paths import MODELS, PERSON_SPLIT, REPORTS
from pipeline.tracking import add_evaluation
from pipeline.workspace import whole_directory, write_whole

SPLIT = PERSON_SPLIT / "split.csv"
TRUTH = "truth"
EVENLY, WORST = 6, 4
log = logging.getLogger(__name__)


class Methods:
    """The network and its baselines, each giving a mask for a picture."""

    def __init__(self, predictor: MaskPredictor, train: list[PersonPicture], how: Evaluate) -> None:
        self.predictor, self.how = predictor, how
        self.mean = mean_mask((read_mask(row.mask) for row in train), predictor.card.size)

    def masks(self, picture: RGB) -> dict[str, Mask]:
        """H×W masks by method, the network's first."""
        grabcut, threshold = self.how.grabcut, self.how.threshold
        return {
            OURS: self.predictor.probability(picture) >= threshold,
            "grabcut": grabcut_mask(picture, grabcut.box_share, grabcut.iterations),
            "mean_mask": resize_probability(self.mean, *picture.shape[:2]) >= threshold,
        }


def draw_examples(judged: list[Judged], tests: list[PersonPicture], methods: Methods) -> RGB:
    """The contact sheet: pictures from best to worst, then the worst ones."""
    files = {row.name: row for row in tests}
    rows = []
    for caption, one in representative(judged, EVENLY, WORST):
        picture = read_picture(files[one.picture].picture)
        masks = methods.masks(picture) | {TRUTH: read_mask(files[one.picture].mask)}
        rows.append(sheet_row(caption, one, picture, masks))
        names = list(masks)
    return sheet(rows, names)


def evaluate(network: str) -> None:
    """Score, draw and write `reports/<network>/`, and add it to the MLflow run of the weights."""
    params = load_params()
    people, weights = Path(params.inputs.people), MODELS / network / "best.pt"
    predictor = MaskPredictor(weights)
    methods = Methods(predictor, read_split(SPLIT, people, "train"), params.evaluate)
    tests = read_split(SPLIT, people, "test")
    judged = [
        judge(row.name, row.group, methods.masks(read_picture(row.picture)), read_mask(row.mask))
        for row in track(tests, description=f"evaluate@{network}")
    ]
    metrics = summarise(judged)
    reports = REPORTS / network
    reports.mkdir(parents=True, exist_ok=True)
    with whole_directory(reports / "new") as new:
        pd.DataFrame(score_table(judged)).to_csv(new / "scores.csv", index=False)
        shutil.copy(weights.with_name("history.csv"), new / "history.csv")
        write_png(new / "examples.png", draw_examples(judged, tests, methods))
        write_whole(new / "metrics.json", f"{json.dumps(metrics, indent=2)}\n".encode())
    files = sorted((reports / "new").iterdir())
    files = [file.replace(reports / file.name) for file in files]
    (reports / "new").rmdir()
    log.info("evaluate@%s: %s", network, describe(metrics))
    track_evaluation(network, predictor, metrics, files)


def describe(metrics: dict[str, Any]) -> str:
    """One line: the network's Jaccard beside its baselines'."""
    baselines = ", ".join(
        f"{name} {scores['jaccard']:.4f}" for name, scores in metrics["baseline"].items()
    )
    return f"Jaccard {metrics['jaccard']:.4f} on {metrics['pictures']} pictures ({baselines})"


def track_evaluation(
    network: str, predictor: MaskPredictor, metrics: dict[str, Any], files: list[Path]
) -> None:
    """Add scores and files to the run of these weights."""
    card = predictor.card
    history = pd.read_csv(REPORTS / network / "history.csv").to_dict("records")
    rows = [{str(key): float(value) for key, value in row.items()} for row in history]
    flat = {name.replace(".", "_"): value for name, value in flatten(metrics).items()}
    # The UI sorts by name: the network's own scores first, the baselines' below.
    scores = {
        f"test_{name}".replace("test_baseline", "versus"): value for name, value in flat.items()
    }
    add_evaluation(
        network, card.weights_sha256, scores, files, lambda: (flatten(card.params), rows)
    )


if __name__ == "__main__":
    name = only_argument("a trained network")
    run_stage(f"evaluate@{name}", lambda: evaluate(name))
