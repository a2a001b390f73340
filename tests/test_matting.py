"""Cutouts: one object, holes closed, an edge that follows the picture, clean colours, a box."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from pipeline.images import RGB, Mask
from pipeline.matting import (
    Box,
    clean_colours,
    crop_box,
    cut_out,
    fill_holes,
    guided_filter,
    object_mask,
    right_component,
    soft_alpha,
)

HEIGHT, WIDTH = 90, 120
RED, GREEN = np.array([210, 30, 40]), np.array([20, 190, 60])


def disc(across: float = 60, down: float = 45, radius: float = 28) -> NDArray[np.float64]:
    """Coverage of a disc, anti-aliased over a pixel."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.clip(radius + 0.5 - np.hypot(columns - across, rows - down), 0, 1)


def photo(coverage: NDArray[np.float64], seed: int = 1) -> RGB:
    noise = np.random.default_rng(seed).normal(0, 3, (HEIGHT, WIDTH, 3))
    mixed = coverage[..., None] * RED + (1 - coverage[..., None]) * GREEN + noise
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


COVERAGE = disc()
PHOTO, MASK = photo(COVERAGE), COVERAGE >= 0.5


def test_of_two_parts_the_central_one_is_right_although_the_other_is_larger() -> None:
    probability = np.zeros((100, 200), np.float32)
    probability[40:60, 85:115] = 0.9
    probability[:40, :40] = 0.9
    assert right_component(probability, 0.5).nonzero()[0].min() == 40
    assert right_component(probability, 0.5).sum() == 600


def test_of_two_parts_the_larger_one_is_right_although_the_other_is_central() -> None:
    probability = np.zeros((100, 200), np.float32)
    probability[48:52, 98:102] = 1
    probability[30:70, 110:170] = 1
    assert right_component(probability, 0.5).sum() == 2400


def test_below_the_threshold_there_is_nothing() -> None:
    assert not object_mask(np.full((8, 9), 0.49, np.float32), 0.5, (40, 50)).any()
    assert object_mask(np.full((8, 9), 0.5, np.float32), 0.5, (40, 50)).all()


def test_panes_are_closed_and_notches_stay() -> None:
    car = np.zeros((30, 40), bool)
    car[5:25, 5:35] = True
    car[8:14, 10:20] = False  # a pane
    car[20:25, 15:20] = False  # an arch that is open below
    filled = fill_holes(car)
    assert filled[8:14, 10:20].all()
    assert not filled[20:25, 15:20].any()


def test_outside_nothing_remains_and_inside_the_colour_is_the_photos() -> None:
    cutout = cut_out(PHOTO, MASK, edge=0.02, margin=0.05)
    assert cutout is not None
    alpha = cutout.rgba[..., 3]
    assert set(np.unique(alpha)) >= {0, 255}
    assert not cutout.rgba[alpha == 0].any()
    inside = alpha == 255
    np.testing.assert_array_equal(cutout.rgba[inside][:, :3], PHOTO[cutout.box.window][inside])


@given(arrays(bool, (24, 32)), st.floats(0.001, 0.1), st.floats(0, 0.5))
def test_the_law_of_cutouts_holds_for_any_mask(mask: Mask, edge: float, margin: float) -> None:
    picture = np.random.default_rng(7).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    before = picture.copy()
    cutout = cut_out(picture, mask, edge, margin)
    np.testing.assert_array_equal(picture, before)
    if cutout is None:
        return
    assert mask.any()
    alpha = cutout.rgba[..., 3]
    assert cutout.rgba.shape == (
        cutout.box.bottom - cutout.box.top, cutout.box.right - cutout.box.left, 4,
    )  # fmt: skip
    assert not cutout.rgba[alpha == 0].any()
    inside = alpha == 255
    np.testing.assert_array_equal(cutout.rgba[inside][:, :3], picture[cutout.box.window][inside])


def test_no_background_shines_through_at_the_edge() -> None:
    cutout = cut_out(PHOTO, MASK, edge=0.02, margin=0.05)
    assert cutout is not None
    alpha = cutout.rgba[..., 3]
    rim = (alpha > 25) & (alpha < 230)
    assert rim.sum() > 50
    before = PHOTO[cutout.box.window][rim].astype(float)
    after = cutout.rgba[rim][:, :3].astype(float)
    far = np.abs(before - RED).mean()
    assert far > 40
    assert np.abs(after - RED).mean() < far / 4


