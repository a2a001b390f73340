"""Losses of binary segmentation."""

from __future__ import annotations

from torch import Tensor


def dice_loss(probability: Tensor, truth: Tensor, smooth: float = 1.0) -> dict[str, Tensor]:
    """One minus the soft Dice coefficient, per picture, averaged over the batch.

    Milletari et al., V-Net (2016), section 3, with plain sums in the denominator. Taken per
    picture, so that the value does not change with the batch size, and smoothed, so that a
    picture without a person still has a gradient that lowers false positives.

    Args:
        probability: N×1×H×W in [0, 1].
        truth: N×1×H×W, 0 or 1.
        smooth: Added to numerator and denominator, in pixels.

    Returns:
        `{"dice": scalar}` in [0, 1], lower is better.

    Raises:
        ValueError: Shapes differ, or the truth is not within [0, 1] (a 0–255 mask would give
            a negative loss without any other sign of it).
    """
    _check(probability, truth)
    probability = probability.float()  # sums over a picture need more digits than bf16 has
    overlap = (probability * truth).sum(dim=(1, 2, 3))
    sizes = probability.sum(dim=(1, 2, 3)) + truth.sum(dim=(1, 2, 3))
    coefficient = (2 * overlap + smooth) / (sizes + smooth)
    return {"dice": (1 - coefficient).mean()}


def bce_dice_loss(
    probability: Tensor, truth: Tensor, k: float, smooth: float = 1.0
) -> dict[str, Tensor]:
    """`k·BCE − Dice`, the Dice coefficient as in `dice_loss` (so the sum is larger by one).

    Cross-entropy is the mean over all pixels of the batch.

    Args:
        probability: N×1×H×W in [0, 1].
        truth: N×1×H×W, 0 or 1.
        k: Weight of the cross-entropy, at least 0; 0 leaves it out.
        smooth: See `dice_loss`.

    Returns:
        `{"bce": scalar, "dice": scalar}`, lower is better; only `dice` where k is 0.

    Raises:
        ValueError: See `dice_loss`.
    """
    terms = dice_loss(probability, truth, smooth)
    return {"bce": k * cross_entropy(probability, truth), **terms} if k else terms


def cross_entropy(probability: Tensor, truth: Tensor) -> Tensor:
    """Binary cross-entropy of probabilities, the mean over all pixels of the batch.

    By hand, because autocast on CUDA refuses PyTorch's own on probabilities; clipped as Keras.

    Args:
        probability: N×1×H×W in [0, 1].
        truth: N×1×H×W, 0 or 1.

    Returns:
        Scalar ≥ 0, lower is better.
    """
    p = probability.float().clamp(1e-7, 1 - 1e-7)
    return -(truth * p.log() + (1 - truth) * (1 - p).log()).mean()


def _check(probability: Tensor, truth: Tensor) -> None:
    if probability.shape != truth.shape:
        raise ValueError(f"shapes differ: {tuple(probability.shape)} and {tuple(truth.shape)}")
    if truth.numel() and (truth.min() < 0 or truth.max() > 1):
        raise ValueError("truth must be within [0, 1]; divide a 0-255 mask by 255 first")
