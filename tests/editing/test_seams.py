"""Painted pixels meet those of the photo; nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editing.seams import TILE, blend, reduced, soap_film, tiles


def ramp(height: int, width: int) -> np.ndarray:
    """A picture that brightens to the right and, in red, to the bottom."""
    rows, columns = np.mgrid[:height, :width]
    planes = [60 + 80 * rows / height, 40 + 150 * columns / width, 90 + 0 * rows]
    return np.stack(planes, axis=-1).round().astype(np.uint8)


def disc(height: int, width: int, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return (rows - height / 2) ** 2 + (columns - width / 2) ** 2 <= radius**2


def test_paint_that_is_off_by_a_constant_leaves_no_trace() -> None:
    photo, mask = ramp(80, 100), disc(80, 100, 25)
    assert np.abs(blend(photo, photo + 30, mask).astype(int) - photo).max() <= 1


def test_paint_that_is_off_by_a_slope_leaves_hardly_any_trace() -> None:
    photo, mask = ramp(80, 100), disc(80, 100, 25)
    slope = np.linspace(0, 40, 100)[None, :, None]
    painted = np.rint(photo + slope).astype(np.uint8)
    assert np.abs(blend(photo, painted, mask).astype(int) - photo).max() <= 3


def test_detail_of_the_paint_survives() -> None:
    photo, mask = np.full((60, 60, 3), 90, np.uint8), disc(60, 60, 20)
    painted = np.full((60, 60, 3), 120, np.uint8)
    painted[28:32, 28:32] = 200
    result = blend(photo, painted, mask)
    assert (result[29:31, 29:31] == 170).all()
    assert (result[20, 30] == 90).all()


def test_the_seam_is_no_step() -> None:
    photo, mask = ramp(90, 90), disc(90, 90, 30)
    painted = ramp(90, 90) // 2 + 80
    result = blend(photo, painted, mask).astype(int)
    across = np.abs(np.diff(result, axis=1)).max(axis=2)
    assert across.max() <= 4
    pasted = np.where(mask[..., None], painted, photo).astype(int)
    assert np.abs(np.diff(pasted, axis=1)).max() > 20, "the step that blending has to take away"


@given(seed=st.integers(0, 2**16), height=st.integers(1, 40), width=st.integers(1, 40))
def test_outside_the_mask_nothing_changes(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    photo, painted = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    mask = rng.random((height, width)) < rng.random()
    result = blend(photo, painted, mask)
    assert result.dtype == np.uint8 and result.shape == photo.shape
    assert np.array_equal(result[~mask], photo[~mask])


def test_where_all_is_masked_the_paint_stays() -> None:
    photo, painted = ramp(8, 8), np.full((8, 8, 3), 7, np.uint8)
    assert np.array_equal(blend(photo, painted, np.ones((8, 8), np.bool_)), painted)


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="the mask"):
        blend(ramp(8, 8), ramp(8, 8), np.zeros((8, 9), np.bool_))


def test_a_large_hole_is_spanned_as_a_small_one_is() -> None:
    photo, mask = ramp(900, 1400), disc(900, 1400, 330)
    film = soap_film(photo, mask, mask)
    assert film.factor > 1
    everything = slice(0, 900), slice(0, 1400)
    assert np.abs(film.part(everything) - photo)[mask].max() < 12
    strided = slice(100, 800, 7), slice(50, 1300, 11)
    assert np.allclose(film.part(strided), film.part(everything)[strided], atol=0.1)


def test_reducing_counts_only_what_counts() -> None:
    photo = ramp(33, 50)
    counted = np.random.default_rng(0).random((33, 50)) < 0.3
    sums, weights = reduced(photo, counted, 4)
    assert sums.shape == (9, 13, 3) and weights.shape == (9, 13)
    assert weights.sum() * 16 == pytest.approx(np.count_nonzero(counted))
    assert sums[..., 1].sum() * 16 == pytest.approx(photo[counted][:, 1].sum(), rel=1e-5)


def test_tiles_cover_everything_once() -> None:
    count = np.zeros((TILE + 3, 2 * TILE), int)
    for tile in tiles(count.shape):
        count[tile] += 1
    assert (count == 1).all()
