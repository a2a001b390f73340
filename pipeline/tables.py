"""Rows of words as a table: for a terminal, for GitHub, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

Rows = Sequence[Mapping[str, str]]
"""Each with the same columns in the same order."""


def aligned(rows: Rows, numbers: bool = False) -> str:
    """Columns under each other.

    Args:
        rows: The heading is that of the first.
        numbers: Whether all columns but the first hold numbers, which end at one place.
    """
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if numbers and place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown(rows: Rows) -> str:
    """A table of GitHub's Markdown."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def csv_text(rows: Rows) -> str:
    """Comma-separated, with a heading."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
