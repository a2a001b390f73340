"""How good a cutout is, in four numbers, and which of them are not good enough."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.cutouts.record import Measures
from pipeline.images import RGB, Mask, resize_picture
from pipeline.matting import Cutout, Map
from pipeline.sections.cutouts import CutoutsSection

SHARPNESS_SIDE = 320
"""Longer side in pixels at which sharpness is measured: the resolution drops out."""


def measure(segmenter: str, cutout: Cutout, mask: Mask, probability: Map) -> Measures:
    """The numbers of one cutout, rounded as they are written.

    Args:
        segmenter: Who found it.
        cutout: What was made.
        mask: H×W of the picture, what it was made from.
        probability: H×W of the picture, what the segmenter said.
    """
    left, top, right, bottom = cutout.box
    return Measures(
        segmenter=segmenter,
        confidence=round(float(probability[mask].mean(dtype=np.float64)), 4),
        coverage=round(float(np.mean(mask)), 4),
        border=round(border_contact(mask), 4),
        sharpness=round(sharpness(cutout), 4),
        left=left,
        top=top,
        width=right - left,
        height=bottom - top,
    )


def border_contact(mask: Mask) -> float:
    """Share of the mask's outline that lies on the border of the picture, in [0, 1]."""
    inner = cv2.erode(
        np.pad(mask, 1).astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    )[1:-1, 1:-1]
    outline = mask & (inner == 0)
    length = int(np.count_nonzero(outline))
    outline[1:-1, 1:-1] = False
    return int(np.count_nonzero(outline)) / max(1, length)


def sharpness(cutout: Cutout) -> float:
    """Variance of the Laplacian of the inside's grey levels, as a share of their own variance.

    Pech-Pacheco et al.: Diatom autofocusing in brightfield microscopy, ICPR 2000; divided by the
    variance, so that contrast does not count. 0 where there is no inside or no contrast.
    """
    box = cutout.box
    height, width = box.bottom - box.top, box.right - box.left
    factor = SHARPNESS_SIDE / max(height, width, SHARPNESS_SIDE)
    size = max(1, round(height * factor)), max(1, round(width * factor))
    grey = cv2.cvtColor(_resized(cutout.rgba[..., :3], size), cv2.COLOR_RGB2GRAY)
    alpha = cv2.resize(cutout.rgba[..., 3], size[::-1], interpolation=cv2.INTER_AREA)
    solid = cv2.copyMakeBorder((alpha == 255).astype(np.uint8), 2, 2, 2, 2, cv2.BORDER_CONSTANT)
    inside = cv2.erode(solid, np.ones((5, 5), np.uint8))[2:-2, 2:-2] > 0
    contrast = float(grey[inside].var()) if inside.any() else 0.0
    return float(cv2.Laplacian(grey, cv2.CV_32F)[inside].var()) / contrast if contrast else 0.0


def _resized(picture: RGB, size: tuple[int, int]) -> RGB:
    return resize_picture(np.ascontiguousarray(picture), *size)


def shortcoming(found: Measures, limits: CutoutsSection) -> str:
    """Why a cutout is left out, naming the value and the parameter; empty if it is good."""
    checks = (
        ("confidence", found.confidence, limits.min_confidence, True),
        ("coverage", found.coverage, limits.min_coverage, True),
        ("coverage", found.coverage, limits.max_coverage, False),
        ("border", found.border, limits.max_border, False),
        ("sharpness", found.sharpness, limits.min_sharpness, True),
    )
    return "; ".join(
        f"{name} {value:g} is {'below' if least else 'above'} "
        f"cutouts.{'min' if least else 'max'}_{name} ({limit:g})"
        for name, value, limit, least in checks
        if (value < limit if least else value > limit)
    )
