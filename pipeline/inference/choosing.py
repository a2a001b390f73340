"""Which instances of a category make the one mask of a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.centrality import centrality

Map = NDArray[np.float32]
"""H×W, float32, in [0, 1]."""

Category = Literal["car", "person"]
"""As both COCO and VOC name them."""

Choice = Literal["centre", "score", "box", "all"]
"""Which instances make the mask, see `CHOOSERS`."""


class Instances(NamedTuple):
    """Things of one category in a picture, the best score first.

    Attributes:
        masks: N×H×W in [0, 1].
        scores: N, in [0, 1].
        boxes: N×4: left, top, right, bottom in pixels.
    """

    masks: Map
    scores: Map
    boxes: Map


def most_central(found: Instances) -> Map | None:
    """The instance with the largest area / d⁴, by the rule of `pipeline.centrality`.

    The area is that of its mask at 0.5, d goes from the middle of its box to that of the picture;
    the first of equals. One without an area never wins.
    """
    areas = np.count_nonzero(found.masks >= 0.5, axis=(1, 2)).astype(np.float64)
    if not areas.any():
        return None
    boxes = found.boxes.astype(np.float64)
    height, width = found.masks.shape[1:]
    worth = centrality((boxes[:, :2] + boxes[:, 2:]) / 2, areas, np.array([[width, height]]))
    best: Map = found.masks[int(np.argmax(np.where(areas > 0, worth, -1.0)))]
    return best


def top_score(found: Instances) -> Map | None:
    """The instance with the best score; the first of equals."""
    return found.masks[int(np.argmax(found.scores))] if len(found.scores) else None


def largest_box(found: Instances) -> Map | None:
    """The instance with the largest box; the first of equals."""
    if not len(found.boxes):
        return None
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    best: Map = found.masks[int(np.argmax(sides.prod(axis=1)))]
    return best


def union(found: Instances) -> Map | None:
    """All of them: how likely each pixel belongs to the likeliest."""
    return found.masks.max(axis=0) if len(found.scores) else None


CHOOSERS: Mapping[Choice, Callable[[Instances], Map | None]] = {
    "centre": most_central,
    "score": top_score,
    "box": largest_box,
    "all": union,
}
