"""The files of `reports/<network>/`, but for `metrics.json`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from pipeline.evaluation import Kind, score_table
from pipeline.evaluators.scoring import Scored
from pipeline.images import RGB, read_picture, write_png
from pipeline.sheets import Tile, evenly, notice, side_by_side

PREVIEWS = 4
"""Sheets that `progress.png` shows, of all that training has drawn."""


def write_reports(folder: Path, kind: Kind, scored: Scored, models: Path) -> None:
    """Tables and sheets of a trained network.

    Args:
        folder: Where to.
        kind: Of the network.
        scored: What its evaluator found.
        models: What its training left.
    """
    table = pd.DataFrame(score_table(scored.judged, kind), columns=kind.columns)
    table.to_csv(folder / "scores.csv", index=False)
    shutil.copy(models / "history.csv", folder)
    _write_per_epoch(folder, models)
    write_png(folder / "examples.png", scored.examples)
    write_png(folder / "progress.png", draw_progress(models / "previews"))


def write_skipped(folder: Path, kind: Kind, why: str) -> None:
    """The same files for a network that was not trained: headers, and sheets that say why."""
    pd.DataFrame(columns=kind.columns).to_csv(folder / "scores.csv", index=False)
    _write_per_epoch(folder, None)
    history = ["epoch", "lr", "train_loss", "val_loss"]
    pd.DataFrame(columns=history).to_csv(folder / "history.csv", index=False)
    for name in ("examples.png", "progress.png"):
        write_png(folder / name, notice(why))


def _write_per_epoch(folder: Path, models: Path | None) -> None:
    """Validation by picture and epoch; without rows where a recipe does not keep it.

    DVC wants the same files of every network.
    """
    file = models / "per_epoch.csv" if models else None
    if file and file.exists():
        shutil.copy(file, folder)
    else:
        pd.DataFrame(columns=["epoch", "image_id", "iou"]).to_csv(
            folder / "per_epoch.csv", index=False
        )


def draw_progress(previews: Path) -> RGB:
    """How the same samples came out, epoch after epoch: a few sheets of training side by side."""
    files = evenly(sorted(previews.glob("epoch_*.png")), PREVIEWS)
    if not files:
        return notice("training drew no sheets (training.preview_every is 0)")
    return side_by_side(
        [
            Tile(f"epoch {int(file.stem.removeprefix('epoch_'))}", read_picture(file))
            for file in files
        ]
    )
