"""Losses of a network and a discriminator that are trained against each other.

All are of logits, and computed in float32: the discriminator may have run in half precision.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def smoothed_bce(real: Tensor, fake: Tensor, smoothing: float) -> dict[str, Tensor]:
    """The discriminator's cross-entropy against smoothed labels, half for each kind.

    Goodfellow et al.: Generative Adversarial Networks, 2014, https://arxiv.org/abs/1406.2661; with
    labels drawn for every place: U(1 − s, 1) for real pictures, U(0, s) for fakes (Salimans et al.:
    Improved Techniques for Training GANs, 2016, section 3.4, smooth those of real ones, fixed).

    Args:
        real: Logits of any shape, on real pictures.
        fake: Logits on fakes.
        smoothing: s in [0, 0.5); drawn from torch's global generator.

    Returns:
        `{"real": scalar, "fake": scalar}`, lower is better; their sum is the mean of the two
        cross-entropies.
    """
    return {
        "real": 0.5 * _cross_entropy(real, 1 - smoothing * torch.rand_like(real.float())),
        "fake": 0.5 * _cross_entropy(fake, smoothing * torch.rand_like(fake.float())),
    }


def fool(fake: Tensor) -> Tensor:
    """The generator's part: cross-entropy of fakes against the label of real pictures.

    Args:
        fake: Logits on fakes, of any shape.

    Returns:
        Scalar, lower is better.
    """
    return _cross_entropy(fake, torch.ones_like(fake.float()))


def least_squares_discriminator(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """The discriminator's squares, half for each kind.

    Mao et al.: Least Squares Generative Adversarial Networks, ICCV 2017,
    https://arxiv.org/abs/1611.04076, equation 9 with a = 0, b = 1.

    Args:
        real: What the discriminator gives for real pictures, of any shape.
        fake: What it gives for fakes.

    Returns:
        `{"real": scalar, "fake": scalar}`, lower is better; their sum is half of both means.
    """
    return {
        "real": 0.5 * (real.float() - 1).square().mean(),
        "fake": 0.5 * fake.float().square().mean(),
    }


def least_squares_generator(fake: Tensor) -> Tensor:
    """The generator's part: mean square against 1.

    Args:
        fake: What the discriminator gives for fakes, of any shape.

    Returns:
        Scalar, lower is better; without the paper's half, as most implementations have it.
    """
    return (fake.float() - 1).square().mean()


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits.float(), labels)
