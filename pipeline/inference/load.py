"""A trained network from its weights and card, in PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from pipeline.card import Card
from pipeline.checkpoint import load_weights
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
