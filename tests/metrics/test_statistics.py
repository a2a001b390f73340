"""Means, intervals, and the comparison of two runs on the same pictures."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from pipeline.metrics.statistics import (
    PairedComparison,
    bootstrap_interval,
    mean_and_sd,
    mean_scores,
    paired_comparison,
    sign_flip_test,
)

Values = NDArray[np.float64]


def compare(a: Values, b: Values, higher_is_better: bool = True) -> PairedComparison:
    return paired_comparison(a, b, higher_is_better, level=0.95, resamples=2000, seed=0)


def pictures(count: int, seed: int = 3) -> Values:
    return np.random.default_rng(seed).uniform(0.2, 0.9, count)


def test_means_leave_out_what_could_not_be_measured() -> None:
    nothing = float("nan")
    means = mean_scores(
        [{"a": 1.0, "b": nothing}, {"a": nothing, "b": nothing}, {"a": 2, "b": nothing}]
    )
    assert means["a"] == 1.5
    assert isnan(means["b"])
    assert mean_scores([]) == {}


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


def test_one_picture_and_equal_ones_have_an_interval_without_width() -> None:
    assert bootstrap_interval(np.array([0.25]), 0.95, 100, seed=0) == (0.25, 0.25)
    assert bootstrap_interval(np.full(9, 0.5), 0.95, 100, seed=0) == (0.5, 0.5)


def test_the_deviation_over_runs_is_that_of_a_sample() -> None:
    assert mean_and_sd([1.0, 3.0]) == (2.0, pytest.approx(2**0.5))
    mean, sd = mean_and_sd([0.7])
    assert mean == 0.7
    assert isnan(sd)


@given(
    arrays(
        np.float64, st.integers(2, 10), elements=st.sampled_from([-2.0, -0.5, 0.0, 0.0, 0.5, 1.0])
    )
)
def test_of_few_pictures_the_test_is_exactly_scipys(differences: Values) -> None:
    """Also with ties; SciPy counts flips of zeros too, which changes nothing."""
    theirs = scipy.stats.permutation_test(
        (differences,), lambda one: abs(one.mean()), permutation_type="samples",
        alternative="greater", n_resamples=2000,
    )  # fmt: skip
    assert sign_flip_test(differences, 2000, seed=0) == pytest.approx(theirs.pvalue)


def test_of_many_pictures_the_test_is_close_to_students() -> None:
    for shift in (0.0, 0.03, 0.06):
        differences = np.random.default_rng(2).normal(shift, 0.2, 120)
        student = scipy.stats.ttest_1samp(differences, 0).pvalue
        assert sign_flip_test(differences, 5000, seed=0) == pytest.approx(student, abs=0.02)


def test_drawn_flips_never_say_that_chance_is_impossible() -> None:
    assert sign_flip_test(np.ones(40), 999, seed=0) == 1 / 1000


def test_of_equal_runs_one_in_twenty_is_found_different() -> None:
    rng = np.random.default_rng(8)
    outcomes = [
        paired_comparison(*rng.normal(0.7, 0.1, (2, 30)), True, 0.95, 200, seed=0).outcome
        for _ in range(400)
    ]
    assert set(outcomes) == {"better", "worse", "unclear"}
    assert outcomes.count("unclear") == pytest.approx(0.95 * 400, abs=14)


def test_pairs_tell_what_the_intervals_of_both_means_do_not() -> None:
    a = pictures(64)
    b = a + np.random.default_rng(4).normal(0.012, 0.02, 64)
    of_a, of_b = (bootstrap_interval(one, 0.95, 2000, seed=0) for one in (a, b))
    assert of_a[1] > of_b[0], "each mean may be where the other one is"
    assert compare(a, b).outcome == "better"


def test_a_better_run_is_told_in_one_sentence() -> None:
    a = pictures(64)
    b = a + np.repeat([0.03, -0.01, 0.0], [40, 20, 4])
    found = compare(a, b)
    assert (found.better, found.worse, found.equal, found.left_out) == (40, 20, 4, 0)
    assert found.difference == pytest.approx(found.mean_b - found.mean_a)
    assert found.low < found.difference < found.high
    assert found.in_words("Jaccard") == (
        f"B is better than A: Jaccard +0.0156, {found.low:+.4f} to {found.high:+.4f}, on 64 "
        "pictures; better on 40, worse on 20, equal on 4"
    )
    assert (
        compare(b, a)
        .in_words("Jaccard", "new", "old")
        .startswith("old is worse than new: Jaccard -0.0156, ")
    )


def test_where_lower_is_better_a_fall_is_a_gain() -> None:
    a = pictures(64) * 30
    found = compare(a, a - 2 - np.arange(64) / 64, higher_is_better=False)
    assert (found.outcome, found.better, found.worse) == ("better", 64, 0)
    assert "B is better than A: RMSE -2.4922 (lower is better), -2.5" in found.in_words("RMSE")


def test_a_difference_that_chance_makes_is_none() -> None:
    a = pictures(64)
    found = compare(a, a + np.random.default_rng(1).normal(0, 0.05, 64))
    assert found.conclusion() == "no difference can be told: the interval holds 0"
    assert found.in_words("Jaccard").startswith(found.conclusion() + ": Jaccard ")


def test_where_interval_and_test_disagree_nothing_is_told() -> None:
    found = compare(np.zeros(8), np.array([0.0] * 3 + [1.0] * 4 + [0.5]))
    assert found.low > 0
    assert found.p_value == 2 / 2**5
    assert found.conclusion() == "no difference can be told: chance does as much (p = 0.062)"


def test_equal_runs_are_the_same() -> None:
    found = compare(pictures(12), pictures(12))
    assert (found.p_value, found.low, found.high) == (1, 0, 0)
    assert found.in_words("Jaccard") == "Jaccard: the same on all 12 pictures"


@pytest.mark.parametrize(("count", "few"), [(0, True), (1, True), (5, True), (6, False)])
def test_of_too_few_pictures_nothing_is_told(count: int, few: bool) -> None:
    """Of five pictures, all better, one in sixteen pairs of equal runs gives the same."""
    found = compare(np.zeros(count), np.ones(count))
    assert (found.outcome == "too few") == few
    if few:
        assert found.in_words("Jaccard") == f"Jaccard: too few pictures ({count})"


def test_what_one_run_could_not_measure_is_left_out_of_both() -> None:
    a, b = pictures(20), pictures(20) + 0.1
    a[:3], b[2:5] = np.nan, np.nan
    found = compare(a, b)
    assert (found.pictures, found.left_out, found.better) == (15, 5, 15)
    assert found.mean_a == pytest.approx(pictures(20)[5:].mean())
    assert found.in_words("Jaccard").endswith("; not measured in both: 5")
    nothing = compare(np.full(4, np.nan), np.zeros(4))
    assert nothing.in_words("Jaccard") == "Jaccard: too few pictures (0); not measured in both: 4"


def test_the_seed_alone_decides_a_comparison() -> None:
    a, b = pictures(40), pictures(40, seed=9)
    first = paired_comparison(a, b, True, 0.95, 300, seed=1)
    assert paired_comparison(a, b, True, 0.95, 300, seed=1) == first
    assert paired_comparison(a, b, True, 0.95, 300, seed=2) != first
