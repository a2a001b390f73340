"""`Photo` → bytes of a file."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from PIL import Image

from pipeline.errors import UsageError
from pipeline.images import RGB
from pipeline.photos.colour import STRIP
from pipeline.photos.photo import Photo

_log = logging.getLogger(__name__)

Format = Literal["png", "webp", "jpeg"]
FORMATS: tuple[Format, ...] = ("png", "webp", "jpeg")

MEDIA_TYPES: Mapping[Format, str] = {
    "png": "image/png",
    "webp": "image/webp",
    "jpeg": "image/jpeg",
}

SUFFIXES: Mapping[str, Format] = {
    ".png": "png",
    ".webp": "webp",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
}

LONGEST: Mapping[Format, int] = {"png": 2**31 - 1, "webp": 16383, "jpeg": 65500}
"""Width and height that a format can hold, in pixels."""

JPEG_EXIF = 65533
"""Bytes that a segment of a JPEG can hold."""

JPEG_QUALITY = 95

_LOSSLESS: Mapping[Format, Mapping[str, Any]] = {
    # Level 6 takes 3 to 6 times as long for files smaller by an eighth to a fifth.
    "png": {"compress_level": 1},
    # As quick as that PNG, and smaller by a quarter; method 4 takes 5 to 7 times as long to save
    # another quarter. `exact`: colours stay where nothing is opaque.
    "webp": {"lossless": True, "exact": True, "method": 0, "quality": 0},
}


def format_of(suffix: str) -> Format:
    """The format that the suffix of a file name asks for, such as `.jpg` or `PNG`.

    Raises:
        UsageError: None that is written.
    """
    wanted = SUFFIXES.get("." + suffix.lower().removeprefix("."))
    if wanted is None:
        asked = f"{suffix!r} files are not written" if suffix else "the file's name has no suffix"
        raise UsageError(f"{asked}; take {', '.join(SUFFIXES)}")
    return wanted


def encode_photo(photo: Photo, wanted: Format = "png", quality: int | None = None) -> bytes:
    """The bytes of a file with the photo's profile and EXIF.

    Args:
        photo: What to write; JPEG has no transparency, so there it is laid over white.
        wanted: PNG is lossless; WebP too, unless a quality is given.
        quality: 1 to 100, for JPEG (95 without it) and WebP.

    Raises:
        UsageError: No such quality, or the format cannot hold so large a picture.
    """
    _check(photo, wanted, quality)
    if photo.alpha is None:
        pixels = photo.rgb
    elif wanted == "jpeg":
        pixels = over_white(photo)
    else:
        pixels = np.dstack([photo.rgb, photo.alpha])
    stream = io.BytesIO()
    Image.fromarray(pixels).save(
        stream,
        format=wanted.upper(),
        icc_profile=photo.icc,
        exif=_fitting_exif(photo, wanted) or b"",
        **_options(wanted, quality),
    )
    return stream.getvalue()


def over_white(photo: Photo) -> RGB:
    """The photo on white, H×W×3: alpha-over in the values of its own profile, rounded."""
    if photo.alpha is None:
        return photo.rgb
    laid = np.empty_like(photo.rgb)
    rows = max(1, STRIP // photo.shape[1])
    for top in range(0, photo.shape[0], rows):
        opaque = photo.alpha[top : top + rows, :, None].astype(np.uint16)
        mixed = photo.rgb[top : top + rows] * opaque + 255 * (255 - opaque)
        laid[top : top + rows] = (mixed + 127) // 255
    return laid


def _check(photo: Photo, wanted: Format, quality: int | None) -> None:
    if quality is not None and not 1 <= quality <= 100:
        raise UsageError(f"quality {quality}: 1 (small) to 100 (good)")
    height, width = photo.shape
    if max(height, width) > LONGEST[wanted]:
        raise UsageError(
            f"{width}×{height}: {wanted} holds {LONGEST[wanted]} pixels at most in width and "
            "height; take png"
        )


def _fitting_exif(photo: Photo, wanted: Format) -> bytes | None:
    if wanted == "jpeg" and photo.exif and len(photo.exif) > JPEG_EXIF:
        _log.warning("EXIF of %d bytes does not fit into a JPEG; left out", len(photo.exif))
        return None
    return photo.exif


def _options(wanted: Format, quality: int | None) -> Mapping[str, Any]:
    if wanted == "jpeg":
        return {"quality": JPEG_QUALITY if quality is None else quality, "subsampling": 0}
    return _LOSSLESS[wanted] if wanted == "png" or quality is None else {"quality": quality}
