"""Predicting the mask of a picture of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.checkpoint import load_weights
from pipeline.images import RGB, resize_picture, resize_probability
from pipeline.networks.build import build


class MaskPredictor:
    """A mask network with its weights, ready to predict.

    Args:
        weights: `.pt` file with its card beside it.
        device: Where to run, as torch names it.
    """

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        state, self.card = load_weights(weights)
        self.device = torch.device(device)
        self.network = build(self.card.architecture)
        self.network.load_state_dict(state)
        self.network.to(self.device).eval()

    @property
    def name(self) -> str:
        """Name of the trained network."""
        return self.card.network

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """How likely each pixel belongs to the mask.

        Args:
            picture: H×W×3, any size; squeezed to the square that the network was trained on.

        Returns:
            H×W in [0, 1].
        """
        small = resize_picture(picture, self.card.size, self.card.size)
        batch = torch.from_numpy(small).permute(2, 0, 1)[None].to(self.device).float() / 255
        with torch.inference_mode():
            probability = self.network(batch)[0, 0].cpu().numpy()
        return resize_probability(probability, *picture.shape[:2])
