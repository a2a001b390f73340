"""ONNX Runtime, on the CPU or an NVIDIA GPU, in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.card import Card
from pipeline.errors import PipelineError, UsageError
from pipeline.inference.engines.engine import Batch
from pipeline.inference.engines.machine import threads
from pipeline.inference.engines.silence import import_onnxruntime

onnxruntime = import_onnxruntime()

ERRORS = 3
"""Of what is logged: nothing below."""

DAMAGED = tuple(
    getattr(onnxruntime.capi.onnxruntime_pybind11_state, name)
    for name in ("InvalidProtobuf", "InvalidGraph", "InvalidArgument", "Fail")
)
"""What a file raises that holds no network."""


class OnnxRuntimeEngine:
    """A network in ONNX Runtime.

    Args:
        file: The `.onnx` file.
        card: What it is.
        device: `cpu`, `cuda` or `cuda:N`; None is the CPU.

    Raises:
        PipelineError: The file is damaged, or there is no such device.
    """

    name = "onnxruntime"

    def __init__(self, file: Path, card: Card, device: str | None = None) -> None:
        self.card, self.device = card, device or "cpu"
        provider = _provider(self.device)
        try:
            self._session = onnxruntime.InferenceSession(file, _options(), [provider])
        except DAMAGED as problem:
            raise PipelineError(f"{file}: no network that ONNX Runtime can run") from problem
        if self._session.get_providers()[0] != provider[0]:  # it only warns, and takes the CPU
            raise _absent(self.device)

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """See `Engine`. Pictures go one by one: the arena keeps the largest size it has seen."""
        given = [
            self._session.run(None, {"input": np.ascontiguousarray(picture[None])})
            for picture in batch
        ]
        return tuple(np.concatenate(planes) for planes in zip(*given, strict=True))


def _options() -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS
    # Threads that wait for the next picture leave the cores to whoever works.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _provider(device: str) -> tuple[str, dict[str, str]]:
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return "CPUExecutionProvider", {}
    if kind != "cuda":
        raise UsageError(f"ONNX Runtime runs on cpu or cuda, not on {device!r}")
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise _absent(device)
    return "CUDAExecutionProvider", {"device_id": number or "0"}


def _absent(device: str) -> PipelineError:
    return PipelineError(
        f"the device {device} was asked for, but ONNX Runtime {onnxruntime.__version__} has none "
        "here: that takes onnxruntime-gpu and NVIDIA's driver; ask for cpu to go without"
    )
