"""Taking the cars out of a picture of any size."""

from __future__ import annotations

import numpy as np

from pipeline.images import RGB, resize_picture, resize_probability
from pipeline.inference.engines import Batch
from pipeline.inference.predictor import Kind, Predictor, to_batch

LEAST = 0.02
"""An alpha up to this paints nothing: what the network meant to leave comes out as it went in."""


class CarRemover(Predictor):
    """The generator of the car removal system with its weights, ready to paint.

    Its arguments and errors are those of `Predictor`.
    """

    kind = Kind("removal_generator", "which paints nothing; give the weights of car_removal")

    def remove(self, picture: RGB) -> RGB:
        """The picture as it would be without its cars.

        Args:
            picture: H×W×3, any size; squeezed to the frame that the network was trained on.

        Returns:
            H×W×3. Where the network predicts what it paints over, other pixels are those of
            `picture`; else all of them were painted at the network's frame and enlarged.
        """
        height, width = picture.shape[:2]
        _, planes, *alphas = self.engine.run(to_batch(picture, *self.card.frame) * 2 - 1)
        painted = resize_picture(_to_picture(planes[0]), height, width)
        if not alphas:
            return painted
        alpha = resize_probability(alphas[0][0, 0], height, width)[..., None]
        blended = picture + alpha * (painted.astype(np.float32) - picture)
        return np.where(alpha > LEAST, np.rint(blended), picture).astype(np.uint8)


def _to_picture(planes: Batch) -> RGB:
    """3×H×W in [−1, 1] → H×W×3."""
    levels = np.rint((planes + 1) * 127.5).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(1, 2, 0))
