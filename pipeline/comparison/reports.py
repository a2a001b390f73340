"""What a comparison leaves: tables, a contact sheet, and the table that is printed."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path

from pipeline.comparison.answers import read_answer
from pipeline.comparison.cases import Case, Reject
from pipeline.comparison.scoring import Result, against
from pipeline.images import RGB, write_png
from pipeline.sheets import Row, contact_sheet, evenly, show_mask
from pipeline.tables import aligned
from pipeline.workspace import write_file, write_whole

SPREAD, WORST = 6, 20
"""Rows of the sheet: so many from best to worst, then so many of the worst of the lower half."""


def write_tables(out: Path, results: Sequence[Result], rejects: Sequence[Reject]) -> None:
    """`summary.csv`, `paired.csv`, `scores.csv` and `rejects.csv`."""
    _write_table(out / "summary.csv", [result.summary() for result in results])
    _write_table(out / "paired.csv", _paired_rows(results), PAIRED)
    _write_table(out / "scores.csv", [row for result in results for row in result.rows()])
    _write_table(out / "rejects.csv", [one._asdict() for one in rejects], Reject._fields)


PAIRED = (
    "method", "against", "difference", "low", "high", "better", "worse", "equal", "p_value",
    "conclusion",
)  # fmt: skip


def _paired_rows(results: Sequence[Result]) -> list[dict[str, object]]:
    first, *others = results
    rows = []
    for other in others:
        found = against(first, other)
        numbers = {key: getattr(found, key) for key in PAIRED[2:-1]}
        conclusion = found.conclusion(first.method, other.method)
        names = {"method": other.method, "against": first.method}
        rows.append({**names, **numbers, "conclusion": conclusion})
    return rows


def verdicts(results: Sequence[Result]) -> list[str]:
    """A sentence for each method but the first: is it better, picture by picture?"""
    first, *others = results
    return [
        against(first, other).in_words("Jaccard", first.method, other.method) for other in others
    ]


def write_sheet(
    out: Path,
    results: Sequence[Result],
    folders: Mapping[str, Path],
    cases: Sequence[Case],
    threshold: float,
) -> None:
    """`examples.png`: pictures from best to worst of the first method, then its worst.

    Args:
        out: Where to.
        results: What is to be seen, in this order.
        folders: The masks of each method.
        cases: All pictures.
        threshold: Of masks.
    """
    by_name = {case.name: case for case in cases}
    rows = []
    for caption, name in _examples(results[0]):
        picture, truth = by_name[name].read()
        masks = [truth] + [
            read_answer(folders[result.method], name, truth, threshold).mask for result in results
        ]
        shown: list[RGB] = [picture, *(show_mask(picture, mask) for mask in masks)]
        rows.append(Row(caption, shown))
    titles = ["picture", "truth", *(result.method for result in results)]
    with write_file(out / "examples.png") as part:
        write_png(part, contact_sheet(titles, rows))


def _examples(result: Result) -> list[tuple[str, str]]:
    """Captions and names of pictures."""
    ranked = sorted(result.pictures, key=lambda one: (-one.scores["jaccard"], one.name))
    places = list(range(len(ranked)))
    spread = evenly(places, SPREAD)
    lower_half = places[len(places) // 2 :]
    worst = [place for place in reversed(lower_half) if place not in spread][:WORST]
    captions = [(place, f"rank {place + 1} of {len(ranked)}") for place in spread]
    captions += [(place, f"among the worst, rank {place + 1}") for place in worst]
    return [
        (
            f"{text} of {result.method}: {ranked[place].name}, "
            f"Jaccard {ranked[place].scores['jaccard']:.3f}",
            ranked[place].name,
        )
        for place, text in captions
    ]


def describe(results: Sequence[Result]) -> str:
    """A table for people, a line for each method."""
    return aligned([_line(result.summary()) for result in results], numbers=True)


def _line(row: Mapping[str, object]) -> dict[str, str]:
    return {
        "method": str(row["method"]),
        "pictures": str(row["pictures"]),
        "jaccard": _shown(row["jaccard"], 4),
        "95 % interval": f"{_shown(row['low'], 4)} to {_shown(row['high'], 4)}",
        "boundary F": _shown(row["boundary_f"], 4),
        "iou": _shown(row["iou"], 4),
        "seconds": _shown(row["seconds"], 3),
        "first": _shown(row["first_seconds"], 1),
        "peak MiB": _shown(row["peak_mb"], 0),
        "failed": str(row["failed"]),
    }


def _shown(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) and not isnan(value) else "–"


def _write_table(
    file: Path, rows: Sequence[Mapping[str, object]], columns: Sequence[str] = ()
) -> None:
    text = io.StringIO()
    table = csv.DictWriter(text, columns or list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    write_whole(file, text.getvalue().encode())


def _cell(value: object) -> object:
    if not isinstance(value, float):
        return value
    return "" if isnan(value) else f"{value:.6f}"
