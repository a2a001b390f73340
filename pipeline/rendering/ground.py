"""Where the ground of an unknown photo is: what looks like its lower edge, up to where that ends.

A guess, and meant as one. Photos without open ground at their lower edge (facades, thickets,
statues) are told by how uneven it is there, and are not used; water is not told from land.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from pipeline.images import RGB, Mask
from pipeline.rendering.camera import Floats

STRIP = 0.2
"""Share of the height, at the lower edge, that is taken for ground."""
UNLIKE = 2.5
"""Standard deviations in colour and texture from which on something is no ground."""
LEAST_SPREAD = 4.0
"""Of the strip, in CIELAB units: a perfectly even one would exclude everything else."""
TEXTURE = 2.0
"""Weight of fine contrast beside colour."""
ROW_SHARE = 0.6
"""A row belongs to the ground if this share of it does."""


class Ground(NamedTuple):
    """What looks like ground.

    Attributes:
        look: H×W×4 float32: smoothed CIELAB and fine contrast.
        mask: H×W, connected with the lower edge.
        top: Row at which it ends, seen from below.
        roughness: How uneven the lower edge is, in CIELAB units: empty asphalt 2 to 5, fields and
            lawns 5 to 9, cobbles and flowers 9 to 13, facades and rubble more.
    """

    look: Floats
    mask: Mask
    top: int
    roughness: float


def find_ground(picture: RGB) -> Ground:
    """Grow the ground from the lower edge of a picture."""
    look = _look(picture)
    strip = look[-max(2, round(STRIP * len(look))) :]
    # Lane lines and cracks are part of the road.
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    like = (_distance(look, strip) < UNLIKE).astype(np.uint8)
    closed = cv2.morphologyEx(like, cv2.MORPH_CLOSE, kernel)
    _, labels = cv2.connectedComponents(closed)
    mask = np.isin(labels, np.unique(labels[-1][closed[-1] > 0])) & (closed > 0)
    return Ground(look, mask, _top(mask), unevenness(strip))


def horizon_rows(ground: Ground, lowest: float, highest: float) -> tuple[float, float]:
    """Between which rows the horizon may lie, first the upper.

    Ground ends at the horizon or, where something stands on it, below: the horizon lies at its end
    or somewhat higher.

    Args:
        ground: Of the picture.
        lowest: Least share of the picture's height above the horizon.
        highest: Largest.
    """
    height = len(ground.mask)
    rows = np.clip([ground.top - 0.1 * height, ground.top], lowest * height, highest * height)
    return float(rows[0]), float(rows[1])


def unevenness(look: Floats) -> float:
    """How much a patch varies in colour, and how much fine contrast it has, in CIELAB units.

    Args:
        look: Patch of `Ground.look`, not empty.
    """
    pixels = look.reshape(-1, 4)
    return float(np.sqrt(pixels[:, :3].var(axis=0).sum() + np.square(pixels[:, 3].mean())))


def _look(picture: RGB) -> Floats:
    """Colour and fine contrast around every pixel."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    fine = np.abs(lab - cv2.blur(lab, (3, 3))).sum(axis=2)
    wide = max(1.0, len(picture) / 100)
    colour = cv2.GaussianBlur(lab, (0, 0), wide)
    contrast = TEXTURE * np.asarray(cv2.GaussianBlur(fine, (0, 0), 2 * wide))
    return np.dstack([colour, contrast]).astype(np.float32)


def _distance(look: Floats, strip: Floats) -> Floats:
    """Mahalanobis distance of every pixel from those of the strip."""
    known = strip.reshape(-1, 4).astype(np.float64)
    away = known - known.mean(axis=0)
    # Not by matrix product: its last digits would depend on how many threads it gets.
    spread = np.einsum("ij,ik->jk", away, away) / len(away) + LEAST_SPREAD**2 * np.eye(4)
    whitening = np.linalg.cholesky(np.linalg.inv(spread)).T
    away = cv2.transform(look - known.mean(axis=0).astype(np.float32), whitening)
    return np.asarray(np.sqrt(np.square(away).sum(axis=2)), np.float32)


def _top(mask: Mask) -> int:
    """The highest row below which every row is mostly ground."""
    poor = np.flatnonzero(mask.mean(axis=1) < ROW_SHARE)
    return int(poor[-1]) + 1 if poor.size else 0
