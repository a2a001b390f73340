"""Joining painted pixels to those of a photo so that no outline shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask
from pipeline.matting import crop_box

Levels = NDArray[np.float32]
"""H×W×3, float32, in levels of 0 to 255."""

Map = NDArray[np.float32]
"""H×W, float32."""

FILM_SIDE = 256
"""Longer side at which colours are spread over a hole: between its rims they change slowly."""
TILE = 1024
"""Large pictures are painted in tiles of this side, so that memory does not grow with them."""
ROUNDS = 12
"""Of relaxation at each size."""


class Film(NamedTuple):
    """Colours that change slowly, kept small.

    Attributes:
        levels: h×w×3.
        factor: Pixels of the picture to a side of one of them.
    """

    levels: Levels
    factor: int

    def part(self, window: tuple[slice, slice]) -> Levels:
        """That part of it at the picture's size, bilinear; a slice may have a step."""
        rows, columns = (
            (np.arange(part.start, part.stop, part.step or 1, dtype=np.float32) + 0.5) / self.factor
            - 0.5
            for part in window
        )
        across, down = np.meshgrid(columns, rows)
        return cv2.remap(
            self.levels, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32, copy=False)


def blend(original: RGB, painted: RGB, mask: Mask) -> RGB:
    """Lay painted pixels into a photo so that they meet it without a step.

    Where the paint and the photo differ along the outline, that difference is spread smoothly over
    the masked part and taken off: Poisson blending as a membrane (Pérez et al., SIGGRAPH 2003;
    Farbman et al., SIGGRAPH 2009). Feathering would need photo pixels of the car's own rim.

    Args:
        original: H×W×3.
        painted: H×W×3, whose pixels around the mask show the same scene as the photo's.
        mask: H×W, what is painted.

    Returns:
        H×W×3: outside the mask the bytes of `original`; where all is masked, those of `painted`.

    Raises:
        ValueError: The sizes differ.
    """
    if not original.shape == painted.shape == (*mask.shape, 3):
        raise ValueError(
            f"the photo is {original.shape}, what is painted {painted.shape}, the mask {mask.shape}"
        )
    result = original.copy()
    box = crop_box(mask, 0.0, 2)
    if box is None:
        return result
    hole, after, into = mask[box.window], painted[box.window], result[box.window]
    film = soap_film(original[box.window], hole, hole, after)
    for tile in tiles(hole.shape):
        mended = to_bytes(after[tile] + film.part(tile))
        into[tile] = np.where(hole[tile][..., None], mended, into[tile])
    return result


def soap_film(rgb: RGB, hole: Mask, masked: Mask, painted: RGB | None = None) -> Film:
    """Spread what lies along the outline of a hole over it, as smoothly as a soap film.

    Args:
        rgb: H×W×3.
        hole: H×W.
        masked: H×W, the hole and whatever else is not to be looked at.
        painted: H×W×3; if given, it is what `rgb` has more than this that is spread.
    """
    factor = reduction(hole.shape)
    side = 2 * max(2, factor) + 1
    rim = cv2.dilate(hole.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool) & ~masked
    sums, weights = reduced(rgb, rim, factor, painted)
    return Film(_pulled(sums, weights), factor)


def reduction(shape: tuple[int, int]) -> int:
    """How many pixels of a picture go to a side of one of its film."""
    return max(1, -(-max(shape) // FILM_SIDE))


def reduced(rgb: RGB, counted: Mask, factor: int, less: RGB | None = None) -> tuple[Levels, Map]:
    """Means over blocks, of counted pixels times whether they count, and of whether they count.

    In strips, for a large picture in floats would not fit into memory.

    Returns:
        h×w×3 and h×w, as large as the picture divided by the factor, rounded up.
    """
    height, width = counted.shape
    columns = -(-width // factor)
    sums, weights = [], []
    for top in range(0, height, 16 * factor):
        strip = slice(top, top + 16 * factor)
        share = counted[strip].astype(np.float32)
        values = rgb[strip].astype(np.float32)
        if less is not None:
            values -= less[strip]
        size = columns, -(-len(share) // factor)
        sums.append(_block_means(values * share[..., None], size, factor))
        weights.append(_block_means(share, size, factor))
    return np.concatenate(sums), np.concatenate(weights)


def tiles(shape: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    """Windows that cover a picture once."""
    height, width = shape
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            yield (
                slice(top, min(height, top + TILE)),
                slice(left, min(width, left + TILE)),
            )


def to_bytes(levels: Levels) -> RGB:
    """Rounded, and cut off at 0 and 255."""
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def _block_means(
    values: NDArray[np.float32], size: tuple[int, int], factor: int
) -> NDArray[np.float32]:
    """Blocks that reach beyond the picture count what is not there as zero."""
    wide, high = size
    below, beside = high * factor - values.shape[0], wide * factor - values.shape[1]
    padded = cv2.copyMakeBorder(values, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=0)
    return cv2.resize(padded, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _pulled(sums: Levels, weights: Map) -> Levels:
    """Values where there is weight, and between them a smooth surface.

    Pull-push (Gortler et al.: The Lumigraph, SIGGRAPH 1996) with some relaxation at each size.
    """
    known = weights > 1e-4
    own = sums / np.maximum(weights, 1e-4)[..., None]
    if known.all() or max(weights.shape) == 1:
        return own.astype(np.float32)
    height, width = weights.shape
    half = -(-width // 2), -(-height // 2)
    coarse = _pulled(_block_means(sums, half, 2), _block_means(weights, half, 2))
    film = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    film = np.where(known[..., None], own, film).astype(np.float32)
    for _ in range(ROUNDS):
        beside = cv2.filter2D(film, -1, _BESIDE, borderType=cv2.BORDER_REPLICATE)
        film = np.where(known[..., None], own, beside).astype(np.float32)
    return np.asarray(film, np.float32)


_BESIDE = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
