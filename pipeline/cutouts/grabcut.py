"""GrabCut as a segmenter of photos of cars: no weights, no training.

Rother, Kolmogorov, Blake: GrabCut, SIGGRAPH 2004; OpenCV's implementation. It starts from where
cars are in photos of cars, not from a box, and runs on three views of the same picture whose
mistakes differ: colours as they are, colour differences raised over brightness, and brightness
beside fine structure (a car is in focus, what lies far behind it is not). They vote.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask
from pipeline.matting import Map, object_mask

ROUNDS = 5
"""Of fitting colours and cutting."""

CENTRE, SPAN, POWER = (0.55, 0.5), (0.42, 0.5), 2.5
"""Of the superellipse that cars fill: centre and half axes (down, across) as shares of height and
width, and its exponent."""

SURE, LIKELY, POSSIBLE = 0.3, 0.8, 1.0
"""Scales of that superellipse: all of it is car, rather car, and beyond the last there is none."""

CHROMA = 2.5
"""How much colour differences are raised over brightness."""

FOCUS, FINE = 0.012, 12.0
"""Reach of the mean of fine structure, as a share of the width, and its gain."""

NOTCH = 0.12
"""Notches in the outline narrower than twice this share of the width are closed."""


class GrabCut:
    """GrabCut for cars; see the top of the file."""

    identity = "grabcut"
    side = 200
    anywhere = True

    def probability(self, pictures: Sequence[RGB]) -> list[Map]:
        """See `Segmenter`: the share of three votes; a half where a notch was closed."""
        return [_votes(picture) for picture in pictures]


def _votes(picture: RGB) -> Map:
    masks = [_grab(view) for view in (picture, _colourful(picture), _structured(picture))]
    votes = np.asarray(np.mean(masks, axis=0), dtype=np.float32)
    mask = object_mask(votes, 0.5, (votes.shape[0], votes.shape[1]))
    # Cars are compact: a deep notch is mostly a pane or a lamp that looks like what is behind it.
    votes[_closed(mask) & (votes < 0.5)] = 0.5
    return votes


def _closed(mask: Mask) -> Mask:
    radius = max(1, round(NOTCH * mask.shape[1]))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    wide = np.pad(mask.astype(np.uint8), radius)  # nothing closes against the frame
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc)[radius:-radius, radius:-radius]
    return np.asarray(closed > 0)


def _grab(view: NDArray[np.uint8]) -> Mask:
    """The car in one view of the picture, H×W×3."""
    labels = start_labels(view.shape[0], view.shape[1])
    cv2.setRNGSeed(0)  # its k-means draws from OpenCV's global generator
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(
        np.ascontiguousarray(view), labels, (0, 0, 0, 0), background, foreground, ROUNDS,
        cv2.GC_INIT_WITH_MASK,
    )  # fmt: skip
    car = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return object_mask(car, 0.5, (view.shape[0], view.shape[1]))


def start_labels(height: int, width: int) -> NDArray[np.uint8]:
    """What GrabCut starts from: H×W of OpenCV's GC_* labels, all four of them."""
    down, across = (
        np.abs((np.arange(n) + 0.5) / n - centre) / span
        for n, centre, span in zip((height, width), CENTRE, SPAN, strict=True)
    )
    away = (down[:, None] ** POWER + across**POWER) ** (1 / POWER)
    labels = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    labels[away < LIKELY] = cv2.GC_PR_FGD
    labels[away < SURE] = cv2.GC_FGD
    labels[away > POSSIBLE] = cv2.GC_BGD
    return labels


def _colourful(picture: RGB) -> NDArray[np.uint8]:
    """Lab with its colour differences raised."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[..., 1:] = (lab[..., 1:] - 128) * CHROMA + 128
    return np.asarray(np.clip(lab, 0, 255), dtype=np.uint8)


def _structured(picture: RGB) -> NDArray[np.uint8]:
    """Brightness, one mix of both colour differences, and how much fine structure is around."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    fine = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    fine = FINE * cv2.GaussianBlur(fine, (0, 0), FOCUS * picture.shape[1])
    mix = 128 + (lab[..., 1] - 128) + (lab[..., 2] - 128) / 2
    return np.asarray(np.clip(np.stack([lab[..., 0], mix, fine], axis=-1), 0, 255), dtype=np.uint8)
