"""What masks score at other thresholds than the one they are scored at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.images import Mask

LEVELS = 256
Levels = tuple[tuple[int, ...], tuple[int, ...]]
"""Pixels outside and inside the truth by level: ⌊255 × probability⌋, so that a pixel of level k or
more is one of probability k / 255 or more."""


class CurvePoint(NamedTuple):
    """Over the pixels of all pictures together, with every pixel found from `threshold` on."""

    threshold: float
    precision: float
    recall: float


def level_counts(probability: NDArray[np.float32], truth: Mask) -> Levels:
    """Count the pixels of one picture (or stack of maps) by how likely they were held to be inside.

    Raises:
        ValueError: A probability is not in [0, 1], or the shapes differ.
    """
    if probability.shape != truth.shape:
        raise ValueError(f"map and mask differ in shape: {probability.shape} and {truth.shape}")
    if probability.size and not (probability.min() >= 0 and probability.max() <= 1):
        raise ValueError("probabilities must lie in [0, 1]")
    levels = (probability.astype(np.float64) * (LEVELS - 1)).astype(np.uint8)
    outside, inside = (
        tuple(np.bincount(levels[where], minlength=LEVELS).tolist()) for where in (~truth, truth)
    )
    return outside, inside


def precision_recall(counts: Iterable[Levels], step: int = 5) -> list[CurvePoint]:
    """The curve over pictures, from threshold 0 to 1 in steps of `step` levels.

    Where nothing is found precision is 1, as in scikit-learn's curve; without any pixel inside
    there is no curve.
    """
    pixels = np.zeros((2, LEVELS), np.int64)
    for one in counts:
        pixels += one
    outside, inside = np.cumsum(pixels[:, ::-1], axis=1)[:, ::-1]  # found from each level on
    if not inside[0]:
        return []
    return [
        CurvePoint(
            round(level / (LEVELS - 1), 6),
            float(inside[level] / found) if (found := inside[level] + outside[level]) else 1.0,
            float(inside[level] / inside[0]),
        )
        for level in range(0, LEVELS, step)
    ]