def test_the_edge_follows_the_picture_where_the_mask_is_off() -> None:
    """A mask two pixels too large, as after being predicted in small."""
    grown = disc(radius=30) >= 0.5
    alpha = soft_alpha(PHOTO, grown, edge=0.04) / 255
    off = np.abs(grown - COVERAGE).mean()
    assert np.abs(alpha - COVERAGE).mean() < 0.6 * off


def test_away_from_the_band_alpha_is_the_mask() -> None:
    alpha = soft_alpha(PHOTO, MASK, edge=4 / WIDTH)
    assert (alpha[disc(radius=28 - 7) == 1] == 255).all()
    assert not alpha[disc(radius=28 + 7) == 0].any()


def test_the_frame_that_cuts_a_car_is_no_soft_edge() -> None:
    cut_off = np.zeros((HEIGHT, WIDTH), bool)
    cut_off[40:, 30:90] = True
    assert (soft_alpha(PHOTO, cut_off, edge=0.03)[-1, 40:80] == 255).all()


def test_specks_beside_the_object_are_not_part_of_it() -> None:
    speckled = MASK.copy()
    speckled[2:6, 2:6] = True
    np.testing.assert_array_equal(
        soft_alpha(PHOTO, speckled, 0.01) > 0, soft_alpha(PHOTO, MASK, 0.01) > 0
    )


def test_an_empty_mask_gives_no_cutout_and_a_full_one_all_of_the_picture() -> None:
    assert cut_out(PHOTO, np.zeros_like(MASK), 0.01, 0.1) is None
    full = cut_out(PHOTO, np.ones_like(MASK), 0.01, 0.1)
    assert full is not None
    assert full.box == Box(0, 0, WIDTH, HEIGHT)
    np.testing.assert_array_equal(full.rgba[..., :3], PHOTO)


def test_the_box_has_its_margin_but_stays_in_the_picture() -> None:
    mask = np.zeros((50, 80), bool)
    mask[10:30, 4:44] = True
    assert crop_box(mask, 0.0) == Box(4, 10, 44, 30)
    assert crop_box(mask, 0.1) == Box(0, 6, 48, 34)
    assert crop_box(mask, 0.0, pixels=2) == Box(2, 8, 46, 32)
    assert crop_box(np.zeros_like(mask), 0.1) is None


def direct_filter(
    guide: NDArray[np.float64], source: NDArray[np.float64], radius: int, epsilon: float
) -> NDArray[np.float64]:
    """Equations 14 to 16 of the paper, window by window."""
    height, width = source.shape
    slopes, offsets = np.zeros((height, width, 3)), np.zeros((height, width))
    pad = ((radius, radius), (radius, radius))
    wide, wide_source = np.pad(guide, (*pad, (0, 0)), "symmetric"), np.pad(source, pad, "symmetric")
    side = 2 * radius + 1
    for row in range(height):
        for column in range(width):
            window = slice(row, row + side), slice(column, column + side)
            colours, values = wide[window].reshape(-1, 3), wide_source[window].ravel()
            variance = np.cov(colours.T, bias=True) + epsilon * np.eye(3)
            covariance = (colours * values[:, None]).mean(0) - colours.mean(0) * values.mean()
            slopes[row, column] = np.linalg.solve(variance, covariance)
            offsets[row, column] = values.mean() - slopes[row, column] @ colours.mean(0)
    wide = np.pad(slopes, (*pad, (0, 0)), "symmetric")
    wide_source = np.pad(offsets, pad, "symmetric")
    result = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            window = slice(row, row + side), slice(column, column + side)
            result[row, column] = wide_source[window].mean()
            result[row, column] += wide[window].reshape(-1, 3).mean(0) @ guide[row, column]
    return result


@pytest.mark.parametrize(("radius", "epsilon"), [(1, 1e-2), (3, 1e-3)])
def test_the_guided_filter_is_the_papers(radius: int, epsilon: float) -> None:
    rng = np.random.default_rng(3)
    guide, source = rng.random((14, 17, 3)), rng.random((14, 17))
    ours = guided_filter(guide.astype(np.float32), source.astype(np.float32), radius, epsilon)
    np.testing.assert_allclose(ours, direct_filter(guide, source, radius, epsilon), atol=2e-4)


def test_colours_of_a_hard_edge_are_left_alone() -> None:
    alpha = np.where(MASK, 255, 0).astype(np.uint8)
    cleaned = clean_colours(PHOTO, alpha)
    np.testing.assert_array_equal(cleaned[MASK][:, :3], PHOTO[MASK])
    assert not cleaned[~MASK].any()
