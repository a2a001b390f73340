"""COCO's three kinds of segmentation as masks, pixel for pixel those of pycocotools' `annToMask`.

Polygons are turned into run lengths by pycocotools. Run lengths, plain or packed into a string,
are laid out here after their sum was compared with the picture: pycocotools leaves pixels that
they do not reach uninitialised.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from pipeline.images import MAX_PIXELS, Mask

FARTHEST = 100_000
"""A coordinate beyond it is a mistake: filling costs memory by the length of the outline."""

Coordinate = Annotated[float, msgspec.Meta(ge=-FARTHEST, le=FARTHEST)]
Run = Annotated[int, msgspec.Meta(ge=0, le=MAX_PIXELS)]


MAX_DIGITS = 7
"""Of a packed run; 32 bits."""

Counts = NDArray[np.int64]


class BrokenSegmentation(Exception):
    """It does not say which pixels it means."""


class Drawing(NamedTuple):
    """A mask to be written: where to, of what (JSON), and the size of its picture."""

    file: Path
    segmentation: bytes
    height: int
    width: int


class _Runs(msgspec.Struct):
    """Run-length encoding by columns, the first run outside."""

    size: tuple[int, int]
    counts: list[Run] | str


_decode = msgspec.json.Decoder(list[list[Coordinate]] | _Runs | None).decode


def write_mask(drawing: Drawing) -> str:
    """Write a mask as PNG, 0 and 255; say why not if that cannot be."""
    try:
        mask = segmentation_mask(drawing.segmentation, drawing.height, drawing.width)
    except BrokenSegmentation as problem:
        return str(problem)
    if not mask.any():
        return "its segmentation has no pixel inside the picture"
    # Four times as fast as Pillow.
    drawing.file.write_bytes(cv2.imencode(".png", mask.astype(np.uint8) * 255)[1].tobytes())
    return ""


def segmentation_mask(segmentation: bytes, height: int, width: int) -> Mask:
    """H×W, true inside.

    Polygons of fewer than three points have no area, and are left out.

    Raises:
        BrokenSegmentation: It is none of COCO's kinds, or does not fit the picture.
    """
    if not 0 < height * width <= MAX_PIXELS:
        raise BrokenSegmentation(f"a picture of {width}×{height} pixels has no mask")
    try:
        parts = _decode(segmentation)
    except msgspec.DecodeError as problem:
        raise BrokenSegmentation(f"its segmentation is none of COCO's ({problem})") from None
    if parts is None:
        raise BrokenSegmentation("it has no segmentation")
    if isinstance(parts, _Runs):
        return _laid_out(_counts(parts, height, width), height, width)
    return _filled(parts, height, width)


def _filled(polygons: Sequence[Sequence[float]], height: int, width: int) -> Mask:
    polygons = [one for one in polygons if len(one) >= 6]
    if not polygons:
        raise BrokenSegmentation("its segmentation has no polygon of three points or more")
    runs = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    return _laid_out(_unpacked(runs["counts"].decode("ascii")), height, width)


def _counts(runs: _Runs, height: int, width: int) -> Counts:
    if runs.size != (height, width):
        raise BrokenSegmentation(
            f"its segmentation is of {runs.size[1]}×{runs.size[0]} pixels, its picture has "
            f"{width}×{height}"
        )
    if isinstance(runs.counts, str):
        return _unpacked(runs.counts)
    return np.array(runs.counts, np.int64)


def _laid_out(counts: Counts, height: int, width: int) -> Mask:
    if counts.min(initial=0) < 0 or counts.sum() != height * width:
        raise BrokenSegmentation("its run lengths do not add up to its picture")
    columns = np.repeat(np.arange(counts.size) % 2 == 1, counts).reshape(width, height)
    return cv2.transpose(columns.view(np.uint8)).view(np.bool_)


def _unpacked(text: str) -> Counts:
    """Run lengths out of a string.

    Each is written in digits of five bits, the lowest first, as characters from `0` on: 32 more
    means that another follows, 16 more in the last one that it is negative. From the fourth run on
    stands the difference from the run before the last.
    """
    digits = np.frombuffer(text.encode("ascii", "replace"), np.uint8).astype(np.int64) - ord("0")
    ends = np.flatnonzero(digits < 32)
    starts = np.concatenate([[0], ends[:-1] + 1])[: ends.size]
    lengths = ends - starts + 1
    whole = ends.size and ends[-1] == digits.size - 1
    if not whole or digits.min() < 0 or digits.max() > 63 or lengths.max() > MAX_DIGITS:
        raise BrokenSegmentation("its run lengths are not packed as COCO packs them")
    place = np.arange(digits.size) - np.repeat(starts, lengths)
    counts = np.add.reduceat((digits & 31) << (5 * place), starts)
    counts -= np.where(digits[ends] & 16, 1 << (5 * lengths), 0)
    counts[1::2], counts[2::2] = np.cumsum(counts[1::2]), np.cumsum(counts[2::2])
    return counts
