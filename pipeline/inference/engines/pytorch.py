"""PyTorch, in float32 or with convolutions in bfloat16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from pipeline.errors import PipelineError, UsageError
from pipeline.inference.engines.engine import Batch
from pipeline.inference.engines.machine import has_bf16
from pipeline.inference.load import load_network


class TorchEngine:
    """A network in PyTorch.

    Args:
        weights: `.pt` file with its card beside it.
        device: As torch names it; None takes the GPU if there is one.
        bf16: Convolve in bfloat16.

    Raises:
        PipelineError: The weights are missing or damaged, or there is no such device.
    """

    def __init__(self, weights: Path, device: str | None = None, bf16: bool = False) -> None:
        self._device = torch_device(device, bf16)
        self.network, self.card, _ = load_network(weights, str(self._device))
        self.device, self.name = str(self._device), "torch-bf16" if bf16 else "torch"
        self._bf16 = bf16

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """See `Engine`."""
        pictures = torch.from_numpy(batch).to(self._device)
        with (
            torch.inference_mode(),
            torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16),
        ):
            given = self.network(pictures)
        planes = given if isinstance(given, tuple) else (given,)
        return tuple(np.asarray(one.float().cpu()) for one in planes if one is not None)


def torch_device(name: str | None, bf16: bool = False) -> torch.device:
    """The device of that name; None is the GPU if there is one.

    Raises:
        UsageError: There is no such name, or it lacks units for bfloat16 that were asked for.
        PipelineError: It is not here.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError:
        raise UsageError(
            f"no device is called {name!r}; there are cpu, cuda, cuda:1, mps"
        ) from None
    if not _is_here(device):
        raise PipelineError(
            f"the device {name} was asked for, but PyTorch {torch.__version__} finds none here; "
            "`nvidia-smi` shows what the driver sees; ask for cpu to go without"
        )
    if bf16 and device.type == "cpu" and not has_bf16():
        raise UsageError("this processor has no units for bfloat16; take torch")
    return device


def _is_here(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    return device.type == "cpu" or (device.type == "mps" and torch.backends.mps.is_available())
