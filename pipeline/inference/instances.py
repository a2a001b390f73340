"""Predicting the mask of the central person of a picture of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.images import RGB
from pipeline.inference.load import Predictor
from pipeline.networks.maskrcnn import CentralMaskRCNN, best_mask


class CentralPersonPredictor(Predictor):
    """Mask R-CNN with its weights, ready to predict; to its users the same as `MaskPredictor`.

    Args:
        weights: `.pt` file with its card beside it.
        device: Where to run, as torch names it.

    Raises:
        PipelineError: The file is missing or damaged, or holds another kind of network.
    """

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        super().__init__(weights, device)
        if not isinstance(self.network, CentralMaskRCNN):
            raise PipelineError(
                f"{weights}: holds {self.card.network}, which is no Mask R-CNN; give the weights "
                "of central_person"
            )

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """How likely each pixel belongs to the central person.

        Args:
            picture: H×W×3, any size; the network itself resizes it, and pastes at that size.

        Returns:
            H×W in [0, 1]; zeros where no person is found.
        """
        pixels = torch.from_numpy(np.ascontiguousarray(picture)).to(self.device)
        with torch.inference_mode():
            found = self.network([pixels.permute(2, 0, 1).float() / 255])[0]
            mask: NDArray[np.float32] = best_mask(found, *picture.shape[:2]).cpu().numpy()
        return mask
