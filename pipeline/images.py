"""Pictures and masks as arrays: RGB, uint8, height × width × channels.

A file is read here and nowhere else: orientation first, then eight bits, then RGB. What cannot be
read raises BadPicture, whose text names the file and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from pipeline.errors import BadPicture

RGB = NDArray[np.uint8]
"""H×W×3, uint8, RGB."""

RGBA = NDArray[np.uint8]
"""H×W×4, uint8, RGB and alpha; colours are not multiplied by it."""

Mask = NDArray[np.bool_]
"""H×W, bool."""

MAX_PIXELS = 100_000_000
"""A larger picture is refused as a decompression bomb (100 megapixels)."""

Image.MAX_IMAGE_PIXELS = None  # Pillow only warns up to twice its limit; ours is checked instead


def read_picture(file: Path) -> RGB:
    """Read any picture as upright RGB, H×W×3 uint8; transparency is laid over white.

    Raises:
        BadPicture: Not a picture, damaged, or larger than MAX_PIXELS.
    """
    return np.array(open_picture(file))


def read_no_larger(file: Path, height: int, width: int) -> RGB:
    """Read as `read_picture` does, but let a JPEG be decoded at 1/2, 1/4 or 1/8 of its size.

    That is quicker by half, and close to the mean of the pixels. The smallest size is taken that
    is at least height × width.

    Raises:
        BadPicture: Not a picture, damaged, or larger than MAX_PIXELS.
    """
    quick = _plain_jpeg(file, height, width)
    return np.array(open_picture(file, (height, width))) if quick is None else quick


def open_picture(file: Path, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Read any picture as `read_picture` does, as a Pillow image that still knows its format.

    Args:
        file: What to read.
        at_least: See `read_no_larger`.

    Raises:
        BadPicture: Not a picture, damaged, or larger than MAX_PIXELS.
    """
    image = _decode(file, at_least)
    format_name = image.format
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_to_eight_bits(np.asarray(image), file))
    elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.mode != "RGB":
        image = image.convert("RGB")
    image.format = format_name
    return image


def read_mask(file: Path) -> Mask:
    """Read a mask that holds only black and white, at any depth, as H×W bool.

    Raises:
        BadPicture: Not a picture, or it holds other values.
    """
    quick = _plain_png(file, "1", "L")
    levels, white = _mask_levels(file) if quick is None else (quick, 255)
    mask = np.asarray(levels > 0)
    if not np.array_equal(mask, levels == white):
        other = np.setdiff1d(np.unique(levels), (0, white))
        raise BadPicture(
            file,
            f"not a mask: holds the value {other[0]} where only 0 and {white} may stand; "
            "threshold it and save it as PNG",
        )
    return mask


def _mask_levels(file: Path) -> tuple[NDArray[Any], int]:
    """Grey levels at the depth of the file, and which of them is white."""
    image = _decode(file)
    if image.mode.startswith(("I", "F")):  # converting would clip every deep grey to white
        return np.asarray(image), 65535
    return np.asarray(image.convert("L")), 255


def read_rgba(file: Path) -> RGBA:
    """Read a picture with transparency, upright, as H×W×4 uint8.

    Raises:
        BadPicture: Not a picture, or one without transparency.
    """
    quick = _plain_rgba(file)
    if quick is not None:
        return quick
    image = _decode(file)
    if not image.has_transparency_data:
        raise BadPicture(file, "has no transparency; save it as PNG with an alpha channel")
    return np.array(image if image.mode == "RGBA" else image.convert("RGBA"))


def write_png(file: Path, picture: NDArray[np.uint8]) -> None:
    """Write H×W×3 RGB or H×W grey as PNG."""
    Image.fromarray(picture).save(file, format="PNG")


def resize_picture(picture: RGB, height: int, width: int) -> RGB:
    """Resize to height × width; by area when shrinking, so that nothing aliases."""
    shrinks = height * width < picture.shape[0] * picture.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=interpolation).astype(np.uint8)


def resize_mask(mask: Mask, height: int, width: int) -> Mask:
    """Resize to height × width by nearest neighbour."""
    resized = cv2.resize(
        mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST_EXACT
    )
    return resized.astype(bool)


