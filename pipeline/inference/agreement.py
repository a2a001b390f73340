"""Whether a backend gives what another gives: masks by their overlap, pictures by their levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.card import Card
from pipeline.inference.engines import Batch

ALIKE = 1e-3
"""Values that differ by no more are those of another order of the same sums."""

MOST_IOU = 0.002
"""Share of the union by which masks at 0.5 may differ."""

LEAST_AREA, MOST_AREA = 0.005, 0.995
"""Shares of the pictures between which a mask says something."""

MEAN_LEVELS, MOST_LEVELS = 0.5, 16.0
"""Levels of 255 by which painted pictures may differ: on average, and in one pixel."""

PICTURE = {"removal_generator": 0, "shadow_generator": 1}
"""Which output is the picture, in [−1, 1]; of other architectures the first is masks, in [0, 1]."""


class Agreement(NamedTuple):
    """How much two results differ.

    Attributes:
        text: In words and numbers.
        enough: Whether they may stand for each other.
    """

    text: str
    enough: bool


def agreement(card: Card, expected: Sequence[Batch], found: Sequence[Batch]) -> Agreement:
    """Compare what a network of this kind gave for several pictures."""
    if card.architecture["name"] in PICTURE:
        return _of_pictures(np.concatenate(expected), np.concatenate(found))
    return _of_masks(np.concatenate(expected), np.concatenate(found))


def shown(card: Card, outputs: Sequence[Batch]) -> Batch:
    """Of all that a network gives, what is compared."""
    return outputs[PICTURE.get(card.architecture["name"], 0)]


def _of_masks(expected: Batch, found: Batch) -> Agreement:
    ours, theirs = found >= 0.5, expected >= 0.5
    union = np.count_nonzero(ours | theirs)
    iou = np.count_nonzero(ours & theirs) / union if union else 1.0
    largest = float(np.abs(expected - found).max())
    says_something = LEAST_AREA < theirs.mean() < MOST_AREA
    return Agreement(
        f"IoU {iou:.4f}, at most {largest:.4f} apart",
        largest <= ALIKE or bool(says_something and iou >= 1 - MOST_IOU),
    )


def _of_pictures(expected: Batch, found: Batch) -> Agreement:
    apart = 127.5 * np.abs(expected - found)
    mean, largest = float(apart.mean()), float(apart.max())
    return Agreement(
        f"{mean:.3f} levels apart on average, at most {largest:.1f}",
        mean <= MEAN_LEVELS and largest <= MOST_LEVELS,
    )
