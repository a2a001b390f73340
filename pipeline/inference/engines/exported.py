"""The ONNX file of weights: beside them, or made once and kept in the cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pipeline.card import Card
from pipeline.errors import PipelineError, UsageError
from pipeline.inference.cache import cache_folder, made_once
from pipeline.inference.engines.machine import is_installed
from pipeline.inference.onnx_file import read_metadata
from pipeline.workspace import code_hash, file_hash, write_whole

CHANNELS = {
    "deeplab_v3_plus": 3,
    "removal_generator": 3,
    "shadow_attention": 4,
    "shadow_generator": 6,
}
"""What goes in, by architecture; Mask R-CNN depends on its data in ways that ONNX cannot tell."""

CODE = ("networks", "inference/export.py", "inference/load.py")
"""What an export comes from besides the weights."""

EXPORTER = ("torch", "torchvision", "onnx", "onnxscript")
"""What exporting imports; that of shadow networks segmentation_models_pytorch as well."""


def can_export(card: Card) -> bool:
    """Whether the network can leave PyTorch at all."""
    return card.architecture["name"] in CHANNELS


def check_exportable(weights: Path, card: Card) -> None:
    """Refuse what cannot leave PyTorch.

    Raises:
        UsageError: This network cannot.
    """
    if not can_export(card):
        raise UsageError(
            f"{weights}: {card.network} cannot be exported to ONNX, it stays in PyTorch"
        )


def exported(weights: Path, card: Card) -> Path:
    """The network of these weights as an ONNX file; the first call may take half a minute.

    It is that file itself, or one beside it that was exported from these weights, or it is made in
    a process of its own, which alone loads PyTorch, and kept in the cache.

    Raises:
        UsageError: The network cannot be exported.
        PipelineError: PyTorch would be needed and is not installed, or the export failed.
    """
    check_exportable(weights, card)
    beside = weights.with_suffix(".onnx")
    if weights == beside or _was_made_of(beside, card):
        return beside
    file = kept_file(card)
    with made_once(file):
        if not _is_whole(file):
            _export(weights, file)
            write_whole(_digest(file), file_hash(file).encode())
    return file


def has_export(weights: Path, card: Card) -> bool:
    """Whether `exported` needs no PyTorch, unless what it kept is damaged."""
    beside = weights.with_suffix(".onnx")
    return weights == beside or _was_made_of(beside, card) or kept_file(card).exists()


def kept_file(card: Card) -> Path:
    """Where the cache has the export of these weights by this code."""
    height, width = card.frame
    key = f"{card.weights_sha256[:16]}-{height}x{width}-{code_hash(*CODE)[:8]}"
    return cache_folder() / "onnx" / f"{card.network}-{key}.onnx"


def _was_made_of(file: Path, card: Card) -> bool:
    try:
        return read_metadata(file).get("weights_sha256") == card.weights_sha256
    except (OSError, ValueError):
        return False


def _is_whole(file: Path) -> bool:
    """Whether it has the bytes that were written."""
    try:
        return _digest(file).read_text(encoding="utf-8") == file_hash(file)
    except (OSError, ValueError):
        return False


def _digest(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def _export(weights: Path, file: Path) -> None:
    if not is_installed(*EXPORTER):
        raise PipelineError(
            f"{weights}: running it without PyTorch takes {weights.with_suffix('.onnx').name} "
            f"beside it; `clearscene export {weights.parent.name} {weights.with_suffix('.onnx')}` "
            "writes that where PyTorch is installed"
        )
    command = [sys.executable, "-m", "pipeline.inference.export", str(weights), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        raise PipelineError(f"{weights}: could not be exported to ONNX: {lines[-1]}")
