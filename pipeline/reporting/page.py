"""`reports/index.html`: all networks on one page that needs no network."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import pandas as pd
from markupsafe import Markup

from pipeline.evaluation import KINDS, Kind
from pipeline.images import read_picture
from pipeline.reporting import charts
from pipeline.reporting.about import ABOUT, About
from pipeline.reporting.files import CARD, SHEETS
from pipeline.reporting.summary import ranked
from pipeline.reporting.templates import render
from pipeline.workspace import write_whole

Rows = list[dict[str, Any]]
QUALITY = 80
"""Of sheets as WebP; the sheets themselves lie beside the page."""
CAPTIONS = dict(
    zip(
        SHEETS,
        ("From best to worst, and the worst", "The worst", "How it learnt"),
        strict=True,
    )
)


class Figure(NamedTuple):
    """A chart inside the page."""

    label: str
    svg: Markup


class Sheet(NamedTuple):
    """A picture inside the page."""

    caption: str
    source: str


class Chapter(NamedTuple):
    """What the page says about one network."""

    name: str
    about: About
    kind: Kind
    skipped: str | None
    note: str | None
    charts: list[Figure]
    sheets: list[Sheet]
    scores: Rows
    groups: Rows
    confusion: Rows
    card: str


def write_page(reports: Path) -> None:
    """Make the page from everything else in the folder; the same files give the same page."""
    summary = _rows(reports / "summary.csv")
    networks = list(dict.fromkeys(row["network"] for row in summary))
    page = render(
        "page.html",
        main=[_main(summary, name) for name in networks],
        summary=summary,
        kinds=KINDS,
        chapters=[_chapter(reports / name) for name in networks],
        data=[_sheet(file, file.stem.replace("_", " ")) for file in _pictures(reports / "data")],
    )
    write_whole(reports / "index.html", page.encode())


def _main(summary: Rows, network: str) -> dict[str, Any]:
    """The row of the score that stands for a network, or that says why it was skipped."""
    rows = [row for row in summary if row["network"] == network]
    judged = [row for row in rows if row["verdict"] or row["metric"] == "skipped"]
    return (judged or [row for row in rows if row["metric"] == KINDS[network].main])[0]


def _chapter(folder: Path) -> Chapter:
    name, kind = folder.name, KINDS[folder.name]
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    skipped = metrics.get("skipped")
    return Chapter(
        name, ABOUT[name], kind, skipped, metrics.get("attention"),
        charts=[] if skipped else _charts(folder, kind, metrics),
        sheets=[] if skipped else [_sheet(folder / file, CAPTIONS[file]) for file in SHEETS],
        scores=_rows(folder / "scores.csv"),
        groups=_rows(folder / "groups.csv"),
        confusion=_rows(folder / "confusion.csv"),
        card=(folder / CARD).read_text(encoding="utf-8"),
    )  # fmt: skip


def _charts(folder: Path, kind: Kind, metrics: dict[str, Any]) -> list[Figure]:
    history = pd.read_csv(folder / "history.csv")
    scores = pd.read_csv(folder / "scores.csv")
    curve = pd.read_csv(folder / "pr_curve.csv")
    drawn = [charts.losses(history)]
    if f"val_{kind.main}" in history:
        drawn.append(charts.score_by_epoch(history, f"val_{kind.main}", kind.title))
    rival = kind.strongest(metrics["baseline"])
    if rival:
        names, score = ["ours", rival.replace("_", " ")], ranked(scores, kind)
        ours, theirs = scores[score].dropna(), scores[kind.versus(rival)].dropna()
        title = kind.title_of(score)
        drawn.append(charts.histogram(list(ours), list(theirs), title, names))
    if len(curve):
        confusion = pd.read_csv(folder / "confusion.csv")
        drawn.append(charts.precision_recall(curve, confusion))
    # The one text on the page that is not escaped: matplotlib's, which escapes what it writes.
    return [Figure(chart.label, Markup(chart.svg)) for chart in drawn]


def _rows(file: Path) -> Rows:
    """What is empty in the file is None; names stay as they are, also 007 and NA."""
    names = dict.fromkeys(("picture", "group", "make", "weather"), str)
    table = pd.read_csv(file, dtype=names, keep_default_na=False, na_values=[""])
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _pictures(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.png"))


def _sheet(file: Path, caption: str) -> Sheet:
    picture = cv2.cvtColor(read_picture(file), cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    text = base64.b64encode(encoded.tobytes()).decode()
    return Sheet(caption, f"data:image/webp;base64,{text}")
