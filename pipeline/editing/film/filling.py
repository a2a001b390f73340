"""Laying the ground of a plate over what hides it in a frame."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.editing.film.motion import Homography
from pipeline.editing.film.plates import Plate
from pipeline.images import RGB, Mask

Levels = NDArray[np.float32]

RIM = np.ones((3, 3), np.uint8)
"""A pixel all round."""
LIGHT_SIDE = 160
"""Longer side at which light is compared: it changes slowly over a picture."""
LIGHT_SPREAD = 0.06
"""Standard deviation over which it is smoothed, as a share of the longer side."""
ALIKE = 26.0
"""Levels: where frame and plate differ by more, it is not for the light."""
MISSED, SURE = 14.0, 28.0
"""Levels by which what is no ground differs from it: all of it, and some of it."""
JOINED = 0.08
"""How far from the mask that may lie, as a share of the longer side."""
FEATHER = 2.5
"""Pixels inside the mask over which the frame fades into the fill."""


class Laid(NamedTuple):
    """A plate as a frame sees it.

    Attributes:
        rgb: H×W×3, levels.
        seen: H×W, where a frame showed the ground; elsewhere it was painted.
    """

    rgb: Levels
    seen: Mask


class Filled(NamedTuple):
    """A frame without its cars.

    Attributes:
        rgb: H×W×3.
        where: H×W, which of its pixels are new.
        seen: How many of them other frames showed.
        painted: How many no frame shows.
    """

    rgb: RGB
    where: Mask
    seen: int
    painted: int


def laid(plate: Plate, matrix: Homography | None, height: int, width: int) -> Laid:
    """The part of a plate that a frame sees; `matrix` from its pixels to the plate's, or None."""
    if matrix is None:
        return Laid(plate.rgb.astype(np.float32), plate.seen)
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    rgb = cv2.warpPerspective(plate.rgb, matrix, (width, height), flags=how,
                              borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    seen = cv2.warpPerspective(plate.seen.astype(np.float32), matrix, (width, height),
                               flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)  # fmt: skip
    return Laid(np.asarray(rgb, np.float32), np.asarray(seen > 0.5))


def filled(rgb: RGB, mask: Mask, grounds: list[tuple[Laid, float]]) -> Filled:
    """Fill what is masked.

    Args:
        rgb: H×W×3.
        mask: H×W.
        grounds: What to fill with, and the share of each; their sum is one.
    """
    if not mask.any():
        return Filled(rgb, mask, 0, 0)
    seen = np.logical_or.reduce([ground.seen for ground, _ in grounds])
    weights = [share * np.where(seen, ground.seen, True).astype(np.float32)
               for ground, share in grounds]  # fmt: skip
    total = np.maximum(sum(weights), np.float32(1e-6))
    ground = sum(
        (weight / total)[..., None] * (one.rgb + light(rgb, one, mask))
        for weight, (one, _) in zip(weights, grounds, strict=True)
    )
    opaque = np.minimum(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3) / FEATHER, 1)
    mixed = rgb + (np.asarray(ground, np.float32) - rgb) * opaque[..., None]
    new = np.where(mask[..., None], np.clip(np.rint(mixed), 0, 255), rgb).astype(np.uint8)
    count = int(mask.sum())
    shown = int((mask & seen).sum())
    return Filled(new, mask, shown, count - shown)


def completed(rgb: RGB, mask: Mask, ground: Laid) -> Mask:
    """The mask with what joins it and is not the ground that other frames saw there.

    A network finds now this part of a car and now that, and each part that is left flickers.

    Args:
        rgb: H×W×3.
        mask: H×W.
        ground: As this frame sees it.

    Returns:
        H×W, no less than the mask.
    """
    if not mask.any() or not (ground.seen & ~mask).any():
        return mask
    off = _beyond(rgb, ground.rgb + light(rgb, ground, mask))
    off[~ground.seen] = 0
    near = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3) <= JOINED * max(
        mask.shape
    )
    other = _open((off > MISSED) & near & ~mask)
    _, labels = cv2.connectedComponents((other | mask).astype(np.uint8))
    sure = np.zeros(int(labels.max()) + 1, bool)
    sure[np.unique(labels[other & (off > SURE)])] = True
    sure[np.setdiff1d(np.arange(len(sure)), np.unique(labels[mask]))] = False
    missed = cv2.dilate((other & sure[labels]).astype(np.uint8), RIM) > 0
    return np.asarray(mask | missed)


def _beyond(rgb: RGB, ground: Levels) -> Levels:
    """H×W, levels by which a pixel lies outside all that the ground is within a pixel of it.

    That much the alignment of a moving camera may be off.
    """
    near = np.ones((3, 3), np.uint8)
    above = rgb - cv2.dilate(ground, near)
    below = cv2.erode(ground, near) - rgb
    return np.asarray(np.maximum(above, below).max(axis=2).clip(0), np.float32)


def _open(mask: Mask) -> Mask:
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, RIM) > 0)


def light(rgb: RGB, ground: Laid, mask: Mask) -> Levels:
    """How much brighter the frame is than the plate, smooth, also where the frame is hidden.

    What differs by much is something that moves, and is left out.
    """
    height, width = mask.shape
    scale = min(1.0, LIGHT_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    off = rgb.astype(np.float32) - ground.rgb
    rim = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))) > 0
    free = ~rim & ground.seen
    whole = np.median(off[free][::7], axis=0) if free.any() else np.zeros(3, np.float32)
    alike = (np.abs(off - whole).max(axis=2) < ALIKE) & free
    known = alike.astype(np.float32)
    sums = cv2.resize(off * known[..., None], size, interpolation=cv2.INTER_AREA)
    weights = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    spread = LIGHT_SPREAD * max(size)
    sums, weights = (cv2.GaussianBlur(plane, (0, 0), spread) for plane in (sums, weights))
    # A little of the median everywhere: it alone counts where nothing is known nearby.
    field = (sums + 0.02 * whole) / (weights + np.float32(0.02))[..., None]
    return np.asarray(
        cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )
