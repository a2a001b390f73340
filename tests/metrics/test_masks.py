"""Scores equal scikit-learn's and scikit-image's, but for the declared rules on what is empty."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.metrics
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from pipeline.images import RGB
from pipeline.metrics.masks import (
    Counts,
    boundary_f_score,
    confusion_counts,
    mask_scores,
    pooled_scores,
    total,
)
from pipeline.metrics.pictures import BEST_PSNR, picture_scores, psnr, rmse, ssim
from pipeline.metrics.statistics import bootstrap_interval, mean_scores

Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]

EMPTY, FULL = np.zeros((4, 5), bool), np.ones((4, 5), bool)
LEFT = np.arange(5)[None].repeat(4, 0) < 2


@st.composite
def mask_pairs(draw: st.DrawFn) -> Masks:
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=7))
    return draw(arrays(bool, shape)), draw(arrays(bool, shape))


def of_sklearn(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> dict[str, float]:
    pixels = truth.ravel().astype(int), predicted.ravel().astype(int)
    ratios = ("jaccard", "f1", "precision", "recall")
    scores = {
        name: getattr(sklearn.metrics, f"{name}_score")(*pixels, zero_division=0) for name in ratios
    }
    return {**scores, "accuracy": sklearn.metrics.accuracy_score(*pixels)}


@given(mask_pairs())
def test_scores_are_those_of_scikit_learn(masks: Masks) -> None:
    predicted, truth = masks
    scores = mask_scores(confusion_counts(predicted, truth))
    if predicted.any() or truth.any():
        assert scores == pytest.approx(of_sklearn(predicted, truth), abs=1e-12)
    else:
        assert set(scores.values()) == {1.0}


@pytest.mark.parametrize(
    ("predicted", "truth"),
    [(EMPTY, FULL), (FULL, EMPTY), (FULL, FULL), (LEFT, ~LEFT), (EMPTY, LEFT), (LEFT, EMPTY)],
    ids=["nothing found", "nothing there", "all", "disjoint", "missed", "false alarm"],
)
def test_degenerate_masks_score_as_in_scikit_learn(
    predicted: NDArray[np.bool_], truth: NDArray[np.bool_]
) -> None:
    scores = mask_scores(confusion_counts(predicted, truth))
    assert scores == pytest.approx(of_sklearn(predicted, truth))


def test_an_empty_prediction_on_an_empty_truth_is_right() -> None:
    scores = mask_scores(confusion_counts(EMPTY, EMPTY))
    assert scores == {"jaccard": 1, "f1": 1, "accuracy": 1, "precision": 1, "recall": 1}


def test_scores_come_in_the_column_order_of_the_report() -> None:
    scores = mask_scores(Counts(1, 2, 3, 4))
    assert list(scores) == ["jaccard", "f1", "accuracy", "precision", "recall"]


def test_counts_tell_the_four_outcomes_apart() -> None:
    predicted = np.array([[True, True, True, False, False, False, False, False, False, False]])
    truth = np.array([[True, False, False, True, True, True, False, False, False, False]])
    assert confusion_counts(predicted, truth) == Counts(1, 2, 3, 4)


@given(st.lists(mask_pairs(), min_size=1, max_size=4))
def test_pooled_scores_are_those_of_all_pixels_together(pairs: list[Masks]) -> None:
    predicted, truth = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    scores = pooled_scores(total(confusion_counts(*pair) for pair in pairs))
    person, background = (
        sklearn.metrics.jaccard_score(truth == label, predicted == label, zero_division=1)
        for label in (True, False)
    )
    assert scores == pytest.approx({"iou": person, "miou": (person + background) / 2}, abs=1e-12)


def test_pooled_iou_is_not_the_mean_over_pictures() -> None:
    small = confusion_counts(np.ones((1, 1), bool), np.ones((1, 1), bool))
    large = confusion_counts(np.zeros((10, 10), bool), np.ones((10, 10), bool))
    means = mean_scores([mask_scores(small), mask_scores(large)])
    assert means["jaccard"] == 0.5
    assert pooled_scores(total([small, large]))["iou"] == pytest.approx(1 / 101)


def test_nothing_counted_sums_to_nothing() -> None:
    assert total([]) == Counts(0, 0, 0, 0)
    assert mean_scores([]) == {}


@pytest.mark.parametrize("other", [np.uint8, np.float32, np.int64])
def test_a_mask_that_is_not_bool_is_refused(other: type) -> None:
    with pytest.raises(ValueError, match=f"must be bool, got bool and {np.dtype(other)}"):
        confusion_counts(LEFT, LEFT.astype(other))
    with pytest.raises(ValueError, match=f"must be bool, got {np.dtype(other)} and bool"):
        confusion_counts(LEFT.astype(other), LEFT)


def test_masks_of_two_shapes_are_refused_by_their_shapes() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5\) and \(5, 4\)"):
        confusion_counts(LEFT, LEFT.T)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)), st.floats(0.5, 0.99))
def test_an_interval_stays_within_what_was_measured(
    values: NDArray[np.float64], level: float
) -> None:
    low, high = bootstrap_interval(values, level, resamples=100, seed=1)
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9


def test_an_interval_holds_the_mean_and_narrows_with_more_pictures_and_a_lower_level() -> None:
    values = np.random.default_rng(3).uniform(0, 1, 400)
    low, high = bootstrap_interval(values, 0.95, 1000, seed=0)
    few_low, few_high = bootstrap_interval(values[:25], 0.95, 1000, seed=0)
    half_low, half_high = bootstrap_interval(values, 0.5, 1000, seed=0)
    assert low < values.mean() < high
    assert few_low < values[:25].mean() < few_high
    assert high - low < (few_high - few_low) / 2
    assert low < half_low < half_high < high


def test_an_interval_is_as_wide_on_both_sides_as_the_standard_error_says() -> None:
    values = np.random.default_rng(11).uniform(0, 1, 400)
    low, high = bootstrap_interval(values, 0.95, 5000, seed=0)
    expected = 1.96 * values.std() / np.sqrt(len(values))
    assert values.mean() - low == pytest.approx(expected, rel=0.06)
    assert high - values.mean() == pytest.approx(expected, rel=0.06)


def test_the_seed_alone_decides_the_interval() -> None:
    values = np.random.default_rng(5).uniform(0, 1, 30)
    first = bootstrap_interval(values, 0.95, 200, seed=7)
    assert bootstrap_interval(values, 0.95, 200, seed=7) == first
    assert bootstrap_interval(values, 0.95, 200, seed=8) != first


def test_a_picture_without_pixels_divides_by_nothing() -> None:
    nothing = confusion_counts(np.zeros((0, 0), bool), np.zeros((0, 0), bool))
    assert set(mask_scores(nothing).values()) == {1.0}


SQUARE = np.zeros((60, 80), bool)
SQUARE[20:40, 25:55] = True


def test_outlines_that_agree_score_one_whatever_is_inside() -> None:
    assert boundary_f_score(SQUARE, SQUARE) == 1
    ring = SQUARE.copy()
    ring[29:31, 39:41] = False
    assert 0.9 < boundary_f_score(ring, SQUARE) < 1


def test_an_outline_is_right_within_the_tolerance_and_wrong_beyond_it() -> None:
    diagonal = float(np.hypot(*SQUARE.shape))
    for pixels in (1, 2, 3):
        moved = np.roll(SQUARE, pixels, axis=1)
        assert boundary_f_score(moved, SQUARE, pixels / diagonal) == 1
        assert boundary_f_score(moved, SQUARE, (pixels - 1) / diagonal) < 1


def test_the_boundary_score_is_the_harmonic_mean_of_the_shares_of_right_outline() -> None:
    half = SQUARE & (np.arange(80) < 40)
    outline = 2 * 30 + 2 * 20 - 4
    right = 15 + 15 + 18  # of both: top, bottom, left
    own = 2 * 15 + 2 * 20 - 4
    precision, recall = right / own, right / outline
    expected = 2 * precision * recall / (precision + recall)
    assert boundary_f_score(half, SQUARE, 0.0) == pytest.approx(expected)
    assert boundary_f_score(SQUARE, half, 0.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("predicted", "truth", "score"),
    [
        (EMPTY, EMPTY, 1), (FULL, FULL, 1), (EMPTY, FULL, 0), (FULL, EMPTY, 0), (LEFT, EMPTY, 0),
        (EMPTY, LEFT, 0), (LEFT, FULL, 0), (np.zeros((0, 0), bool), np.zeros((0, 0), bool), 1),
    ],
)  # fmt: skip
def test_masks_without_an_outline_score_by_being_equal(
    predicted: NDArray[np.bool_], truth: NDArray[np.bool_], score: float
) -> None:
    assert boundary_f_score(predicted, truth) == score


def test_the_frame_of_the_picture_is_no_outline() -> None:
    cut_off = np.zeros((40, 40), bool)
    cut_off[:, :20] = True
    shorter = cut_off.copy()
    shorter[:2] = False
    assert boundary_f_score(cut_off, np.fliplr(~cut_off), 0.0) == 1
    assert boundary_f_score(shorter, cut_off, 0.0) < 0.9


@given(mask_pairs())
def test_the_boundary_score_is_symmetric_and_in_range(masks: Masks) -> None:
    score = boundary_f_score(*masks)
    assert 0 <= score <= 1
    assert score == pytest.approx(boundary_f_score(*masks[::-1]))


def test_the_boundary_score_refuses_what_are_no_two_masks_of_one_picture() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5\) and \(5, 4\)"):
        boundary_f_score(LEFT, LEFT.T)
    with pytest.raises(ValueError, match="must be bool"):
        boundary_f_score(LEFT, LEFT.astype(np.uint8))  # type: ignore[arg-type]


Pictures = tuple[RGB, RGB]


def noisy(height: int, width: int, noise: int, seed: int = 0) -> Pictures:
    """A picture with structure, and the same with noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    waves = 128 + 90 * np.sin(rows / 5)[..., None] * np.cos(columns[..., None] / (3, 5, 8))
    truth = waves.astype(np.uint8)
    ours = truth + rng.integers(-noise, noise + 1, truth.shape)
    return np.clip(ours, 0, 255).astype(np.uint8), truth


