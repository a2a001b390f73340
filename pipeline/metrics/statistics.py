"""Means over pictures and over runs, how sure they are, and which of two runs is better."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Outcome = Literal["too few", "same", "better", "worse", "unclear"]


def mean_scores(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Means over pictures of each score; empty input gives an empty dict.

    What is not a number is left out; the mean of nothing else is not a number.
    """
    table = list(rows)
    return {name: _mean([row[name] for row in table]) for name in table[0]} if table else {}


def _mean(values: Sequence[float]) -> float:
    numbers = [value for value in values if not np.isnan(value)]
    return float(np.mean(numbers)) if numbers else float("nan")


def bootstrap_interval(
    values: NDArray[np.float64], level: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean over pictures.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Args:
        values: One score a picture, shape (n,), n ≥ 1.
        level: Coverage in (0, 1), such as 0.95.
        resamples: How many times the pictures are drawn again, with replacement.
        seed: Same seed, same interval.
    """
    rng = np.random.default_rng(seed)
    means = [
        values[rng.integers(0, len(values), size=len(values))].mean() for _ in range(resamples)
    ]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_and_sd(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n − 1) over runs; of one run there is no deviation."""
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    return float(np.mean(values)), sd


class PairedComparison(NamedTuple):
    """B against A on the same pictures; what could not be measured in both is left out.

    Attributes:
        mean_a: Over the pictures measured in both; so is `mean_b`.
        difference: Mean of b − a.
        low: Where the interval of `difference` begins; `high` is where it ends.
        better: Pictures on which B is better; then those on which it is worse, and equal.
        left_out: Pictures that could not be measured in one of the two.
        p_value: Of the two-sided sign-flip test.
        level: Coverage of the interval; 1 − level is the risk of the test.
    """

    mean_a: float
    mean_b: float
    difference: float
    low: float
    high: float
    better: int
    worse: int
    equal: int
    left_out: int
    p_value: float
    level: float
    higher_is_better: bool

    @property
    def pictures(self) -> int:
        """Compared ones."""
        return self.better + self.worse + self.equal

    @property
    def outcome(self) -> Outcome:
        """B is better or worse only where the interval and the test both say so.

        Of so few pictures that the test could not say it of any scores, nothing is said.
        """
        if 2 * 0.5**self.pictures > 1 - self.level:
            return "too few"
        if not self.better + self.worse:
            return "same"
        if self.low <= 0 <= self.high or self.p_value > 1 - self.level:
            return "unclear"
        return "better" if (self.difference > 0) == self.higher_is_better else "worse"

    def conclusion(self, a: str = "A", b: str = "B") -> str:
        """The outcome in words, without numbers that stand beside it in a table."""
        match self.outcome:
            case "too few":
                return f"too few pictures ({self.pictures})"
            case "same":
                return f"the same on all {self.pictures} pictures"
            case "unclear" if self.low <= 0 <= self.high:
                return "no difference can be told: the interval holds 0"
            case "unclear":
                return f"no difference can be told: chance does as much (p = {self.p_value:.2g})"
            case outcome:
                return f"{b} is {outcome} than {a}"

    def in_words(self, title: str, a: str = "A", b: str = "B") -> str:
        """One sentence for people.

        Args:
            title: What was measured, such as `Jaccard`.
            a: How the first run is called.
            b: How the second one is.
        """
        without = f"; not measured in both: {self.left_out}" if self.left_out else ""
        if self.outcome in ("too few", "same"):
            return f"{title}: {self.conclusion(a, b)}{without}"
        lower = "" if self.higher_is_better else " (lower is better)"
        return (
            f"{self.conclusion(a, b)}: {title} {self.difference:+.4f}{lower}, "
            f"{self.low:+.4f} to {self.high:+.4f}, on {self.pictures} pictures; better on "
            f"{self.better}, worse on {self.worse}, equal on {self.equal}{without}"
        )


def paired_comparison(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    higher_is_better: bool,
    level: float,
    resamples: int,
    seed: int,
) -> PairedComparison:
    """Compare two runs picture by picture.

    Args:
        a: One score a picture, shape (n,), n ≥ 0; NaN where it cannot be measured.
        b: Of the same pictures in the same order.
        higher_is_better: Of the scores.
        level: Coverage of the interval, in (0, 1).
        resamples: Of the interval and of the test.
        seed: Same seed, same answer.
    """
    measured = ~(np.isnan(a) | np.isnan(b))
    first, second = a[measured], b[measured]
    differences = second - first
    nothing = float("nan")
    means, interval = (nothing, nothing, nothing), (nothing, nothing)
    if differences.size:
        means = float(first.mean()), float(second.mean()), float(differences.mean())
        interval = bootstrap_interval(differences, level, resamples, seed)
    gains = differences if higher_is_better else -differences
    return PairedComparison(
        *means,
        *interval,
        better=int((gains > 0).sum()),
        worse=int((gains < 0).sum()),
        equal=int((gains == 0).sum()),
        left_out=int((~measured).sum()),
        p_value=sign_flip_test(differences, resamples, seed),
        level=level,
        higher_is_better=higher_is_better,
    )


def sign_flip_test(differences: NDArray[np.float64], resamples: int, seed: int) -> float:
    """Two-sided p-value of no difference: each picture's sign is as likely the other one.

    It asks about the mean, which is what is reported (Wilcoxon's test asks about ranks), ties count
    as they are (Wilcoxon's leaves them out, and its tables do not hold with many), and it is exact
    where all flips can be counted, which few pictures need.

    Source: Fisher, The Design of Experiments (1935), section 21; the +1 of drawn flips is from
    Phipson & Smyth, Permutation p-values should never be zero (2010).
    """
    moved = differences[differences != 0]  # a flipped zero stays zero
    if not moved.size:
        return 1.0
    is_exact = 2**moved.size <= resamples
    signs: Iterable[NDArray[np.float64]] = (
        _all_signs(moved.size) if is_exact else _drawn_signs(moved.size, resamples, seed)
    )
    sums = np.array([abs(float(one @ moved)) for one in signs])
    observed = abs(float(moved.sum()))
    as_far = int((sums >= observed * (1 - 1e-9)).sum())
    return as_far / len(sums) if is_exact else (as_far + 1) / (len(sums) + 1)


def _all_signs(count: int) -> NDArray[np.float64]:
    numbers = np.arange(2**count)[:, None] >> np.arange(count)
    return np.where(numbers & 1, -1.0, 1.0)


def _drawn_signs(count: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return (np.where(rng.random(count) < 0.5, -1.0, 1.0) for _ in range(resamples))
