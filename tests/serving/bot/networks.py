"""Trained networks as a folder of models: one finds everybody, one nobody."""

from __future__ import annotations

from pathlib import Path

import torch

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.networks.build import build
from tests.tiny import architecture_of

EVERYBODY, NOBODY = 20.0, -20.0
"""Logits of every pixel."""


def write_models(folder: Path) -> Path:
    """person_se finds everybody, person_bce_dice nobody; there is no other network."""
    for network, logit in (("person_se", EVERYBODY), ("person_bce_dice", NOBODY)):
        write_mask_network(folder, network, logit)
    return folder


def write_mask_network(folder: Path, network: str, logit: float | None) -> None:
    """Weights that answer the same everywhere, or random ones where there is no answer."""
    torch.manual_seed(1)
    architecture, frame = architecture_of(network)
    state = build(architecture).state_dict()
    if logit is not None:
        state["head.weight"].zero_()
        state["head.bias"].fill_(logit)
    card = Card(network, architecture, frame, {}, "", "", state_hash(state), 1, {})
    (folder / network).mkdir(parents=True)
    save_weights(folder / network / "best.pt", state, card)
