"""Which of several things in a picture is the one in the middle, by the rule of the reference.

The largest `area / d⁴`, where d is the distance from the centre of its box to the centre of the
picture. The split of COCO selects by it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def centrality(centres: Floats, areas: Floats, sizes: Floats) -> Floats:
    """`area / d⁴` of each thing in its picture; infinite where d is 0.

    Args:
        centres: Of the boxes, n×2, across and down, in pixels.
        areas: n, in pixels.
        sizes: Of the pictures, n×2 (or 1×2 if it is one picture), width and height.
    """
    squared = np.square(centres - sizes / 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(squared * squared > 0, areas / (squared * squared), np.inf)
