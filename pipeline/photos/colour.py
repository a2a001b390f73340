"""Colour profiles: which are kept, and how colours get from one to sRGB."""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image, ImageCms
from PIL.ImageCms import ImageCmsProfile, ImageCmsTransform, PyCMSError

from pipeline.images import RGB

_log = logging.getLogger(__name__)

MAX_PROFILE = 4_000_000
"""Bytes; a longer profile is ignored. Those of cameras and screens have 500 to 20,000."""

STRIP = 1 << 20
"""Pixels that are converted at a time, so that no second copy of a large picture is made."""

Space = Literal["RGB", "L", "CMYK", "LAB"]
"""What pixels are made of, as Pillow names it."""

_SIGNATURES: dict[Space, bytes] = {"RGB": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK", "LAB": b"Lab "}


def to_srgb(rgb: RGB, icc: bytes | None) -> RGB:
    """Colours in sRGB, for networks, which have seen no other.

    Args:
        rgb: H×W×3, also a reduced copy of a photo.
        icc: Their profile; None means sRGB.

    Returns:
        H×W×3; the very same array where the profile is sRGB by its colours, or unusable.
    """
    transform = _unless_srgb(icc) if icc else None
    if transform is None:
        return rgb
    converted = np.empty_like(rgb)
    rows = max(1, STRIP // max(1, rgb.shape[1]))
    for top in range(0, rgb.shape[0], rows):
        strip = Image.fromarray(rgb[top : top + rows])
        converted[top : top + rows] = np.asarray(transform.apply_in_place(strip))
    return converted


def profile_for(icc: bytes | None, space: Space) -> bytes | None:
    """The profile, if colours of that space can be read by it; grey ones can by one of RGB.

    Otherwise it is ignored, and that is logged.
    """
    if not icc:
        return None
    wanted: dict[bytes, Space] = {_SIGNATURES[space]: space} | (
        {_SIGNATURES["RGB"]: "RGB"} if space == "L" else {}
    )
    if len(icc) > MAX_PROFILE:
        _log.warning("a colour profile of %d bytes is ignored", len(icc))
    elif icc[16:20] not in wanted:
        _log.warning("a colour profile for %r is ignored: the pixels are %s", icc[16:20], space)
    elif transform_to_srgb(icc, wanted[icc[16:20]]) is None:
        _log.warning("a damaged colour profile is ignored")
    else:
        return icc
    return None


@lru_cache(maxsize=16)
def transform_to_srgb(icc: bytes | None, space: Space) -> ImageCmsTransform | None:
    """How colours of a space get to sRGB by a profile; None where it is damaged.

    Args:
        icc: None only for Lab, which describes itself.
        space: Of the pixels.
    """
    try:
        source = ImageCmsProfile(io.BytesIO(icc)) if icc else ImageCms.createProfile("LAB")
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), space, "RGB")
    except (OSError, PyCMSError, ValueError):
        return None


@lru_cache(maxsize=16)
def _unless_srgb(icc: bytes) -> ImageCmsTransform | None:
    """The transform of a profile; None if it moves no colour by more than rounding does."""
    transform = transform_to_srgb(icc, "RGB")
    if transform is None:
        return None
    levels = np.linspace(0, 255, 16).astype(np.uint8)
    samples = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(64, 64, 3)
    moved = np.asarray(transform.apply(Image.fromarray(samples))).astype(int) - samples
    return None if np.abs(moved).max() <= 1 else transform
