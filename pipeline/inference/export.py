"""A trained network as ONNX, for runtimes that do not know PyTorch.

`python -m pipeline.inference.export WEIGHTS FILE` does it in a process of its own.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import torch

from pipeline.card import Card, card_text
from pipeline.errors import PipelineError
from pipeline.inference.engines.exported import CHANNELS, check_exportable
from pipeline.inference.load import load_network
from pipeline.workspace import write_file

OPSET = 18


def export_onnx(weights: Path, file: Path) -> None:
    """Write the network of a `.pt` file, with its weights and its card inside, as one ONNX file.

    Input `input`: N×C×H×W float32 as the network's `forward` wants it, at the height and width it
    was trained at, any N. Outputs: `output_0`, … in the order of its named tuple.

    Raises:
        UsageError: The network cannot be exported.
        PipelineError: The weights are missing or damaged.
    """
    network, card, _ = load_network(weights)
    check_exportable(weights, card)
    example = torch.zeros(2, CHANNELS[card.architecture["name"]], *card.frame)
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
    program.model.metadata_props.update(_notes(card))
    with write_file(file) as part:
        program.save(part, external_data=False)


def _notes(card: Card) -> dict[str, str]:
    """What the file says of itself."""
    height, width = card.frame
    return {
        "network": card.network,
        "weights_sha256": card.weights_sha256,
        "frame": f"{height}x{width}",
        "card": card_text(card),
    }


def main() -> int:
    """Export what the two arguments name; a mistake of the user's is one line."""
    weights, file = map(Path, sys.argv[1:])
    try:
        export_onnx(weights, file)
    except PipelineError as problem:
        sys.stderr.write(f"{problem}\n")
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
