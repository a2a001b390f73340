"""Scores of shadows: where a scene with a shadow differs from the same scene without it."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.images import RGB, Mask
from pipeline.metrics.masks import confusion_counts

DARKER = 12
"""Levels by which a scene with and without its shadow differ, in any channel, where it has one."""


def shadow_mask(scene: RGB, shadowed: RGB) -> Mask:
    """Where a scene with its shadow differs from the one without it, H×W."""
    return np.asarray(cv2.absdiff(scene, shadowed).max(axis=2) > DARKER)


def balanced_errors(found: Mask, truth: Mask) -> dict[str, float]:
    """Shares of pixels that are wrong, in [0, 1], lower is better.

    `ber_inside` of the shadow's pixels, `ber_outside` of the others, and `ber`, their mean: the
    balanced error rate of shadow detection (Vicente, Hoai, Samaras: Leave-One-Out Kernel
    Optimization for Shadow Detection, ICCV 2015), here a share and no percentage. Where there is no
    pixel of a kind, its share and their mean are not numbers.

    Args:
        found: H×W.
        truth: H×W.

    Raises:
        ValueError: Either mask is not bool, or the shapes differ.
    """
    tp, fp, fn, tn = confusion_counts(found, truth)
    missed = fn / (tp + fn) if tp + fn else float("nan")
    added = fp / (fp + tn) if fp + tn else float("nan")
    return {"ber": (missed + added) / 2, "ber_inside": missed, "ber_outside": added}
