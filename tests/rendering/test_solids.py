"""Cutouts that stand on the ground."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rendering.cutouts import place_cutout, trimmed
from pipeline.rendering.solids import CAR_FOOTPRINT, contact_lines, walls_of
from tests.rendering.objects import car, coloured, stand, view


def test_a_car_seen_from_the_side_stands_on_one_line_through_its_wheels() -> None:
    ((left, low_left, right, low_right),) = contact_lines(car()[..., 3] > 127)
    assert (left, right) == (-0.5, 89.5)
    assert low_left == low_right == 39


def test_a_car_seen_from_a_corner_stands_on_two_lines_that_meet_at_the_near_wheel() -> None:
    rows, columns = np.mgrid[:60, :100]
    bottom = np.where(columns < 30, 40 + columns * 0.6, 58 - (columns - 30) * 0.3)
    one, other = contact_lines(rows <= bottom)
    assert one[2:] == other[:2]
    assert one[2] == pytest.approx(30, abs=1)
    assert one[3] == pytest.approx(58, abs=1)
    assert one[1] < 45
    assert other[3] == pytest.approx(37, abs=2)


@given(st.integers(0, 2**32 - 1))
def test_contact_lines_are_as_wide_as_what_stands_on_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = rng.random((rng.integers(2, 30), rng.integers(2, 30))) < 0.5
    shape[rng.integers(len(shape)), rng.integers(shape.shape[1])] = True
    lines = contact_lines(shape)
    columns = np.flatnonzero(shape.any(axis=0))
    assert lines[0][0] == columns[0] - 0.5
    assert lines[-1][2] == columns[-1] + 0.5
    assert all(one[2:] == other[:2] for one, other in pairwise(lines))
    lowest = np.flatnonzero(shape.any(axis=1))[-1]
    assert max(max(line[1], line[3]) for line in lines) >= lowest - 1e-9


def test_a_car_covers_the_same_ground_from_every_side() -> None:
    camera = view()
    for width in (45, 70, 110):
        (wall,) = walls_of(stand(coloured(np.ones((40, width), bool))), camera)
        wide = wall.coverage.shape[1] / wall.scale
        assert wide * wall.thickness == pytest.approx(CAR_FOOTPRINT * (20 / 36 * 2.2) ** 2, rel=0.1)


def test_a_wall_is_as_tall_in_metres_as_the_camera_says() -> None:
    camera = view()  # 36 pixels below the horizon, 2.2 m: 20 pixels are 1.22 m
    (wall,) = walls_of(stand(car()), camera)
    covered = np.flatnonzero((wall.coverage > 0.5).any(axis=1))
    assert (covered[-1] + 1) / wall.scale == pytest.approx(20 / 36 * 2.2, rel=0.06)


def test_nothing_opaque_has_no_walls() -> None:
    placed = stand(car())
    assert walls_of(placed._replace(alpha=placed.alpha * 0.4), view()) == []


def test_margins_are_trimmed_and_an_empty_cutout_is_refused() -> None:
    framed = np.pad(car(), ((3, 9), (5, 2), (0, 0)))
    np.testing.assert_array_equal(trimmed(framed), car())
    with pytest.raises(ValueError, match="no opaque pixel"):
        trimmed(np.zeros((4, 4, 4), np.uint8))


def test_a_cutout_stands_where_it_is_put_and_keeps_its_colours_at_the_edge() -> None:
    placed = place_cutout(car(), 50, 70, 20)
    assert placed.bottom == 70
    assert placed.alpha.shape == (20, 45)
    assert placed.left + 45 / 2 == pytest.approx(50, abs=1)
    seen = placed.alpha > 0.05
    np.testing.assert_allclose(
        placed.colours[seen], np.tile((180, 60, 40), (seen.sum(), 1)), atol=2
    )