def resize_probability(
    probability: NDArray[np.float32], height: int, width: int
) -> NDArray[np.float32]:
    """Resize an H×W map in [0, 1] to height × width, bilinear."""
    return cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR).astype(
        np.float32
    )


def _decode(file: Path, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Open, check the size before decoding, decode, and turn upright."""
    try:
        with Image.open(file) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadPicture(
                    file,
                    f"{image.width}×{image.height} is more than "
                    f"{MAX_PIXELS // 1_000_000} megapixels; shrink it",
                )
            if at_least:
                _decode_smaller(image, *at_least)
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            return image
    except UnidentifiedImageError:
        raise BadPicture(
            file, "not a picture, whatever its name says; replace or remove it"
        ) from None
    except FileNotFoundError:
        raise BadPicture(file, "no such file") from None
    except (OSError, SyntaxError, ValueError) as problem:
        raise BadPicture(file, f"cannot be decoded ({problem}); replace or remove it") from None


def _plain_jpeg(file: Path, height: int, width: int) -> RGB | None:
    """What OpenCV makes of an upright, whole JPEG in RGB or grey; None for any other file.

    The same pixels as Pillow's, sooner. But OpenCV fills the rest of a truncated JPEG with grey
    and says nothing: so a file must end as a JPEG does, and all others are left to Pillow.
    """
    with _header(file) as image:
        if image is None or image.format != "JPEG" or image.mode not in ("RGB", "L"):
            return None
        if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
            return None
        enough = max(1, min(image.width // width, image.height // height))
    content = np.fromfile(file, np.uint8)
    if content[-2:].tobytes() != b"\xff\xd9":
        return None
    flag = next(flag for step, flag in _REDUCED.items() if step <= enough)
    decoded = cv2.imdecode(content, flag | cv2.IMREAD_IGNORE_ORIENTATION)
    if decoded is None:
        return None
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


_REDUCED = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    1: cv2.IMREAD_COLOR,
}


def _plain_rgba(file: Path) -> RGBA | None:
    """What OpenCV makes of an upright PNG in RGBA of eight bits; None for any other file."""
    decoded = _plain_png(file, "RGBA")
    if decoded is None:
        return None
    return cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA).astype(np.uint8, copy=False)


def _plain_png(file: Path, *modes: str) -> NDArray[np.uint8] | None:
    """What OpenCV makes of an upright PNG of one of Pillow's modes in eight bits, else None.

    One channel for grey. The same levels as Pillow's, sooner.
    """
    with _header(file) as image:
        if image is None or image.format != "PNG" or image.mode not in modes:
            return None
        channels = len(image.getbands())
    content = file.read_bytes()
    if any(mark in content for mark in _PNG_NOTES):  # may say how it lies
        return None
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint8:
        return None
    if decoded.shape[2:] != ((channels,) if channels > 1 else ()):
        return None
    return decoded.astype(np.uint8, copy=False)


_PNG_NOTES = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")


@contextmanager
def _header(file: Path) -> Iterator[Image.Image | None]:
    """A picture that is not yet decoded; None where `_decode` will say what is wrong with it."""
    try:
        image = Image.open(file)
    except (OSError, SyntaxError, ValueError):
        yield None
        return
    with image:
        yield image if image.width * image.height <= MAX_PIXELS else None


def _decode_smaller(image: Image.Image, height: int, width: int) -> None:
    """Tell the decoder which size is enough; those that can't decode smaller ones ignore it."""
    lies = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
    image.draft(None, (height, width) if lies else (width, height))


def _to_eight_bits(levels: NDArray[np.generic], file: Path) -> NDArray[np.uint8]:
    """Scale 16-bit grey to 8 bits; Pillow would clip it at 255."""
    if levels.dtype == np.float32 or levels.max(initial=0) > 65535 or levels.min(initial=0) < 0:
        raise BadPicture(file, f"grey levels of type {levels.dtype}; save it with 8 or 16 bits")
    return (levels.astype(np.uint32) // 257).astype(np.uint8)
