"""What a trained network has to beat: predictions that need no training worth the name.

Leaving a picture as it is needs no code.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask, resize_mask


def mean_mask(masks: Iterable[Mask], size: int) -> NDArray[np.float32]:
    """Average masks of any size on a size × size grid: how often each place is inside, in [0, 1].

    Raises:
        ValueError: There are no masks.
    """
    grid = [resize_mask(mask, size, size) for mask in masks]
    if not grid:
        raise ValueError("the mean of no masks is not defined")
    mean: NDArray[np.float64] = np.asarray(np.mean(grid, axis=0, dtype=np.float64))
    return mean.astype(np.float32)


def grabcut_mask(picture: RGB, box_share: float, iterations: int) -> Mask:
    """GrabCut from a central box, with no knowledge of the picture.

    Rother, Kolmogorov, Blake: GrabCut, SIGGRAPH 2004; OpenCV's implementation.

    Args:
        picture: H×W×3.
        box_share: Height and width of the box as a share of the picture's, in (0, 1).
        iterations: Rounds of fitting colours and cutting.

    Returns:
        H×W; what GrabCut holds for foreground, surely or probably.
    """
    height, width = picture.shape[:2]
    # GrabCut needs pixels outside the box, or it has no background to learn from.
    left = max(1, round(width * (1 - box_share) / 2))
    top = max(1, round(height * (1 - box_share) / 2))
    box = (left, top, max(1, width - 2 * left), max(1, height - 2 * top))
    labels = np.zeros((height, width), np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # its k-means draws from OpenCV's global generator
    cv2.grabCut(
        cv2.cvtColor(picture, cv2.COLOR_RGB2BGR),
        labels,
        box,
        *models,
        iterations,
        cv2.GC_INIT_WITH_RECT,
    )
    mask: Mask = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    return mask


def inpainted(picture: RGB, mask: Mask, grow: int, radius: float = 3.0) -> RGB:
    """Fill the masked place from what is around it.

    Telea: An Image Inpainting Technique Based on the Fast Marching Method, Journal of Graphics
    Tools, 2004; OpenCV's implementation.

    Args:
        picture: H×W×3.
        mask: H×W, of what is to vanish.
        grow: By how many pixels the mask is made larger first, so that no soft rim of what is to
            vanish is taken for its surroundings.
        radius: Of the neighbourhood that a pixel is filled from.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
    grown = cv2.dilate(mask.astype(np.uint8), kernel)
    return cv2.inpaint(picture, grown, radius, cv2.INPAINT_TELEA).astype(np.uint8, copy=False)
