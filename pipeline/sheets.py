"""Contact sheets: labelled rows of pictures, so that people see what the numbers mean."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from pipeline.images import RGB, Mask, resize_picture

T = TypeVar("T")

TILE = 192
CAPTION = 22
GAP = 6
INK = (40, 40, 40)
PAPER = 255


class Row(NamedTuple):
    """One row of a sheet: a caption on the left and pictures of any size."""

    caption: str
    pictures: Sequence[RGB]


class Tile(NamedTuple):
    """One picture of a gallery, of any size, and what stands under it."""

    caption: str
    picture: RGB


def show_mask(picture: RGB, mask: Mask) -> RGB:
    """The picture as it is inside the mask, pale magenta outside, as a cutout would show it."""
    pale = picture * 0.15 + np.array((255, 0, 255)) * 0.85
    return np.where(mask[..., None], picture, pale).astype(np.uint8)


def evenly(things: Sequence[T], count: int) -> list[T]:
    """So many of them at even distances, the first and the last among them; fewer if there are."""
    last = len(things) - 1
    places = {round(i * last / max(1, count - 1)) for i in range(count)} if things else set()
    return [things[place] for place in sorted(places)]


def contact_sheet(columns: Sequence[str], rows: Sequence[Row]) -> RGB:
    """Lay rows under column titles; every picture is fitted into a square tile.

    Raises:
        ValueError: A row has another number of pictures than there are columns.
    """
    step = TILE + GAP
    sheet = np.full(
        (CAPTION + len(rows) * (step + CAPTION), len(columns) * step + GAP, 3), PAPER, np.uint8
    )
    for number, title in enumerate(columns):
        _write(sheet, title, GAP + number * step, CAPTION - 7)
    for line, row in enumerate(rows):
        if len(row.pictures) != len(columns):
            raise ValueError(f"{len(row.pictures)} pictures under {len(columns)} columns")
        top = CAPTION + line * (step + CAPTION)
        _write(sheet, row.caption, GAP, top + TILE + CAPTION - 8)
        for number, picture in enumerate(row.pictures):
            left = GAP + number * step
            sheet[top : top + TILE, left : left + TILE] = tile(picture)
    return sheet


def gallery(tiles: Sequence[Tile], title: str, without: str, columns: int = 4) -> RGB:
    """Pictures side by side under one title; `without` stands there if there are none."""
    step = TILE + GAP
    lines = -(-len(tiles) // columns)
    shape = (CAPTION + max(1, lines * (step + CAPTION)), columns * step + GAP, 3)
    sheet = np.full(shape, PAPER, np.uint8)
    _write(sheet, title if tiles else without, GAP, CAPTION - 7)
    for place, one in enumerate(tiles):
        line, column = divmod(place, columns)
        top, left = CAPTION + line * (step + CAPTION), GAP + column * step
        sheet[top : top + TILE, left : left + TILE] = tile(one.picture)
        _write(sheet, one.caption, left, top + TILE + CAPTION - 8)
    return sheet


def show_object(picture: RGB, mask: Mask) -> RGB:
    """The picture with a thin magenta outline around what the mask holds."""
    thin = np.ones((3, 3), np.uint8)
    outline = cv2.dilate(mask.astype(np.uint8), thin) > mask
    return np.where(outline[..., None], np.array((255, 0, 255), np.uint8), picture)


def side_by_side(tiles: Sequence[Tile]) -> RGB:
    """Pictures at their own size in one row, each under its title."""
    height = CAPTION + max(tile.picture.shape[0] for tile in tiles)
    width = GAP + sum(tile.picture.shape[1] + GAP for tile in tiles)
    sheet, left = np.full((height, width, 3), PAPER, np.uint8), GAP
    for tile in tiles:
        _write(sheet, tile.caption, left, CAPTION - 7)
        below, right = CAPTION + tile.picture.shape[0], left + tile.picture.shape[1]
        sheet[CAPTION:below, left:right] = tile.picture
        left = right + GAP
    return sheet


def notice(text: str) -> RGB:
    """A small sheet of nothing but a text, where there are no pictures to show."""
    lines = wrap(text, 72)
    sheet = np.full(((len(lines) + 1) * CAPTION, 3 * (TILE + GAP), 3), PAPER, np.uint8)
    for number, line in enumerate(lines):
        _write(sheet, line, GAP, (number + 1) * CAPTION)
    return sheet


def tile(picture: RGB) -> RGB:
    """Fit a picture into the middle of a square of `TILE`; a tile stays as it is."""
    height, width = picture.shape[:2]
    scale = TILE / max(height, width)
    small = resize_picture(picture, max(1, round(height * scale)), max(1, round(width * scale)))
    square = np.full((TILE, TILE, 3), 235, np.uint8)
    top, left = (TILE - small.shape[0]) // 2, (TILE - small.shape[1]) // 2
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    return square


def _write(sheet: RGB, text: str, left: int, baseline: int) -> None:
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.42
    cv2.putText(sheet, text, (left, baseline), font, size, INK, 1, cv2.LINE_AA)
