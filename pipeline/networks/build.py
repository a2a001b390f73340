"""Networks from plain numbers, as a checkpoint's card holds them: training and serving share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torchvision.models import get_model

from pipeline.networks.deeplab import DeepLabV3Plus, ResNetEncoder


def deeplab_v3_plus_se(
    encoder: str,
    width: int,
    low_width: int,
    se_ratio: int,
    imagenet: Mapping[str, Tensor] | None = None,
) -> DeepLabV3Plus:
    """DeepLabV3+ with squeeze-and-excite on a torchvision ResNet.

    Args:
        encoder: `resnet18` to `resnet152`.
        width: Channels of pyramid and decoder.
        low_width: Channels kept of the low-level features.
        se_ratio: Reduction inside squeeze-and-excite.
        imagenet: State dict of that ResNet as a classifier; random weights without it.
    """
    resnet = get_model(encoder, weights=None)
    if imagenet is not None:
        resnet.load_state_dict(imagenet)
    return DeepLabV3Plus(ResNetEncoder(resnet), width, low_width, se_ratio=se_ratio)


BUILDERS = {"deeplab_v3_plus_se": deeplab_v3_plus_se}


def build(architecture: Mapping[str, Any]) -> nn.Module:
    """Make the network that `architecture` describes: `name` of the builder, and its numbers.

    Raises:
        ValueError: Unknown name.
    """
    numbers = dict(architecture)
    name = numbers.pop("name")
    if name not in BUILDERS:
        raise ValueError(f"unknown architecture {name!r}; known are {', '.join(BUILDERS)}")
    return BUILDERS[name](**numbers)
