"""Scores of binary masks and of pictures.

Masks: counts come first, ratios last, and the reduction is in the name: `*_score` functions take
one picture's counts, `iou` and `miou` take the sum of counts over all pictures (pooled). Degenerate
cases follow one rule: an empty prediction on an empty truth is right and scores 1; otherwise a
ratio with nothing in its denominator scores 0 (scikit-learn's `zero_division=0`).

Pictures: RGB, 0 to 255, all three channels of a pixel count alike. Each score is of the whole
picture, or of the pixels inside a mask; inside an empty mask it is not a number, and such a
picture is left out of the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask


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


BEST_PSNR = 100.0
"""Of equal pictures, in decibels: the true one is infinite, which no mean and no JSON can hold."""


def rmse(ours: RGB, truth: RGB, inside: Mask | None = None) -> float:
    """Root of the mean squared error, 0 to 255, lower is better.

    Args:
        ours: H×W×3.
        truth: H×W×3.
        inside: H×W; the pixels that count, all without it. Not a number if it holds none.

    Raises:
        ValueError: These are no two RGB pictures of one size, or the mask is not of that size.
    """
    _refuse_unlike(ours, truth, inside)
    squares = np.square(ours.astype(np.float64) - truth)
    wanted = squares if inside is None else squares[inside]
    return float(np.sqrt(wanted.mean())) if wanted.size else float("nan")


def psnr(ours: RGB, truth: RGB, inside: Mask | None = None) -> float:
    """Peak signal-to-noise ratio, 20·log₁₀(255 / rmse), in decibels, higher is better.

    At most `BEST_PSNR`. For the arguments see `rmse`.
    """
    error = rmse(ours, truth, inside)
    if np.isnan(error):
        return error
    return BEST_PSNR if error == 0 else min(BEST_PSNR, 20 * float(np.log10(255 / error)))


def ssim(ours: RGB, truth: RGB, inside: Mask | None = None) -> float:
    """Mean structural similarity, in [−1, 1], higher is better.

    Wang, Bovik, Sheikh, Simoncelli: Image Quality Assessment: From Error Visibility to Structural
    Similarity, IEEE Transactions on Image Processing, 2004, with its Gaussian window of 11×11 and
    σ 1.5; the mean over the channels. Over the whole picture only windows count that lie within it,
    as in the paper; inside a mask each pixel of it counts, the picture being mirrored at its frame.
    For the arguments see `rmse`.

    Raises:
        ValueError: As in `rmse`, or the picture is smaller than the window.
    """
    _refuse_unlike(ours, truth, inside)
    if min(truth.shape[:2]) < WINDOW:
        height, width = truth.shape[:2]
        raise ValueError(
            f"SSIM needs {WINDOW}×{WINDOW} pixels or more, got {height}×{width}; enlarge both"
        )
    similarity = _similarity(ours.astype(np.float64), truth.astype(np.float64))
    border = WINDOW // 2
    wanted = similarity[border:-border, border:-border] if inside is None else similarity[inside]
    return float(wanted.mean()) if wanted.size else float("nan")


WINDOW, SIGMA = 11, 1.5
STEADY = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""C₁ and C₂ of the paper."""


def _similarity(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    mean_x, mean_y = _windowed(x), _windowed(y)
    variance_x = _windowed(x * x) - mean_x * mean_x
    variance_y = _windowed(y * y) - mean_y * mean_y
    covariance = _windowed(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + STEADY[0]) / (mean_x**2 + mean_y**2 + STEADY[0])
    structure = (2 * covariance + STEADY[1]) / (variance_x + variance_y + STEADY[1])
    return np.asarray(luminance * structure)


def _windowed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    window = WINDOW, WINDOW
    blurred = cv2.GaussianBlur(values, window, SIGMA, sigmaY=SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float64)


def picture_scores(ours: RGB, truth: RGB, inside: Mask) -> dict[str, float]:
    """All scores of one picture, in the column order of `scores.csv`; see `rmse`."""
    return {
        "psnr": psnr(ours, truth),
        "ssim": ssim(ours, truth),
        "rmse": rmse(ours, truth),
        "psnr_inside": psnr(ours, truth, inside),
        "rmse_inside": rmse(ours, truth, inside),
    }


def _refuse_unlike(ours: RGB, truth: RGB, inside: Mask | None) -> None:
    for one in (ours, truth):
        if one.dtype != np.uint8 or one.ndim != 3 or one.shape[2] != 3:
            raise ValueError(f"pictures must be H×W×3 uint8, got {one.dtype} {one.shape}")
    if ours.shape != truth.shape:
        raise ValueError(f"pictures differ in shape: {ours.shape} and {truth.shape}")
    if inside is not None and (inside.dtype != np.bool_ or inside.shape != truth.shape[:2]):
        raise ValueError(
            f"the mask of a picture {truth.shape} must be bool {truth.shape[:2]}, "
            f"got {inside.dtype} {inside.shape}"
        )


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
