"""OpenVINO on the CPU, in float32 or bfloat16.

OpenVINO takes bfloat16 by itself where the processor has it; here the precision is always told.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.card import Card
from pipeline.errors import PipelineError, UsageError
from pipeline.inference.engines.engine import Batch
from pipeline.inference.engines.machine import has_bf16, threads
from pipeline.inference.engines.silence import import_openvino

PRECISIONS = {"openvino-f32": "f32", "openvino-bf16": "bf16"}


class OpenVinoEngine:
    """A network in OpenVINO.

    Args:
        file: The `.onnx` file.
        card: What it is.
        channels: What goes in.
        name: A key of `PRECISIONS`.
        device: `cpu`; None is the same.

    Raises:
        PipelineError: The file is damaged, or there is no such device.
    """

    def __init__(
        self, file: Path, card: Card, channels: int, name: str, device: str | None = None
    ) -> None:
        if device not in (None, "cpu"):
            raise UsageError(f"OpenVINO runs on cpu here, not on {device!r}; take torch for that")
        if name == "openvino-bf16" and not has_bf16():
            raise UsageError("this processor has no units for bfloat16; take openvino-f32")
        self.card, self.name, self.device = card, name, "cpu"
        shape = [1, channels, *card.frame]
        self._request = _compile(file, shape, PRECISIONS[name]).create_infer_request()

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """See `Engine`. Pictures go one by one, which is as quick and needs less memory."""
        given = [self._run(np.ascontiguousarray(picture[None])) for picture in batch]
        return tuple(np.concatenate(planes) for planes in zip(*given, strict=True))

    def _run(self, picture: Batch) -> list[Batch]:
        self._request.infer([picture], share_inputs=True)
        # What comes out is the request's own memory, written over by the next picture.
        return [one.data.astype(np.float32) for one in self._request.output_tensors]


@cache
def _core() -> Any:
    """The one Core of this process, which is never freed.

    A Core gives its thread a stack for signals and takes it away when it goes. With several, or
    freed by another thread, the thread is left with a stack that is no longer there, and the next
    signal that Python handles ends the process (OpenVINO 2025, `SigAltStackSetup`).
    """
    return import_openvino().Core()


def _compile(file: Path, shape: list[int], precision: str) -> Any:
    core = _core()
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads(),
        "ENABLE_CPU_PINNING": False,  # two servers would be tied to the same cores
    }
    try:
        model = core.read_model(file)
        model.reshape(shape)
    except RuntimeError as problem:
        raise PipelineError(f"{file}: no network that OpenVINO can run") from problem
    return core.compile_model(model, "CPU", settings)
