"""Seeded choices: the few ways in which the demo world asks its generator for something."""

from collections.abc import Sequence
from typing import TypeVar

from numpy.random import Generator

T = TypeVar("T")


def pick(rng: Generator, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
    """One of the options, all alike or by relative weights."""
    if weights is None:
        return options[int(rng.integers(len(options)))]
    total = sum(weights)
    return options[int(rng.choice(len(options), p=[weight / total for weight in weights]))]


def between(rng: Generator, low: float, high: float) -> float:
    """A number from the half-open range [low, high)."""
    return float(rng.uniform(low, high))


def chance(rng: Generator, share: float) -> bool:
    """True with the given probability."""
    return bool(rng.random() < share)
