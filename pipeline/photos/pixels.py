"""A decoded picture of any mode and depth → RGB and alpha of eight bits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import BadPicture
from pipeline.images import RGB
from pipeline.photos.colour import STRIP, Space, profile_for, transform_to_srgb

_log = logging.getLogger(__name__)

_SIDEWAYS, _UPSIDE_DOWN, _BOTH = 1, 0, -1
_FLIPS = {2: _SIDEWAYS, 3: _BOTH, 4: _UPSIDE_DOWN, 6: _SIDEWAYS, 7: _BOTH, 8: _UPSIDE_DOWN}
"""After the transposition of 5 to 8."""

Plane = NDArray[np.uint8]
"""H×W."""

_BITS, _COMPRESSION, _PHOTOMETRIC, _PLANES = 258, 259, 262, 284  # tags of TIFF
_SPACES: Mapping[str, Space] = {
    "1": "L", "L": "L", "LA": "L", "La": "L", "CMYK": "CMYK", "LAB": "LAB",
}  # fmt: skip


class Pixels(NamedTuple):
    """What is left of a file's colours.

    Attributes:
        rgb: H×W×3.
        alpha: H×W; None without transparency.
        icc: The profile of `rgb`; None for sRGB.
    """

    rgb: RGB
    alpha: Plane | None
    icc: bytes | None


def turned(array: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A picture or plane upright, by the EXIF orientation that it was stored with.

    It is turned within its own memory as far as that goes.
    """
    if orientation >= 5:
        array = cv2.transpose(array).astype(np.uint8, copy=False)
    if orientation in _FLIPS:
        cv2.flip(array, _FLIPS[orientation], dst=array)
    return array


def space_of(image: Image.Image) -> Space:
    """What its pixels are made of; palettes hold RGB."""
    return "L" if image.mode.startswith("I") else _SPACES.get(image.mode, "RGB")


def pixels_of(image: Image.Image, content: bytes, file: Path) -> Pixels:
    """The colours of a decoded picture, as its file stores them.

    Colours other than RGB are converted to sRGB by their profile, which then has done its work;
    those of RGB stay as they are, and keep it.

    Args:
        image: Decoded.
        content: The file, for what Pillow cannot give: 16 bits in RGB.
        file: What errors call it.

    Raises:
        BadPicture: Levels that nobody can say what they mean.
    """
    icc = profile_for(image.info.get("icc_profile"), space_of(image))
    if image.mode == "F":
        raise BadPicture(file, "holds floating-point numbers; save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        image = _shallow_grey(image, file)
    alpha = np.empty(image.size[::-1], np.uint8) if image.has_transparency_data else None
    rgb = np.empty((*image.size[::-1], 3), np.uint8)
    to_rgb, kept = _conversion(space_of(image), icc)
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        if alpha is not None:
            strip = (strip.convert("LA") if strip.mode == "La" else strip).convert("RGBA")
            alpha[top : top + rows] = np.asarray(strip.getchannel("A"))
        rgb[top : top + rows] = np.asarray(to_rgb(strip))
    if _is_deep(image, content):
        _check_planes(image, file)
        _refine(rgb, alpha, image, content)
    return Pixels(rgb, alpha, kept)


def _conversion(
    space: Space, icc: bytes | None
) -> tuple[Callable[[Image.Image], Image.Image], bytes | None]:
    """How a strip becomes RGB, and which profile describes it then."""
    if space == "LAB" or (icc is not None and icc[16:20] != b"RGB "):
        transform = transform_to_srgb(icc, space)
        if transform is not None:
            apply = transform.apply
            return (lambda strip: apply(strip if space != "L" else strip.convert("L"))), None
    return (lambda strip: strip.convert("RGB")), icc


def _shallow_grey(image: Image.Image, file: Path) -> Image.Image:
    """16-bit grey in eight bits, with the level that it declares see-through as alpha."""
    levels = np.asarray(image)
    white = 65535
    if image.format == "TIFF":
        tags = image.tag_v2  # type: ignore[attr-defined]
        white = 4095 if tags.get(_BITS) == (12,) else white
        levels = white - levels if tags.get(_PHOTOMETRIC) == 0 else levels
    if levels.min(initial=0) < 0 or levels.max(initial=0) > white:
        raise BadPicture(file, "holds levels beyond 16 bits; save it with 8 or 16 bits")
    grey = Image.fromarray(_eight_bits(levels.astype(np.uint16), white))
    if "transparency" in image.info:
        opaque = np.asarray(image) != image.info["transparency"]
        grey.putalpha(Image.fromarray(opaque.astype(np.uint8) * 255))
    return grey


def _eight_bits(levels: NDArray[np.uint16], white: int = 65535) -> NDArray[np.uint8]:
    """Rounded; Pillow would cut the lower byte off, or clip at 255."""
    return cv2.convertScaleAbs(levels, alpha=255 / white).astype(np.uint8, copy=False)


def _is_deep(image: Image.Image, content: bytes) -> bool:
    """Whether a file has 16 bits for each of several channels."""
    if image.mode not in ("RGB", "RGBA"):
        return False
    if image.format == "PNG":
        return content[24] == 16
    tags = getattr(image, "tag_v2", {})
    return bool(max(tags.get(_BITS, (8,))) == 16)


def _check_planes(image: Image.Image, file: Path) -> None:
    """Refuse what Pillow (13.0) and OpenCV (5.0) both misread without an error."""
    tags = getattr(image, "tag_v2", {})
    if tags.get(_PLANES) == 2 and tags.get(_COMPRESSION) == 1:
        raise BadPicture(file, "holds 16 bits in separate planes; save it interleaved")


def _refine(rgb: RGB, alpha: Plane | None, image: Image.Image, content: bytes) -> None:
    """Round 16 bits where Pillow has cut them off; OpenCV has all, but may read them otherwise."""
    levels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if levels is None or levels.dtype != np.uint16 or levels.ndim != 3:
        _log.warning("16 bits per channel are cut to 8 instead of rounded")
        return
    deep = levels.astype(np.uint16, copy=False)
    colours = np.ascontiguousarray(_eight_bits(deep)[..., [2, 1, 0]])
    if colours.shape != rgb.shape or cv2.norm(colours, rgb, cv2.NORM_INF) > 1:
        _log.warning("16 bits per channel are cut to 8 instead of rounded")
        return
    rgb[:] = colours
    if alpha is None:
        return
    if isinstance(key := image.info.get("transparency"), tuple):
        alpha[:] = np.where((deep[..., 2::-1] == key).all(axis=-1), 0, 255)
    elif deep.shape[2] == 4:
        alpha[:] = _eight_bits(np.ascontiguousarray(deep[..., 3]))
