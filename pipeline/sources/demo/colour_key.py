"""Colour keying with the truth at hand: what the best single threshold can reach.

It is the floor that a trained network must clear, and the proof that the demo pictures cannot be
solved by looking at colours.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_SPACES = (
    cv2.COLOR_RGB2HSV_FULL,
    cv2.COLOR_RGB2Lab,
    cv2.COLOR_RGB2YCrCb,
)


def colour_channels(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The channels of RGB, HSV, Lab, YCrCb and grey as an H×W×13 array, uint8 over 0..255."""
    spaces = [np.asarray(cv2.cvtColor(picture, code), dtype=np.uint8) for code in _SPACES]
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)[..., None]
    return np.concatenate([picture, *spaces, grey], axis=2)


def best_colour_key_iou(picture: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """The best IoU of "channel ≥ t" or "channel < t" with the mask, over channels and t in 0..255.

    `picture` is H×W×3 uint8 RGB, `mask` H×W bool. Counting by histogram: what a threshold selects
    is a tail of the channel's histogram, so all 256 thresholds cost one pass. An empty selection
    on an empty mask scores 1.
    """
    channels = colour_channels(picture)
    inside = _histograms(channels[mask])
    outside = _histograms(channels[~mask])
    people = int(mask.sum())
    hit_below, false_below = _counts_below(inside), _counts_below(outside)
    hit = np.stack([people - hit_below, hit_below])
    false = np.stack([outside.sum(axis=1, keepdims=True) - false_below, false_below])
    union = people + false
    return float(np.max(np.where(union > 0, hit / np.maximum(union, 1), 1.0)))


def _histograms(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """N×C values to C×256 counts."""
    return np.stack([np.bincount(column, minlength=256) for column in values.T])


def _counts_below(histograms: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many values lie below each threshold 0..255."""
    return np.asarray(np.cumsum(histograms, axis=1) - histograms)
