"""Loss between the features that a frozen network sees in two pictures."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def perceptual_loss(features: nn.Module, ours: Tensor, truth: Tensor) -> Tensor:
    """Mean squared difference of features (Johnson et al., 2016, section 3.2).

    Computed in float32, whatever the precision of training: the difference of two similar
    features has few digits left in bf16.

    Args:
        features: Frozen, N×3×H×W → N×C×h×w.
        ours: N×3×H×W, in the range that the features expect.
        truth: The same; no gradient flows into it.

    Returns:
        Scalar ≥ 0, lower is better.

    Raises:
        ValueError: Shapes differ.
    """
    if ours.shape != truth.shape:
        raise ValueError(f"shapes differ: {tuple(ours.shape)} and {tuple(truth.shape)}")
    with torch.autocast(ours.device.type, enabled=False):
        with torch.no_grad():
            wanted = features(truth.float())
        return functional.mse_loss(features(ours.float()), wanted)
