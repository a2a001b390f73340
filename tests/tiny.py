"""Networks of every architecture, as small as they can be, with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.editing.catalogue import ARCHITECTURES
from pipeline.networks.build import build

SMALL: Mapping[str, tuple[dict[str, Any], tuple[int, int]]] = {
    "deeplab_v3_plus": (
        {"encoder": "resnet18", "width": 8, "low_width": 8, "se_ratio": 2},
        (32, 48),
    ),
    "removal_generator": (
        {"kernels": [4, 2], "filters": 4, "dropout": 0.5, "predict_mask": True},
        (128, 128),
    ),
    "shadow_attention": ({"encoder": "resnet18"}, (32, 64)),
    "shadow_generator": ({"encoder": "resnet18", "refinement_blocks": 2}, (32, 32)),
    "mask_rcnn": (
        {
            "body": "resnet18",
            "width": 8,
            "hidden": 8,
            "min_size": 64,
            "max_size": 64,
            "largest_anchor": 64,
            "regions": 8,
            "norm": "batch",
            "grouped": True,
            "frozen": False,
        },
        (64, 64),
    ),
}


def architecture_of(network: str) -> tuple[dict[str, Any], tuple[int, int]]:
    """Of a trained network, such as `person_se`, as its card has it; and the frame."""
    name = ARCHITECTURES[network]
    numbers, frame = SMALL[name]
    return {"name": name, **numbers}, frame


EXPORTABLE = [network for network, name in ARCHITECTURES.items() if name != "mask_rcnn"]
"""Trained networks that need no PyTorch to run."""


def write(name: str, folder: Path, seed: int = 1) -> Path:
    """`best.pt` and its card in a folder."""
    numbers, frame = SMALL[name]
    torch.manual_seed(seed)
    network = build({"name": name, **numbers})
    for buffer_name, buffer in network.named_buffers():
        if buffer_name.endswith("running_mean"):
            buffer.uniform_(-0.1, 0.1)  # statistics that are not those of the first day
    state = network.state_dict()
    card = Card("some", {"name": name, **numbers}, frame, {}, "", "", state_hash(state), 1, {})
    save_weights(folder / "best.pt", state, card)
    return folder / "best.pt"
