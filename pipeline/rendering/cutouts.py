"""Cutouts scaled and stood on the ground of a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGBA
from pipeline.rendering.solids import OPAQUE, Placed


def trimmed(cutout: RGBA) -> RGBA:
    """Without the margins that are transparent: its lowest row is the one it stands on.

    Raises:
        ValueError: All of it is transparent.
    """
    opaque = cutout[..., 3] >= OPAQUE * 255
    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    if not rows.size:
        raise ValueError("the cutout has no opaque pixel")
    return cutout[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def place_cutout(cutout: RGBA, middle: float, row: float, tall: float) -> Placed:
    """Scale a cutout and stand it on the ground.

    Args:
        cutout: RGBA, straight alpha.
        middle: Column of its bottom centre.
        row: Row of its lowest pixels.
        tall: Its height in pixels.
    """
    height, width = cutout.shape[:2]
    high, wide = max(2, round(tall)), max(2, round(tall * width / height))
    colours, alpha = _resized(cutout, high, wide)
    return Placed(colours, alpha, round(middle - wide / 2), round(row) - high + 1)


def _resized(cutout: RGBA, high: int, wide: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Resize with colours weighted by alpha, so that none bleeds in from outside."""
    alpha = cutout[..., 3:].astype(np.float32) / 255
    premultiplied = np.concatenate([cutout[..., :3] * alpha, alpha], axis=2)
    shrinks = high * wide < alpha.size
    small = cv2.resize(
        premultiplied, (wide, high), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    alpha = np.asarray(small[..., 3], np.float32)
    colours = np.clip(small[..., :3] / np.maximum(alpha, 1e-4)[..., None], 0, 255)
    return (colours + 0.5).astype(np.uint8), np.clip(alpha, 0, 1)
