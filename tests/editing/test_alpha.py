"""Alpha at a picture's own size: it follows edges, keeps holes and people, whatever the tiles."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.editing.alpha import find_outline, refined_alpha, tiles, without_specks
from tests.editing.known import Known, mixture, ring


@pytest.mark.parametrize("frame", [32, 64, 128])
def test_a_coarse_map_is_refined_to_the_edge_of_the_picture(frame: int) -> None:
    made = mixture(ring(480, 640, 150, soft=2))
    coarse = Known(made.coverage, frame).probability(made.picture)
    alpha = refined_alpha(made.picture, coarse) / 255
    wrong = np.abs(alpha - made.coverage)
    assert wrong.mean() < 0.25 * np.abs(coarse - made.coverage).mean()
    assert np.array_equal(alpha[wrong > 0.5].shape, (0,))


def test_the_band_is_as_wide_as_the_map_is_coarse() -> None:
    coverage = ring(512, 512, 150)
    cells = []
    for frame in (256, 64, 32):
        coarse = Known(coverage, frame).probability(mixture(coverage).picture)
        cells.append(find_outline(coarse, coarse >= 0.5).cell)
    assert cells == sorted(cells)
    for cell, frame in zip(cells, (256, 64, 32), strict=True):
        assert 0.7 < cell / (512 / frame) < 2.5


def test_outside_the_band_alpha_is_zero_or_full() -> None:
    made = mixture(ring(400, 400, 120), noise=25)
    alpha = refined_alpha(made.picture, Known(made.coverage, 100).probability(made.picture))
    away = np.abs(np.hypot(*(np.mgrid[:400, :400] - 199.5)) - 120)
    assert np.array_equal(alpha[away > 24], 255 * made.coverage[away > 24])
    assert ((alpha > 0) & (alpha < 255)).any()


def test_a_hole_stays_open() -> None:
    made = mixture(ring(300, 300, 120, inner=40))
    alpha = refined_alpha(made.picture, Known(made.coverage, 64).probability(made.picture))
    assert (alpha[135:165, 135:165] == 0).all()
    assert alpha[150, 230] == 255


def test_everybody_in_a_group_is_kept_and_specks_are_not() -> None:
    mask = np.zeros((200, 300), bool)
    mask[40:180, 20:80], mask[60:180, 120:160], mask[100:124, 200:210] = True, True, True
    mask[5:9, 290:295] = True
    kept = without_specks(mask)
    assert kept[100, 50] and kept[100, 140] and kept[110, 205]
    assert not kept[:20, 280:].any()
    assert np.array_equal(kept[20:], mask[20:])


@pytest.mark.parametrize("tile", [64, 100, 333])
def test_tiles_make_no_difference(tile: int) -> None:
    made = mixture(ring(500, 700, 180, inner=60, soft=3), noise=12)
    small = np.ascontiguousarray(made.coverage[::3, ::3])
    whole = refined_alpha(made.picture, small, tile=10_000)
    tiled = refined_alpha(made.picture, small, tile=tile)
    assert np.abs(whole.astype(int) - tiled).max() <= 1
    assert ((whole > 0) & (whole < 255)).sum() > 1000


def test_tiles_cover_each_pixel_once() -> None:
    count = np.zeros((70, 130), int)
    for box in tiles(count.shape, 32):
        count[box.window] += 1
    assert (count == 1).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (32, 32)])
def test_where_there_is_no_outline_all_is_one(value: float, shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), 99, np.uint8)
    alpha = refined_alpha(picture, np.full(shape, value, np.float32))
    assert np.array_equal(alpha, np.full(shape, round(255 * value)))


def test_a_line_of_pixels_has_an_edge() -> None:
    picture = np.full((1, 16, 3), 20, np.uint8)
    picture[:, 8:] = 220
    probability = np.linspace(0, 1, 16, dtype=np.float32)[None]
    alpha = refined_alpha(picture, probability)
    assert alpha[0, 0] == 0 and alpha[0, -1] == 255
