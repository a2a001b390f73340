"""How much a picture's colours differ from another's: where that is much, a film was cut."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB

CELLS, BINS = 3, 8
_RANGES = ((0, 255), (64, 192), (64, 192))  # of luma and of the two colour differences in use


def colours(picture: RGB) -> NDArray[np.float64]:
    """Histograms of luma and both colour differences in 3×3 parts: 3 × 9 × 8, each sums to 1.

    A level counts for the two bins beside it, so that a slight change of light changes little.
    """
    levels = cv2.cvtColor(picture[::3, ::3], cv2.COLOR_RGB2YCrCb)
    height, width = levels.shape[:2]
    rows, columns = np.arange(height) * CELLS // height, np.arange(width) * CELLS // width
    cell = (rows[:, None] * CELLS + columns).ravel()
    return np.stack([
        _histograms(levels[..., channel].ravel(), low, high, cell)
        for channel, (low, high) in enumerate(_RANGES)
    ])  # fmt: skip


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Share of the picture that changed its colours, 0..1.

    Per part the largest total variation distance of its three histograms, averaged over the parts.
    """
    distances = np.abs(one - other).sum(axis=-1) / 2
    return float(distances.max(axis=0).mean())


def _histograms(
    levels: NDArray[Any], low: int, high: int, cell: NDArray[np.intp]
) -> NDArray[np.float64]:
    place = np.clip((levels.astype(np.float64) - low) / (high - low), 0, 1) * (BINS - 1)
    lower = np.minimum(place.astype(np.intp), BINS - 2)
    share, index, size = place - lower, cell * BINS + lower, CELLS * CELLS * BINS
    counts = np.bincount(index, 1 - share, size) + np.bincount(index + 1, share, size)
    table = counts.reshape(CELLS * CELLS, BINS)
    # A picture of one pixel has empty parts.
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1))
