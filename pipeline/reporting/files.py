"""The tables and sheets of `reports/<network>/`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.evaluation import KINDS
from pipeline.evaluation.judging import Judged, confusion_table, score_table
from pipeline.images import RGB, read_picture, write_png
from pipeline.metrics.curves import CurvePoint, precision_recall
from pipeline.params import Params
from pipeline.paths import MODELS
from pipeline.reporting.model_card import model_card, skipped_card
from pipeline.reporting.summary import GROUP_COLUMNS, group_rows, summary_rows
from pipeline.sheets import Tile, evenly, notice, side_by_side
from pipeline.workspace import write_whole

if TYPE_CHECKING:  # loads torch, which the page over all networks does without
    from pipeline.evaluators.scoring import Scored

PREVIEWS = 4
"""Sheets that `progress.png` shows, of all that training has drawn."""
CONFUSION = ("actual", "predicted", "pixels", "share")
HISTORY = ("epoch", "lr", "train_loss", "val_loss")
PER_EPOCH = ("epoch", "image_id", "iou")
CARD = "model_card.md"
SHEETS = ("examples.png", "worst.png", "progress.png")


def write_reports(
    folder: Path, network: str, scored: Scored, metrics: dict[str, Any], params: Params
) -> None:
    """All files of a trained network.

    Args:
        folder: Where to.
        network: Its name.
        scored: What its evaluator found.
        metrics: See `judging.summarise`.
        params: Of the pipeline.
    """
    _write_metrics(folder, metrics)
    rows = score_table(scored.judged, KINDS[network])
    groups = group_rows(scored.judged, KINDS[network], params.report)
    _write(folder / "scores.csv", rows, list(rows[0]))
    _write(folder / "groups.csv", groups, GROUP_COLUMNS)
    _write_curves(folder, scored.judged)
    _copy_history(folder, MODELS / network)
    sheets = (scored.examples, scored.worst, draw_progress(MODELS / network / "previews"))
    for name, sheet in zip(SHEETS, sheets, strict=True):
        write_png(folder / name, sheet)
    summary = summary_rows(network, folder, params.report)
    card = model_card(scored.card, params, metrics, summary, groups)
    write_whole(folder / CARD, card.encode())


def _write_curves(folder: Path, judged: Sequence[Judged]) -> None:
    curve = precision_recall([one.levels for one in judged if one.levels])
    _write(folder / "pr_curve.csv", [point._asdict() for point in curve], CurvePoint._fields)
    _write(folder / "confusion.csv", confusion_table(judged), CONFUSION)


def _copy_history(folder: Path, models: Path) -> None:
    shutil.copy(models / "history.csv", folder)
    # Only some recipes keep a row for each picture and epoch; DVC wants the file of all.
    if (models / "per_epoch.csv").exists():
        shutil.copy(models / "per_epoch.csv", folder)
    else:
        _write(folder / "per_epoch.csv", [], PER_EPOCH)


def write_skipped(folder: Path, network: str, why: str) -> None:
    """The same files for a network that was not trained: headers, and sheets that say why."""
    _write_metrics(folder, {"skipped": why})
    headers: dict[str, Sequence[str]] = {
        "scores.csv": KINDS[network].columns, "groups.csv": GROUP_COLUMNS,
        "confusion.csv": CONFUSION, "pr_curve.csv": CurvePoint._fields, "history.csv": HISTORY,
        "per_epoch.csv": PER_EPOCH,
    }  # fmt: skip
    for name, columns in headers.items():
        _write(folder / name, [], columns)
    for name in SHEETS:
        write_png(folder / name, notice(f"skipped: {why}"))
    write_whole(folder / CARD, skipped_card(network, why).encode())


def _write_metrics(folder: Path, metrics: dict[str, Any]) -> None:
    write_whole(folder / "metrics.json", f"{json.dumps(metrics, indent=2)}\n".encode())


def _write(file: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    pd.DataFrame(list(rows), columns=list(columns)).to_csv(file, index=False)


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
