"""Taking the cars out of a picture of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipeline.errors import PipelineError
from pipeline.images import RGB, resize_picture, resize_probability
from pipeline.inference.load import Predictor, to_batch
from pipeline.networks.removal import Removal, RemovalGenerator

LEAST = 0.02
"""An alpha up to this paints nothing: what the network meant to leave comes out as it went in."""


class CarRemover(Predictor):
    """The generator of the car removal system with its weights, ready to paint.

    Args:
        weights: `.pt` file with its card beside it.
        device: Where to run, as torch names it.

    Raises:
        PipelineError: The file is missing or damaged, or holds another kind of network.
    """

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        super().__init__(weights, device)
        if not isinstance(self.network, RemovalGenerator):
            raise PipelineError(
                f"{weights}: holds {self.card.network}, which paints nothing; give the weights of "
                "car_removal"
            )

    def remove(self, picture: RGB) -> RGB:
        """The picture as it would be without its cars.

        Args:
            picture: H×W×3, any size; squeezed to the frame that the network was trained on.

        Returns:
            H×W×3. Where the network predicts what it paints over, other pixels are those of
            `picture`; else all of them were painted at the network's frame and enlarged.
        """
        height, width = picture.shape[:2]
        batch = to_batch(picture, *self.card.frame).to(self.device) * 2 - 1
        with torch.inference_mode():
            removal: Removal = self.network(batch)
        painted = resize_picture(_to_picture(removal.painted[0]), height, width)
        if removal.alpha is None:
            return painted
        alpha = resize_probability(removal.alpha[0, 0].cpu().numpy(), height, width)[..., None]
        blended = picture + alpha * (painted.astype(np.float32) - picture)
        return np.where(alpha > LEAST, np.rint(blended), picture).astype(np.uint8)


def _to_picture(planes: Tensor) -> RGB:
    """3×H×W in [−1, 1] → H×W×3."""
    levels = ((planes + 1) * 127.5).round().byte().permute(1, 2, 0)
    return np.ascontiguousarray(levels.cpu().numpy())
