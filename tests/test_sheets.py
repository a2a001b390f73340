"""Contact sheets: what went in, what came out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.sheets import (
    CAPTION,
    GAP,
    TILE,
    Row,
    Tile,
    contact_sheet,
    notice,
    show_mask,
    show_object,
    side_by_side,
)

RED = (250, 0, 0)


def flat(height: int, width: int, colour: tuple[int, int, int] = RED) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def area(sheet: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    return (sheet == colour).all(axis=2)


def test_inside_the_mask_the_picture_stays_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (10, 12, 3)).astype(np.uint8)
    mask = np.zeros((10, 12), bool)
    mask[2:5, 3:9] = True
    shown = show_mask(picture, mask)
    assert (shown.shape, shown.dtype) == (picture.shape, np.uint8)
    np.testing.assert_array_equal(shown[mask], picture[mask])
    red, green, blue = shown[~mask].T.astype(int)
    assert (np.minimum(red, blue) - green).min() > 150


def test_a_sheet_has_a_tile_for_every_picture() -> None:
    rows = [Row(f"row {i}", [flat(20, 20), flat(20, 20), flat(20, 20)]) for i in range(2)]
    sheet = contact_sheet(["a", "b", "c"], rows)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (
        CAPTION + 2 * (TILE + GAP + CAPTION),
        3 * (TILE + GAP) + GAP,
        3,
    )
    assert area(sheet, RED).sum() == 6 * TILE * TILE


@given(st.integers(1, 500), st.integers(1, 500))
def test_every_picture_is_fitted_into_its_tile_in_proportion(height: int, width: int) -> None:
    seen = area(contact_sheet(["picture"], [Row("one", [flat(height, width)])]), RED)
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    shown = len(rows), len(columns)
    assert max(shown) == TILE
    assert shown[0] == pytest.approx(TILE * min(1, height / width), abs=1)
    assert shown[1] == pytest.approx(TILE * min(1, width / height), abs=1)


def test_columns_and_rows_stand_in_the_order_given() -> None:
    colours = ((250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0))
    one, two, three, four = (flat(9, 9, colour) for colour in colours)
    sheet = contact_sheet(["left", "right"], [Row("up", [one, two]), Row("down", [three, four])])
    centres = [np.argwhere(area(sheet, colour)).mean(axis=0) for colour in colours]
    assert centres[0][0] == centres[1][0] < centres[2][0] == centres[3][0]
    assert centres[0][1] == centres[2][1] < centres[1][1] == centres[3][1]


def test_titles_and_captions_are_written() -> None:
    blank = contact_sheet(["", ""], [Row("", [flat(9, 9), flat(9, 9)])])
    titled = contact_sheet(["picture", ""], [Row("", [flat(9, 9), flat(9, 9)])])
    captioned = contact_sheet(["", ""], [Row("rank 1", [flat(9, 9), flat(9, 9)])])
    assert (titled != blank)[:CAPTION].any()
    assert (captioned != blank)[CAPTION + TILE :].any()
    assert not (titled != blank)[CAPTION:].any()


def test_a_row_with_too_few_pictures_is_refused_by_the_numbers() -> None:
    with pytest.raises(ValueError, match="1 pictures under 2 columns"):
        contact_sheet(["a", "b"], [Row("short", [flat(9, 9)])])


def test_an_object_is_shown_by_an_outline_around_it() -> None:
    picture, mask = flat(20, 20), np.zeros((20, 20), bool)
    mask[8:12, 8:12] = True
    shown = show_object(picture, mask)
    changed = (shown != picture).any(axis=2)
    assert changed.sum() == 6 * 6 - 4 * 4
    assert not (changed & mask).any()
    assert shown.dtype == np.uint8


def test_pictures_side_by_side_keep_their_size_under_their_titles() -> None:
    blue = (0, 0, 250)
    sheet = side_by_side([Tile("epoch 3", flat(30, 40)), Tile("epoch 6", flat(50, 20, blue))])
    assert sheet.shape == (CAPTION + 50, 40 + 20 + 3 * GAP, 3)
    np.testing.assert_array_equal(np.argwhere(area(sheet, RED)).min(axis=0), (CAPTION, GAP))
    assert area(sheet, RED).sum() == 30 * 40
    assert area(sheet, blue).sum() == 50 * 20
    untitled = side_by_side([Tile("", flat(30, 40)), Tile("", flat(50, 20, blue))])
    assert (sheet != untitled)[:CAPTION].any()


def test_a_notice_holds_its_whole_text_in_lines() -> None:
    short, long = notice("skipped"), notice("there is nothing to learn from " * 9)
    assert short.shape[1] == long.shape[1]
    assert len(long) > len(short)
    for sheet in (short, long):
        lines = (sheet < 200).any(axis=(1, 2))
        assert lines.any()
        columns = np.flatnonzero((sheet < 200).any(axis=(0, 2)))
        assert columns.max() < sheet.shape[1] - 1
