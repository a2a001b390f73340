"""A trained network as ONNX, for runtimes that do not know PyTorch."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch

from pipeline.errors import UsageError
from pipeline.inference.load import load_network
from pipeline.workspace import write_file

CHANNELS = {
    "deeplab_v3_plus": 3,
    "removal_generator": 3,
    "shadow_attention": 4,
    "shadow_generator": 6,
}
"""What goes in, by architecture; Mask R-CNN depends on its data in ways that ONNX cannot tell."""
OPSET = 18


def export_onnx(weights: Path, file: Path) -> None:
    """Write the network of a `.pt` file, with its weights inside, as one ONNX file.

    Input `input`: N×C×H×W float32 as the network's `forward` wants it, at the height and width it
    was trained at, any N. Outputs: `output_0`, … in the order of its named tuple.

    Raises:
        UsageError: The network cannot be exported.
        PipelineError: The weights are missing or damaged.
    """
    network, card, _ = load_network(weights)
    name = card.architecture["name"]
    if name not in CHANNELS:
        raise UsageError(
            f"{weights}: {card.network} cannot be exported to ONNX, it stays in PyTorch"
        )
    example = torch.zeros(2, CHANNELS[name], *card.frame)
    batch = torch.export.Dim("batch", min=1)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the exporter about its own workings
        program = torch.onnx.export(
            network.to(memory_format=torch.contiguous_format),
            (example,),
            dynamo=True,
            dynamic_shapes=({0: batch},),
            input_names=["input"],
            opset_version=OPSET,
            verbose=False,
        )
    if program is None:
        raise RuntimeError(f"{weights}: the exporter gave nothing")
    with write_file(file) as part:
        program.save(part, external_data=False)
