"""Balanced errors equal scikit-learn's, and say what a shadow is."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics

from pipeline.metrics.shadows import balanced_errors, shadow_mask


def test_the_mean_of_both_errors_is_what_scikit_learn_calls_balanced() -> None:
    rng = np.random.default_rng(1)
    for share in (0.1, 0.5, 0.9):
        found, truth = rng.random((30, 20)) < 0.4, rng.random((30, 20)) < share
        accuracy = sklearn.metrics.balanced_accuracy_score(truth.ravel(), found.ravel())
        errors = balanced_errors(found, truth)
        assert errors["ber"] == pytest.approx(1 - accuracy, abs=1e-12)
        assert errors["ber_inside"] == pytest.approx((truth & ~found).sum() / truth.sum())
        assert errors["ber_outside"] == pytest.approx((found & ~truth).sum() / (~truth).sum())


def test_what_is_not_there_cannot_be_wrong() -> None:
    none, all_ = np.zeros((3, 4), bool), np.ones((3, 4), bool)
    empty = balanced_errors(none, none)
    assert empty["ber_outside"] == 0
    assert np.isnan([empty["ber"], empty["ber_inside"]]).all()
    assert np.isnan(balanced_errors(none, all_)["ber_outside"])


def test_a_shadow_is_where_any_channel_differs_by_more_than_twelve_levels() -> None:
    scene = np.full((2, 2, 3), 100, np.uint8)
    shadowed = scene.copy()
    shadowed[0, 0, 1] -= 13
    shadowed[0, 1] -= 12
    shadowed[1, 0, 2] += 13
    assert shadow_mask(scene, shadowed).tolist() == [[True, False], [True, False]]
