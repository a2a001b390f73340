"""Which of several things in a picture is the one in the middle, by the rule of the reference.

The largest `area / d⁴`, where d is the distance from the centre of its box to the centre of the
picture: the split of COCO selects by it, and so do predictors that find several persons.
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


def central_instance(boxes: Floats, areas: Floats, height: int, width: int) -> int | None:
    """The place of the most central instance of one picture; None if none scores above 0.

    Of equals the first wins.

    Args:
        boxes: n×4, left, top, right, bottom in pixels.
        areas: Of their masks, n, in pixels.
        height: Of the picture.
        width: Of the picture.
    """
    sizes = np.array([[width, height]], np.float64)
    scores = centrality((boxes[:, :2] + boxes[:, 2:]) / 2, areas, sizes)
    return int(scores.argmax()) if (scores > 0).any() else None
