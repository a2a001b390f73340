"""A backend by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.card import Card
from pipeline.errors import PipelineError, UsageError
from pipeline.inference.engines.choice import choose
from pipeline.inference.engines.engine import Engine
from pipeline.inference.engines.exported import CHANNELS, exported
from pipeline.inference.engines.machine import is_installed
from pipeline.inference.weights import card_of

AUTO = "auto"


def open_engine(weights: Path, backend: str = AUTO, device: str | None = None) -> Engine:
    """The network of these weights in a backend.

    Args:
        weights: `.pt` or `.onnx` file with its card beside it; PyTorch needs a `.pt`.
        backend: A key of `BACKENDS`, or `auto`: see `choice.choose`.
        device: As torch names it; None takes a GPU if the backend finds one.

    Raises:
        UsageError: No backend is called that, or it cannot run this network.
        PipelineError: The backend is not installed, the weights are missing or damaged, or there is
            no such device.
    """
    check_backend(backend)
    card = card_of(weights)
    name = choose(weights, card, device).backend if backend == AUTO else backend
    package = PACKAGES[name.partition("-")[0]]
    if not is_installed(package):
        raise PipelineError(f"the backend {name} is not installed: pip install {package}")
    return BACKENDS[name](weights, card, device)


def check_backend(backend: str) -> None:
    """Refuse a name that no backend has.

    Raises:
        UsageError: It is neither `auto` nor a key of `BACKENDS`.
    """
    if backend not in (AUTO, *BACKENDS):
        known = ", ".join((AUTO, *BACKENDS))
        raise UsageError(f"no backend is called {backend!r}; known are {known}")


def _torch(name: str) -> Callable[[Path, Card, str | None], Engine]:
    def open_(weights: Path, card: Card, device: str | None) -> Engine:
        if weights.suffix == ".onnx":
            raise UsageError(
                f"{weights}: PyTorch cannot run an ONNX file; give the .pt file of {card.network}, "
                "or take the backend openvino-f32 or onnxruntime"
            )
        from pipeline.inference.engines.pytorch import TorchEngine  # loads torch

        return TorchEngine(weights, device, bf16=name == "torch-bf16")

    return open_


def _onnx_runtime(weights: Path, card: Card, device: str | None) -> Engine:
    from pipeline.inference.engines.onnx_runtime import OnnxRuntimeEngine

    return OnnxRuntimeEngine(exported(weights, card), card, device)


def _openvino(name: str) -> Callable[[Path, Card, str | None], Engine]:
    def open_(weights: Path, card: Card, device: str | None) -> Engine:
        from pipeline.inference.engines.openvino_runtime import OpenVinoEngine

        file = exported(weights, card)
        return OpenVinoEngine(file, card, CHANNELS[card.architecture["name"]], name, device)

    return open_


BACKENDS: Mapping[str, Callable[[Path, Card, str | None], Engine]] = {
    "torch": _torch("torch"),
    "torch-bf16": _torch("torch-bf16"),
    "onnxruntime": _onnx_runtime,
    "openvino-f32": _openvino("openvino-f32"),
    "openvino-bf16": _openvino("openvino-bf16"),
}
"""What opens each, by name."""

PACKAGES = {"torch": "torch", "onnxruntime": "onnxruntime", "openvino": "openvino"}
"""What each is made of, by the first word of its name."""
