"""Networks from plain numbers, as a checkpoint's card holds them: training and serving share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torchvision.models import get_model

from pipeline.networks.deeplab import DeepLabV3Plus, ResNetEncoder
from pipeline.networks.maskrcnn import mask_rcnn
from pipeline.networks.removal import RemovalGenerator


def deeplab_v3_plus(
    encoder: str,
    width: int,
    low_width: int,
    se_ratio: int,
    imagenet: Mapping[str, Tensor] | None = None,
) -> DeepLabV3Plus:
    """DeepLabV3+ on a torchvision ResNet.

    Args:
        encoder: `resnet18` to `resnet152`.
        width: Channels of pyramid and decoder.
        low_width: Channels kept of the low-level features.
        se_ratio: Reduction inside squeeze-and-excite; 0 leaves these blocks out.
        imagenet: State dict of that ResNet as a classifier; random weights without it.
    """
    resnet = get_model(encoder, weights=None)
    if imagenet is not None:
        resnet.load_state_dict(imagenet)
    return DeepLabV3Plus(ResNetEncoder(resnet), width, low_width, se_ratio=se_ratio)


def shadow_attention(encoder: str, imagenet: Mapping[str, Tensor] | None = None) -> nn.Module:
    """U-Net that finds occluders and their shadows, see `networks.shadow.ShadowAttention`."""
    from pipeline.networks.shadow import ShadowAttention  # its U-Nets cost seconds to import

    return ShadowAttention(encoder, imagenet)


def shadow_generator(
    encoder: str, refinement_blocks: int, imagenet: Mapping[str, Tensor] | None = None
) -> nn.Module:
    """U-Net that casts a shadow, see `networks.shadow.ShadowGenerator`."""
    from pipeline.networks.shadow import ShadowGenerator

    return ShadowGenerator(encoder, refinement_blocks, imagenet)


BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "deeplab_v3_plus": deeplab_v3_plus,
    "removal_generator": RemovalGenerator,
    "mask_rcnn": mask_rcnn,
    "shadow_attention": shadow_attention,
    "shadow_generator": shadow_generator,
}


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
