"""Predicting the mask of a picture of any size."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.images import RGB, resize_probability
from pipeline.inference.load import Predictor, to_batch


class MaskPredictor(Predictor):
    """A mask network with its weights, ready to predict.

    Args:
        weights: `.pt` file with its card beside it.
        device: Where to run, as torch names it.
    """

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """How likely each pixel belongs to the mask.

        Args:
            picture: H×W×3, any size; squeezed to the frame that the network was trained on.

        Returns:
            H×W in [0, 1].
        """
        batch = to_batch(picture, *self.card.frame).to(self.device)
        with torch.inference_mode():
            probability = self.network(batch)[0, 0].cpu().numpy()
        return resize_probability(probability, *picture.shape[:2])
