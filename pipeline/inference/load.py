"""A trained network from its weights and card, ready to predict."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.checkpoint import Card, load_weights
from pipeline.images import RGB, resize_picture
from pipeline.networks.build import build


class Loaded(NamedTuple):
    """A network in evaluation mode on its device, with its card."""

    network: nn.Module
    card: Card
    device: torch.device


def load_network(weights: Path, device: str = "cpu") -> Loaded:
    """Build the network of a `.pt` file with its card beside it, and fill in the weights.

    Raises:
        PipelineError: Either is missing or damaged.
    """
    state, card = load_weights(weights)
    network = build(card.architecture)
    network.load_state_dict(state)
    # Convolutions over channels-last weights are faster on CPUs (`make bench`).
    network.to(device=torch.device(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Loaded(network.eval(), card, torch.device(device))


class Predictor:
    """A network with its weights, ready to predict.

    Args:
        weights: `.pt` file with its card beside it.
        device: Where to run, as torch names it.

    Raises:
        PipelineError: The file is missing or damaged.
    """

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        self.network, self.card, self.device = load_network(weights, device)

    @property
    def name(self) -> str:
        """Name of the trained network."""
        return self.card.network


def to_batch(picture: RGB, height: int, width: int) -> Tensor:
    """H×W×3 of any size → 1×3×height×width in [0, 1], squeezed to that frame."""
    return torch.from_numpy(resize_picture(picture, height, width)).permute(2, 0, 1)[None] / 255
