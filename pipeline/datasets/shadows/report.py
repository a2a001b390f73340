"""What stage `shadow_set` writes about a set: its tables, and a contact sheet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.datasets.shadows.files import KINDS, read_soft_mask
from pipeline.datasets.shadows.index import IndexRow
from pipeline.datasets.shadows.render import RenderedRow
from pipeline.datasets.splits import PARTS
from pipeline.images import RGB, Mask, read_picture
from pipeline.sheets import Row, contact_sheet
from pipeline.sources.folder import Reject

SHOWN = {"train": 8, "val": 3, "test": 3}
"""Rows of each part, spread evenly over it."""


def write_tables(
    folder: Path, rows: Sequence[IndexRow | RenderedRow], rejects: Sequence[Reject]
) -> None:
    """Write `split.csv` and `rejects.csv`; of nothing, their common columns."""
    columns = type(rows[0])._fields if rows else ("part", "name", "group", *KINDS)
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv(folder / "split.csv", index=False, lineterminator="\n")
    listed = pd.DataFrame(rejects, columns=Reject._fields)
    listed.to_csv(folder / "rejects.csv", index=False, lineterminator="\n")


def shadow_sheet(rows: Sequence[IndexRow | RenderedRow], folder: Path, made: Path) -> bytes:
    """PNG with rows of every part: the five pictures of a scene and what it is.

    Args:
        rows: Of the split.
        folder: What their files are relative to, where they point out of it.
        made: Where its own files lie while it is being made.
    """
    shown = [
        _row(row, made if isinstance(row, RenderedRow) else folder)
        for part in PARTS
        for row in _spread([row for row in rows if row.part == part], SHOWN[part])
    ]
    stream = io.BytesIO()
    Image.fromarray(contact_sheet(KINDS, shown)).save(stream, format="PNG")
    return stream.getvalue()


def _spread(rows: Sequence[IndexRow | RenderedRow], count: int) -> list[IndexRow | RenderedRow]:
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)
    return [rows[place] for place in places.tolist()]


def _row(row: IndexRow | RenderedRow, folder: Path) -> Row:
    pictures = [read_picture(folder / file) for file in (row.noshadow, row.shadow)]
    masks = [read_soft_mask(folder / file) for file in (row.mask, row.robject, row.rshadow)]
    return Row(_caption(row), [*pictures, *(_shown(mask) for mask in masks)])


def _caption(row: IndexRow | RenderedRow) -> str:
    if isinstance(row, IndexRow):
        return f"{row.name}: {row.width} x {row.height}, object covers {row.coverage:.1%}"
    return (
        f"{row.name}: sun at azimuth {row.azimuth:.0f}, elevation {row.elevation:.0f}, "
        f"softness {row.softness:.2f}, strength {row.strength:.2f}; shadow {row.shadow_area:.2f} "
        "of the object"
    )


def _shown(mask: Mask) -> RGB:
    return np.repeat(mask[..., None].astype(np.uint8) * 255, 3, axis=2)
