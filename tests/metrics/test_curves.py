"""Precision and recall at every threshold equal scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics

from pipeline.metrics.curves import level_counts, precision_recall


def test_the_curve_is_that_of_scikit_learn_over_all_pixels() -> None:
    rng = np.random.default_rng(1)
    truths = [rng.random((20, 30)) < 0.3, rng.random((8, 9)) < 0.7]
    # Multiples of a level: there the thresholds of both mean the same.
    maps = [(rng.integers(0, 52, t.shape) * 5 / 255).astype(np.float32) for t in truths]
    counts = [level_counts(*both) for both in zip(maps, truths, strict=True)]
    curve = precision_recall(counts)
    truth = np.concatenate([t.ravel() for t in truths])
    found = np.concatenate([np.rint(m.ravel() * 255) for m in maps])
    precision, recall, thresholds = sklearn.metrics.precision_recall_curve(truth, found)
    wanted = dict(zip(thresholds, zip(precision, recall, strict=False), strict=False))
    assert len(curve) == 52
    for point in curve:
        assert (point.precision, point.recall) == pytest.approx(
            wanted[round(point.threshold * 255)], abs=1e-12
        )


@pytest.mark.parametrize("threshold", [0.2, 0.4, 0.6, 0.8])
def test_a_level_stands_for_the_threshold_it_says(threshold: float) -> None:
    rng = np.random.default_rng(2)
    probability, truth = rng.random((40, 40)).astype(np.float32), rng.random((40, 40)) < 0.5
    (point,) = [
        one for one in precision_recall([level_counts(probability, truth)], step=1)
        if one.threshold == pytest.approx(threshold, abs=1e-6)
    ]  # fmt: skip
    found = probability >= np.float32(threshold)
    assert point.recall == pytest.approx((found & truth).sum() / truth.sum())
    assert point.precision == pytest.approx((found & truth).sum() / found.sum())


def test_where_nothing_is_found_precision_is_one_and_without_truth_there_is_no_curve() -> None:
    truth = np.ones((2, 2), bool)
    assert precision_recall([level_counts(np.zeros((2, 2), np.float32), truth)])[-1][1:] == (1, 0)
    assert precision_recall([level_counts(np.zeros((2, 2), np.float32), ~truth)]) == []
    assert precision_recall([]) == []


@pytest.mark.parametrize("wrong", [1.5, -0.1, np.nan])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"lie in \[0, 1\]"):
        level_counts(np.full((2, 2), wrong, np.float32), np.ones((2, 2), bool))


def test_a_map_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        level_counts(np.zeros((2, 3), np.float32), np.ones((2, 2), bool))