@pytest.mark.parametrize("size", [(11, 11), (11, 40), (37, 64), (128, 96)])
@pytest.mark.parametrize("noise", [1, 12, 200])
def test_scores_of_pictures_are_those_of_scikit_image(size: tuple[int, int], noise: int) -> None:
    ours, truth = noisy(*size, noise)
    theirs = skimage.metrics.structural_similarity(
        truth, ours, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    assert ssim(ours, truth) == pytest.approx(theirs, abs=1e-9)
    expected = skimage.metrics.peak_signal_noise_ratio(truth, ours, data_range=255)
    assert psnr(ours, truth) == pytest.approx(expected, abs=1e-9)
    squared = skimage.metrics.mean_squared_error(truth, ours)
    assert rmse(ours, truth) == pytest.approx(np.sqrt(squared), abs=1e-9)


def test_similarity_inside_a_mask_is_the_mean_of_scikit_images_map_there() -> None:
    ours, truth = noisy(40, 50, 25)
    inside = np.zeros((40, 50), bool)
    inside[:7, 20:50] = True  # at the frame too, where windows are mirrored
    _, similarity = skimage.metrics.structural_similarity(
        truth, ours, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    assert ssim(ours, truth, inside) == pytest.approx(similarity[inside].mean(), abs=1e-9)


def test_an_error_of_three_levels_in_one_of_three_channels_is_the_root_of_three() -> None:
    truth = np.zeros((12, 12, 3), np.uint8)
    ours = truth.copy()
    ours[..., 1] = 3
    assert rmse(ours, truth) == pytest.approx(3**0.5)
    assert psnr(ours, truth) == pytest.approx(20 * np.log10(255 / 3**0.5))


def test_inside_a_mask_only_its_pixels_count() -> None:
    ours, truth = noisy(30, 30, 0)
    inside = np.zeros((30, 30), bool)
    inside[10:20, 5:15] = True
    spoilt = np.where(inside[..., None], 255 - ours, ours)
    assert rmse(spoilt, truth, ~inside) == 0
    assert rmse(spoilt, truth, inside) > rmse(spoilt, truth) > 0
    assert psnr(spoilt, truth, inside) < psnr(spoilt, truth)
    assert ssim(spoilt, truth, inside) < ssim(spoilt, truth) < 1
    everywhere = np.ones((30, 30), bool)
    assert rmse(spoilt, truth, everywhere) == rmse(spoilt, truth)


def test_less_noise_scores_better() -> None:
    by_noise = [picture_scores(*noisy(40, 40, noise), np.ones((40, 40), bool)) for noise in (2, 20)]
    for name in ("psnr", "ssim", "psnr_inside"):
        assert by_noise[0][name] > by_noise[1][name]
    for name in ("rmse", "rmse_inside"):
        assert by_noise[0][name] < by_noise[1][name]


def test_equal_pictures_score_best_with_numbers_that_json_can_hold() -> None:
    _, truth = noisy(20, 20, 0)
    scores = picture_scores(truth, truth, np.eye(20, dtype=bool))
    assert scores == {
        "psnr": BEST_PSNR, "ssim": pytest.approx(1), "rmse": 0,
        "psnr_inside": BEST_PSNR, "rmse_inside": 0,
    }  # fmt: skip


def test_a_picture_of_another_world_scores_worst() -> None:
    black, white = np.zeros((12, 12, 3), np.uint8), np.full((12, 12, 3), 255, np.uint8)
    assert rmse(black, white) == 255
    assert psnr(black, white) == 0
    assert ssim(black, white) == pytest.approx(0, abs=1e-3)


def test_inside_nothing_nothing_is_measured_and_the_mean_leaves_it_out() -> None:
    ours, truth = noisy(20, 20, 5)
    nothing, something = np.zeros((20, 20), bool), np.eye(20, dtype=bool)
    scores = picture_scores(ours, truth, nothing)
    assert np.isnan([scores["psnr_inside"], scores["rmse_inside"]]).all()
    assert np.isnan(ssim(ours, truth, nothing))
    assert not np.isnan([scores["psnr"], scores["ssim"], scores["rmse"]]).any()
    other = picture_scores(ours, truth, something)
    assert mean_scores([scores, other])["rmse_inside"] == other["rmse_inside"]
    assert np.isnan(mean_scores([scores, scores])["rmse_inside"])


def test_what_are_no_two_pictures_of_one_size_is_refused() -> None:
    ours, truth = noisy(20, 30, 5)
    with pytest.raises(ValueError, match=r"\(20, 30, 3\) and \(30, 20, 3\)"):
        rmse(ours, truth.transpose(1, 0, 2))
    with pytest.raises(ValueError, match=r"must be H×W×3 uint8, got float64 \(20, 30, 3\)"):
        psnr(ours / 255, truth)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"must be H×W×3 uint8, got uint8 \(20, 30\)"):
        ssim(ours, truth[..., 0])
    with pytest.raises(ValueError, match=r"must be bool \(20, 30\), got bool \(30, 20\)"):
        rmse(ours, truth, np.zeros((30, 20), bool))
    with pytest.raises(ValueError, match=r"must be bool \(20, 30\), got uint8 \(20, 30\)"):
        rmse(ours, truth, np.zeros((20, 30), np.uint8))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"11×11 pixels or more, got 10×30; enlarge"):
        ssim(ours[:10], truth[:10])
