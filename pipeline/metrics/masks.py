"""Scores of binary masks.

Counts come first, ratios last, and the reduction is in the name: `*_score` functions take one
picture's counts, `iou` and `miou` take the sum of counts over all pictures (pooled). Degenerate
cases follow one rule: an empty prediction on an empty truth is right and scores 1; otherwise a
ratio with nothing in its denominator scores 0 (scikit-learn's `zero_division=0`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray


class Counts(NamedTuple):
    """Confusion counts of a binary mask, in pixels."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


def confusion_counts(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Counts:
    """Count the four outcomes over two bool masks of the same shape.

    Raises:
        ValueError: Either mask is not bool, or the shapes differ.
    """
    if predicted.dtype != np.bool_ or truth.dtype != np.bool_:
        raise ValueError(f"masks must be bool, got {predicted.dtype} and {truth.dtype}")
    if predicted.shape != truth.shape:
        raise ValueError(f"masks differ in shape: {predicted.shape} and {truth.shape}")
    both = int(np.count_nonzero(predicted & truth))
    only_predicted = int(np.count_nonzero(predicted)) - both
    only_truth = int(np.count_nonzero(truth)) - both
    return Counts(both, only_predicted, only_truth, truth.size - both - only_predicted - only_truth)


def total(counts: Iterable[Counts]) -> Counts:
    """Sum counts over pictures, for the pooled scores."""
    columns = list(zip(*counts, strict=True))
    return Counts(*(sum(column) for column in columns)) if columns else Counts(0, 0, 0, 0)


def _ratio(numerator: int, denominator: int, counts: Counts) -> float:
    nothing_to_find_and_nothing_found = not (
        counts.true_positive or counts.false_positive or counts.false_negative
    )
    if nothing_to_find_and_nothing_found:
        return 1.0
    return numerator / denominator if denominator else 0.0


def jaccard_score(counts: Counts) -> float:
    """Intersection over union, TP / (TP + FP + FN), in [0, 1], higher is better."""
    tp, fp, fn, _ = counts
    return _ratio(tp, tp + fp + fn, counts)


def f1_score(counts: Counts) -> float:
    """Dice coefficient, 2·TP / (2·TP + FP + FN), in [0, 1], higher is better."""
    tp, fp, fn, _ = counts
    return _ratio(2 * tp, 2 * tp + fp + fn, counts)


def precision_score(counts: Counts) -> float:
    """TP / (TP + FP), in [0, 1], higher is better."""
    return _ratio(counts.true_positive, counts.true_positive + counts.false_positive, counts)


def recall_score(counts: Counts) -> float:
    """TP / (TP + FN), in [0, 1], higher is better."""
    return _ratio(counts.true_positive, counts.true_positive + counts.false_negative, counts)


def accuracy_score(counts: Counts) -> float:
    """Share of pixels that are right, (TP + TN) / all, in [0, 1], higher is better."""
    pixels = sum(counts)
    return (counts.true_positive + counts.true_negative) / pixels if pixels else 1.0


BOUNDARY_TOLERANCE = 0.008
"""Of `boundary_f_score`, as a share of the diagonal: the value of the DAVIS benchmark."""


def boundary_f_score(
    predicted: NDArray[np.bool_], truth: NDArray[np.bool_], tolerance: float = BOUNDARY_TOLERANCE
) -> float:
    """How well two outlines agree: F1 of their pixels, each right within a distance; in [0, 1].

    Csurka, Larlus, Perronnin: What is a good evaluation measure for semantic segmentation?, BMVC
    2013; Perazzi et al.: A Benchmark Dataset and Evaluation Methodology for Video Object
    Segmentation (DAVIS), CVPR 2016. The distance is Euclidean; the picture's frame is no outline.
    Where neither mask has an outline, equal masks score 1 and others 0; where one has, 0.

    Args:
        predicted: H×W.
        truth: H×W.
        tolerance: The distance as a share of the diagonal, rounded up to whole pixels.

    Raises:
        ValueError: Either mask is not bool, or the shapes differ.
    """
    confusion_counts(predicted, truth)  # refuses what are no two masks of one picture
    found, wanted = _outline(predicted), _outline(truth)
    if not (found.any() or wanted.any()):
        return float(np.array_equal(predicted, truth))
    reach = float(np.ceil(tolerance * np.hypot(*truth.shape)))
    precision, recall = _share_near(found, wanted, reach), _share_near(wanted, found, reach)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of the mask with a neighbour in the picture (of four) that is not."""
    if not mask.size:
        return mask
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return np.asarray(mask & (cv2.erode(mask.astype(np.uint8), cross) == 0))


def _share_near(some: NDArray[np.bool_], others: NDArray[np.bool_], reach: float) -> float:
    """Share of pixels that have one of the others within reach; 0 where either has none."""
    if not some.any() or not others.any():
        return 0.0
    away = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float(np.mean(away[some] <= reach))


def mask_scores(counts: Counts) -> dict[str, float]:
    """All per-picture scores of one mask, in the column order of `scores.csv`."""
    return {
        "jaccard": jaccard_score(counts),
        "f1": f1_score(counts),
        "accuracy": accuracy_score(counts),
        "precision": precision_score(counts),
        "recall": recall_score(counts),
    }


def pooled_scores(counts: Counts) -> dict[str, float]:
    """Scores over the pixels of all pictures together.

    Args:
        counts: Sum over pictures, see `total`.

    Returns:
        `iou` of the inside, and `miou`, the mean of the IoU of inside and outside
        (Keras' BinaryIoU over both classes).
    """
    tp, fp, fn, tn = counts
    inside = jaccard_score(counts)
    outside = jaccard_score(Counts(tn, fn, fp, tp))
    return {"iou": inside, "miou": (inside + outside) / 2}
