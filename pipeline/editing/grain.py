"""The fine detail of the ground beside a hole, for a smooth filling of it.

Grain is what a photo has beyond its own coarse picture. Each pixel of the hole gets that of a pixel
a fixed way off: beside the hole rather than above, for there the ground is as far from the camera,
and from where it is ground and not a thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.editing.seams import Film, Levels, reduced, reduction
from pipeline.images import RGB, Mask
from pipeline.matting import Box, crop_box

COARSE = 0.06
"""What is finer than this share of the hole's longer side counts as grain."""
AWAY = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Places that grain is taken from lie so many widths or heights of the hole away."""
DIRECTIONS = ((0.0, 1.0), (0.0, -1.0), (1.0, 0.0), (-1.0, 0.0), (0.5, 1.0), (0.5, -1.0))
"""And there: down by heights, to the right by widths."""
OUTLIERS = 2.5
"""Grain is cut off at so many times its usual size: a kerb or a pole is none."""
SAMPLES = 512
"""Rows and columns of a photo that its usual grain is measured on."""
COVERS, LEVEL, NEAR = 0.3, 0.15, 0.02
"""What counts for a shift: to cover all of the hole, to stay at its height, to be short."""

Shift = tuple[int, int]
"""How many rows below, how many columns to the right of a pixel its grain is."""


class Grain(NamedTuple):
    """Where grain comes from.

    Attributes:
        coarse: The photo without it.
        shifts: The best first.
        limit: Levels that it is cut off at.
    """

    coarse: Film
    shifts: Sequence[Shift]
    limit: float

    def add(
        self, painted: Levels, tile: tuple[slice, slice], rgb: RGB, hole: Mask, masked: Mask
    ) -> None:
        """Add it to the painted pixels of one tile of the hole.

        Args:
            painted: H×W×3 of the tile.
            tile: Which part of the photo that is.
            rgb: The photo.
            hole: Of its size, what is painted.
            masked: Of its size, where no grain can be had.
        """
        left = hole[tile].copy()
        for shift in self.shifts:
            here, there = _overlap(tile, shift, masked.shape)
            take = left[here] & ~masked[there]
            if take.any():
                fine = rgb[there] - self.coarse.part(there)
                painted[here][take] += fine[take].clip(-self.limit, self.limit)
                left[here][take] = False
            if not left.any():
                break


def find_grain(rgb: RGB, hole: Mask, masked: Mask) -> Grain:
    """See where the grain for a hole can be had.

    Args:
        rgb: H×W×3, the hole with its surroundings.
        hole: H×W.
        masked: H×W, the hole and whatever else is not to be looked at.
    """
    box = crop_box(hole, 0.0) or Box(0, 0, 1, 1)
    factor = reduction(hole.shape)
    sums, weights = reduced(rgb, ~masked, factor)
    sigma = max(1.0, COARSE * max(box.right - box.left, box.bottom - box.top)) / factor
    near = cv2.GaussianBlur(weights, (0, 0), sigma)
    coarse = cv2.GaussianBlur(sums, (0, 0), sigma) / np.maximum(near, 1e-3)[..., None]
    film = Film(coarse.astype(np.float32), factor)
    limit = OUTLIERS * _usual(rgb, film, masked)
    means = sums / np.maximum(weights, 1e-3)[..., None]
    busy = np.abs(means - coarse).max(axis=2) > limit
    open_ground = weights > 0.99
    high, wide = (box.bottom - box.top) / factor, (box.right - box.left) / factor
    wanted = cv2.resize(hole.astype(np.uint8), busy.shape[::-1], interpolation=cv2.INTER_AREA) > 0
    ranked = sorted(
        (_cost(wanted, open_ground, busy, (round(down * away * high), round(right * away * wide)))
         + LEVEL * abs(down) * away + NEAR * away, down * away, right * away)
        for away in AWAY
        for down, right in DIRECTIONS
    )  # fmt: skip
    shifts = [(round(d * high * factor), round(r * wide * factor)) for c, d, r in ranked if c < 1]
    return Grain(film, shifts, limit)


def _cost(wanted: Mask, open_ground: Mask, busy: Mask, shift: Shift) -> float:
    """How badly a shift serves a hole: 9 if not at all. All are of the reduced size."""
    everything = slice(0, wanted.shape[0]), slice(0, wanted.shape[1])
    here, there = _overlap(everything, shift, wanted.shape)
    served = wanted[here] & open_ground[there]
    count = np.count_nonzero(served)
    if not count:
        return 9.0
    return float(busy[there][served].mean() - COVERS * count / np.count_nonzero(wanted))


def _usual(rgb: RGB, coarse: Film, masked: Mask) -> float:
    """The usual size of the grain, by the median, so that edges do not count."""
    height, width = masked.shape
    window = (
        slice(0, height, max(1, height // SAMPLES)),
        slice(0, width, max(1, width // SAMPLES)),
    )
    fine = np.abs(rgb[window] - coarse.part(window))[~masked[window]]
    return 1.4826 * float(np.median(fine)) + 1.0 if fine.size else 0.0


def _overlap(
    tile: tuple[slice, slice], shift: Shift, shape: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """What of a tile has a source in the picture, from the tile's corner on; and the source."""
    here, there = [], []
    for part, by, size in zip(tile, shift, shape, strict=True):
        first, last = max(part.start + by, 0), min(part.stop + by, size)
        last = max(first, last)
        there.append(slice(first, last))
        here.append(slice(first - by - part.start, last - by - part.start))
    return (here[0], here[1]), (there[0], there[1])
