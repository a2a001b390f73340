"""How alike two pictures look to a network that people were asked to correct.

The network's ImageNet weights are torchvision's, see `pretrained.pretrained_state`; its linear
heads come with torchmetrics. Nothing else is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.image.lpips import _LPIPS

from pipeline.images import RGB
from pipeline.pretrained import pretrained_state

Net = Literal["alex", "squeeze", "vgg"]


class Backbone(NamedTuple):
    """A network that LPIPS is defined on.

    Attributes:
        name: Torchvision's.
        smallest: Height and width of a picture that its layers can take.
    """

    name: str
    smallest: int


BACKBONES: Mapping[Net, Backbone] = {
    "alex": Backbone("alexnet", 31),
    "squeeze": Backbone("squeezenet1_1", 17),
    "vgg": Backbone("vgg16", 16),
}


SLICE = re.compile(r"^slices?\.?\d+\.")
"""Begins the name of a layer in torchmetrics: `slice2.3.weight` or `slices.1.3.weight`."""


class PerceptualDistance:
    """LPIPS, version 0.1 with its linear heads, 0 for equal pictures, lower is better.

    Zhang, Isola, Efros, Shechtman, Wang: The Unreasonable Effectiveness of Deep Features as a
    Perceptual Metric, CVPR 2018. `alex` is what papers print; distances of different networks do
    not compare.
    """

    def __init__(self, net: Net = "alex", state: Mapping[str, Tensor] | None = None) -> None:
        """Build the network.

        Args:
            net: Which one.
            state: Its weights as torchvision names them (more may stand in it); without, those
                trained on ImageNet, which are fetched once.

        Raises:
            PipelineError: They could not be fetched, or what came has another hash.
            ValueError: The state is of another network, or there is no such network.
        """
        if net not in BACKBONES:
            raise ValueError(f"no LPIPS on {net}, but on {', '.join(BACKBONES)}")
        self.backbone = BACKBONES[net]
        if state is None:
            state = pretrained_state(
                self.backbone.name, "IMAGENET1K_V1", "set evaluate.lpips: none"
            )
        self._network = _LPIPS(pretrained=True, net=net, pnet_rand=True)
        self._load(state)

    def distance(self, ours: RGB, truth: RGB) -> float:
        """Of two pictures of one size, H×W×3.

        Raises:
            ValueError: These are no two RGB pictures of one size, or the network needs larger ones.
        """
        if ours.shape != truth.shape:
            raise ValueError(f"pictures differ in shape: {ours.shape} and {truth.shape}")
        with torch.inference_mode():
            return float(self._network(self._input(ours), self._input(truth)))

    def _input(self, picture: RGB) -> Tensor:
        """1×3×H×W in −1 to 1."""
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"pictures must be H×W×3 uint8, got {picture.dtype} {picture.shape}")
        (height, width, _), smallest = picture.shape, self.backbone.smallest
        if min(height, width) < smallest:
            raise ValueError(
                f"LPIPS on {self.backbone.name} needs {smallest}×{smallest} pixels or more, "
                f"got {height}×{width}; enlarge both"
            )
        levels = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
        return levels / 127.5 - 1

    def _load(self, state: Mapping[str, Tensor]) -> None:
        """Torchmetrics cuts `features` into slices, whose layers keep their numbers."""
        layers = self._network.net
        theirs = {name: SLICE.sub("features.", name) for name in layers.state_dict()}
        try:
            layers.load_state_dict({name: state[theirs[name]] for name in theirs})
        except (KeyError, RuntimeError) as problem:
            reason = " ".join(str(problem).split())
            raise ValueError(f"these are no weights of {self.backbone.name}: {reason}") from None
