"""Tensors of a batch as pictures to look at."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from pipeline.images import RGB, Mask


def to_pictures(batch: Tensor, low: float = 0.0) -> list[RGB]:
    """N×3×H×W in [low, 1] → N pictures H×W×3; what lies outside is cut off."""
    levels = (batch.detach().float().cpu() - low) / (1 - low) * 255
    pictures = levels.clamp(0, 255).round().byte().permute(0, 2, 3, 1).numpy()
    return [np.ascontiguousarray(picture) for picture in pictures]


def to_masks(batch: Tensor) -> list[Mask]:
    """N×1×H×W bool → N masks H×W."""
    return list(batch[:, 0].cpu().numpy().astype(np.bool_))
