"""Filling holes of any size in a photo from what is around them.

Measured inside pasted cars with their true masks, mean PSNR: on the demo's 56 test pairs of 128×128
a soap film gives 24.3 dB, OpenCV's inpainting 22.8 (Telea, radius 3; 23.3 with 12) and 22.7
(Navier-Stokes), the demo's generator 19.0. On 14 real photos of 768 pixels: 29.9 the film, 28.1
Telea, 20.7 at best the generator. A film alone is smooth as no road is: it keeps 7 % of the fine
detail, Telea's 24 %. The grain brings back 92 %, for 1.9 dB.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.editing.grain import find_grain
from pipeline.editing.seams import soap_film, tiles, to_bytes
from pipeline.images import RGB, Mask
from pipeline.matting import Box

CONTEXT = 0.75
"""How far around a hole grain is looked for, as a share of the hole's longer side."""


class Hole(NamedTuple):
    """One connected part of a mask, in a part of the photo.

    Attributes:
        box: Where that part is.
        mask: H×W of the box, the hole.
        masked: H×W of the box, this and other holes.
    """

    box: Box
    mask: Mask
    masked: Mask


def inpaint(rgb: RGB, mask: Mask) -> RGB:
    """Fill what is masked so that it looks like what is around it; all else keeps its bytes.

    Colours are spread inwards from the outline like a soap film, and on them comes the grain of the
    ground beside: fine detail of the photo itself, taken from next to the hole. Straight lines that
    run into a hole are not continued.

    Args:
        rgb: H×W×3.
        mask: H×W; where it is everything, there is nothing to fill from, and the photo stays.
    """
    result = rgb.copy()
    if not mask.all():
        for hole in holes(mask, CONTEXT):
            _fill(rgb[hole.box.window], hole, result[hole.box.window])
    return result


def holes(mask: Mask, context: float, pixels: int = 3) -> Iterator[Hole]:
    """The connected parts of a mask, each with its surroundings.

    Args:
        mask: H×W.
        context: How much around it, as a share of its longer side.
        pixels: And how much more.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    height, width = mask.shape
    for number, (left, top, wide, high, _) in enumerate(stats.tolist()[1:], 1):
        reach = pixels + round(context * max(wide, high))
        box = Box(
            left=max(0, left - reach),
            top=max(0, top - reach),
            right=min(width, left + wide + reach),
            bottom=min(height, top + high + reach),
        )
        yield Hole(box, labels[box.window] == number, mask[box.window])


def _fill(rgb: RGB, hole: Hole, into: RGB) -> None:
    """Paint one hole into its part of the picture."""
    film = soap_film(rgb, hole.mask, hole.masked)
    grain = find_grain(rgb, hole.mask, hole.masked)
    for tile in tiles(hole.mask.shape):
        inside = hole.mask[tile]
        if inside.any():
            painted = film.part(tile)
            grain.add(painted, tile, rgb, hole.mask, hole.masked)
            into[tile][inside] = to_bytes(painted)[inside]
