"""Frozen features of VGG, by which perceptual losses compare pictures.

Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015,
https://arxiv.org/abs/1409.1556
Johnson, Alahi, Fei-Fei: Perceptual Losses for Real-Time Style Transfer and Super-Resolution,
ECCV 2016, https://arxiv.org/abs/1603.08155

Differences from the paper: none; everything behind the chosen layer is left out, the classifier
too.

Letters in shape comments: N pictures, H×W their size, C channels, h×w the size of the features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from pipeline.networks.deeplab import IMAGENET_MEAN, IMAGENET_STD

VGGName = Literal["vgg16", "vgg19"]
VGGLayer = Literal["relu3_3", "pool5"]

CONFIGURATIONS = {"vgg16": "D", "vgg19": "E"}
"""Names of the columns of the paper's table 1."""


class VGGFeatures(nn.Module):
    """The convolutions of a VGG up to one layer; never trained, always in evaluation mode.

    Args:
        layers: What to compute.
        normalise: Bring pictures in [0, 1] to the range that ImageNet's classifiers saw; without
            it they go in as they are.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, layers: nn.Sequential, normalise: bool = False) -> None:
        super().__init__()
        mean, std = (IMAGENET_MEAN, IMAGENET_STD) if normalise else ((0.0,) * 3, (1.0,) * 3)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))
        self.layers = layers
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever becomes of the recipe around it."""
        return super().train(False)

    def forward(self, pictures: Tensor) -> Tensor:
        """N×3×H×W → N×C×h×w.

        Raises:
            ValueError: Not N×3×H×W.
        """
        if pictures.ndim != 4 or pictures.shape[1] != 3:
            raise ValueError(
                f"expected float RGB of shape N×3×H×W, got {tuple(pictures.shape)}; "
                "permute H×W×3 to 3×H×W and add the batch dimension"
            )
        features: Tensor = self.layers((pictures - self.mean) / self.std)
        return features


def vgg_features(
    name: VGGName,
    layer: VGGLayer,
    imagenet: Mapping[str, Tensor] | None,
    normalise: bool = False,
) -> VGGFeatures:
    """Torchvision's VGG, cut after one layer.

    Args:
        name: Which of the two.
        layer: relu3_3: 256 channels at a quarter of the size; pool5: 512 at a thirty-second.
        imagenet: State dict of that VGG as a classifier; random weights without it.
        normalise: See VGGFeatures.
    """
    layers = make_layers(cfgs[CONFIGURATIONS[name]])
    cut = layers[: _end(layers, layer)]
    if imagenet is not None:
        cut.load_state_dict({key: imagenet[f"features.{key}"] for key in cut.state_dict()})
    return VGGFeatures(cut, normalise)


def _end(layers: nn.Sequential, layer: VGGLayer) -> int:
    """Place behind a layer that is named as in the paper: stage (and convolution in it)."""
    stage, convolution = 1, 0
    for place, module in enumerate(layers):
        if isinstance(module, nn.MaxPool2d):
            if layer == f"pool{stage}":
                return place + 1
            stage, convolution = stage + 1, 0
        elif isinstance(module, nn.ReLU):
            convolution += 1
            if layer == f"relu{stage}_{convolution}":
                return place + 1
    raise ValueError(f"VGG has no layer {layer!r}")
