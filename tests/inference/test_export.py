"""Exported networks give what PyTorch gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from pipeline.checkpoint import Card, save_weights, state_hash
from pipeline.errors import UsageError
from pipeline.inference.export import CHANNELS, export_onnx
from pipeline.inference.load import load_network
from pipeline.networks.build import BUILDERS, build

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


def write(name: str, folder: Path) -> Path:
    numbers, frame = SMALL[name]
    torch.manual_seed(1)
    network = build({"name": name, **numbers})
    for buffer_name, buffer in network.named_buffers():
        if buffer_name.endswith("running_mean"):
            buffer.uniform_(-0.1, 0.1)  # statistics that are not those of the first day
    state = network.state_dict()
    card = Card("some", {"name": name, **numbers}, frame, {}, "", "", state_hash(state), 1, {})
    save_weights(folder / "best.pt", state, card)
    return folder / "best.pt"


def test_every_architecture_is_exported_or_refused() -> None:
    assert set(SMALL) == set(BUILDERS)
    assert set(BUILDERS) - set(CHANNELS) == {"mask_rcnn"}


@pytest.mark.parametrize("name", CHANNELS)
def test_the_exported_network_agrees_with_pytorch(name: str, tmp_path: Path) -> None:
    weights = write(name, tmp_path)
    export_onnx(weights, tmp_path / "network.onnx")
    assert {file.name for file in tmp_path.iterdir()} == {"best.pt", "best.json", "network.onnx"}
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx")
    (given,) = session.get_inputs()
    for count in (1, 3):
        x = torch.rand(count, CHANNELS[name], *SMALL[name][1])
        with torch.inference_mode():
            ours = load_network(weights).network(x)
        ours = [one for one in (ours if isinstance(ours, tuple) else [ours]) if one is not None]
        theirs = session.run(None, {given.name: x.numpy()})
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one.numpy(), other, atol=2e-4, rtol=1e-3)


def test_mask_rcnn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be exported to ONNX, it stays in PyTorch"):
        export_onnx(write("mask_rcnn", tmp_path), tmp_path / "network.onnx")
