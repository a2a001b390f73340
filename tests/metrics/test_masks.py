"""Scores equal scikit-learn's, but for the declared rules on what is empty."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from pipeline.metrics.masks import (
    Counts,
    boundary_f_score,
    confusion_counts,
    mask_scores,
    pooled_scores,
    total,
)
from pipeline.metrics.statistics import mean_scores

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


@pytest.mark.parametrize("other", [np.uint8, np.float32, np.int64])
def test_a_mask_that_is_not_bool_is_refused(other: type) -> None:
    with pytest.raises(ValueError, match=f"must be bool, got bool and {np.dtype(other)}"):
        confusion_counts(LEFT, LEFT.astype(other))
    with pytest.raises(ValueError, match=f"must be bool, got {np.dtype(other)} and bool"):
        confusion_counts(LEFT.astype(other), LEFT)


def test_masks_of_two_shapes_are_refused_by_their_shapes() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5\) and \(5, 4\)"):
        confusion_counts(LEFT, LEFT.T)


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
