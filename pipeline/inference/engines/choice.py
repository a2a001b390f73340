"""What `auto` stands for: what was measured here, else what is usually quickest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from pipeline.card import Card
from pipeline.inference.cache import cache_folder
from pipeline.inference.engines.exported import EXPORTER, can_export, has_export
from pipeline.inference.engines.machine import (
    cpu_model,
    has_bf16,
    has_cuda,
    is_installed,
    threads,
    versions,
)
from pipeline.workspace import work_key, write_whole

UNMEASURED = "not measured yet: clearscene doctor"


class Choice(NamedTuple):
    """A backend.

    Attributes:
        backend: Its name.
        why: Why it is taken, in words for people.
    """

    backend: str
    why: str


def choose(weights: Path, card: Card, device: str | None = None) -> Choice:
    """What `auto` stands for with these weights: PyTorch on a GPU, else what was measured here.

    Where nothing was measured: OpenVINO in bfloat16 if the processor has units for it, OpenVINO in
    float32, ONNX Runtime, PyTorch, whichever can run these weights here.
    """
    on_gpu = _for_gpu(weights, device)
    if on_gpu:
        return on_gpu
    if device in (None, "cpu"):
        measured = recorded(card)
        if measured and can_run(measured.backend, weights, card):
            return measured
    if not can_export(card):
        return Choice("torch", "this network runs in PyTorch alone")
    order = ("openvino-bf16", "openvino-f32", "onnxruntime", "torch")
    usable = [name for name in order if can_run(name, weights, card)]
    return Choice(usable[0] if usable else "openvino-f32", UNMEASURED)


def _for_gpu(weights: Path, device: str | None) -> Choice | None:
    """What runs on the GPU that was asked for, or that there is; None on the CPU."""
    has_torch = weights.suffix == ".pt" and is_installed("torch")
    if device is None:
        return Choice("torch", "on the GPU") if has_torch and _torch_sees_gpu() else None
    if device == "cpu":
        return None
    return Choice("torch" if has_torch else "onnxruntime", f"on {device}, as asked")


def _torch_sees_gpu() -> bool:
    if not has_cuda():
        return False
    import torch  # only where there is a GPU for it

    return torch.cuda.is_available()


def can_run(backend: str, weights: Path, card: Card) -> bool:
    """Whether a backend is installed and can run these weights on this processor."""
    kind, _, precision = backend.partition("-")
    if not is_installed(kind) or (precision == "bf16" and not has_bf16()):
        return False
    if kind == "torch":
        return weights.suffix == ".pt"
    return can_export(card) and (has_export(weights, card) or is_installed(*EXPORTER))


def record(card: Card, choice: Choice) -> None:
    """Keep what was measured, for these weights, libraries, processor and number of threads."""
    values = {"weights_sha256": card.weights_sha256, **choice._asdict()}
    write_whole(_record_file(card), f"{json.dumps(values, indent=2)}\n".encode())


def recorded(card: Card) -> Choice | None:
    """What was measured for these weights on what is here now."""
    try:
        values = json.loads(_record_file(card).read_text(encoding="utf-8"))
        return Choice(str(values["backend"]), str(values["why"]))
    except (OSError, ValueError, KeyError, TypeError):  # none, or a damaged one: measure again
        return None


def _record_file(card: Card) -> Path:
    key = work_key(
        weights=card.weights_sha256,
        libraries=versions("torch", "onnxruntime", "onnxruntime-gpu", "openvino"),
        processor=cpu_model(),
        threads=threads(),
    )
    return cache_folder() / "choices" / f"{card.network}-{key}.json"
