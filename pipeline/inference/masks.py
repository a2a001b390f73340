"""Predicting the mask of a picture of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, resize_probability
from pipeline.inference.predictor import Kind, Predictor, to_batch


class MaskPredictor(Predictor):
    """A mask network with its weights, ready to predict.

    Its arguments and errors are those of `Predictor`.
    """

    kind = Kind("deeplab_v3_plus", "which gives no mask; give the weights of a mask network")

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """How likely each pixel belongs to the mask.

        Args:
            picture: H×W×3, any size; squeezed to the frame that the network was trained on.

        Returns:
            H×W in [0, 1].
        """
        (probability,) = self.engine.run(to_batch(picture, *self.card.frame))
        return resize_probability(probability[0, 0], *picture.shape[:2])
