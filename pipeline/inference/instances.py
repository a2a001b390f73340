"""Predicting the mask of the central person of a picture of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UsageError
from pipeline.images import RGB
from pipeline.inference.engines import AUTO
from pipeline.inference.engines.choice import choose
from pipeline.inference.engines.machine import is_installed
from pipeline.inference.engines.opening import check_backend
from pipeline.inference.predictor import Kind, check_kind
from pipeline.inference.weights import card_of


class CentralPersonPredictor:
    """Mask R-CNN with its weights, ready to predict; to its users the same as `MaskPredictor`.

    It runs in PyTorch whatever the backend, as no other can: in float32, unless `torch-bf16` is
    asked for, or `auto` stands for that because it was measured here.

    Args:
        weights: `.pt` file with its card beside it.
        device: Where to run, as torch names it; None takes a GPU if there is one.
        backend: See above.

    Raises:
        UsageError: No backend is called that, or these weights are no `.pt` file.
        PipelineError: The file is missing or damaged, or holds another kind of network; or PyTorch
            is not installed.
    """

    kind = Kind("mask_rcnn", "which is no Mask R-CNN; give the weights of central_person")

    def __init__(self, weights: Path, device: str | None = "cpu", backend: str = "torch") -> None:
        check_backend(backend)
        self.card = card_of(weights)
        check_kind(weights, self.card, self.kind)
        if weights.suffix == ".onnx" or not is_installed("torch"):
            raise UsageError(f"{weights}: Mask R-CNN runs in PyTorch alone: its .pt file and torch")
        if backend == AUTO:
            backend = choose(weights, self.card, device).backend
        self.backend = backend if backend == "torch-bf16" else "torch"
        self._open(weights, device)

    def _open(self, weights: Path, device: str | None) -> None:
        from pipeline.inference.engines.pytorch import torch_device
        from pipeline.inference.load import load_network

        self.device = torch_device(device, bf16=self.backend == "torch-bf16")
        self.network = load_network(weights, str(self.device)).network

    @property
    def name(self) -> str:
        """Name of the trained network."""
        return self.card.network

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """How likely each pixel belongs to the central person.

        Args:
            picture: H×W×3, any size; the network itself resizes it, and pastes at that size.

        Returns:
            H×W in [0, 1]; zeros where no person is found.
        """
        import torch

        from pipeline.networks.maskrcnn import best_mask

        pixels = torch.from_numpy(np.ascontiguousarray(picture)).to(self.device)
        bf16 = torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.backend == "torch-bf16"
        )
        with torch.inference_mode(), bf16:
            found = self.network([pixels.permute(2, 0, 1).float() / 255])[0]
            mask = best_mask(found, *picture.shape[:2])
        values: NDArray[np.float32] = mask.float().cpu().numpy()
        return values
