"""Means over pictures, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


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
