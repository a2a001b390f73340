"""Pictures and masks as arrays: RGB, uint8, height × width × channels.

A file is read here and nowhere else: orientation first, then eight bits, then RGB. What cannot be
read raises BadPicture, whose text names the file and what is wrong with it.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.errors import BadPicture

RGB = NDArray[np.uint8]
"""H×W×3, uint8, RGB."""

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


def open_picture(file: Path) -> Image.Image:
    """Read any picture as `read_picture` does, as a Pillow image that still knows its format.

    Raises:
        BadPicture: Not a picture, damaged, or larger than MAX_PIXELS.
    """
    image = _decode(file)
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
    image = _decode(file)
    deep = image.mode.startswith(("I", "F"))  # converting would clip every deep grey to white
    levels, white = np.asarray(image if deep else image.convert("L")), 65535 if deep else 255
    other = np.setdiff1d(np.unique(levels), (0, white))
    if other.size:
        raise BadPicture(
            file,
            f"not a mask: holds the value {other[0]} where only 0 and {white} may stand; "
            "threshold it and save it as PNG",
        )
    return levels > 0


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


def _decode(file: Path) -> Image.Image:
    """Open, check the size before decoding, decode, and turn upright."""
    try:
        with Image.open(file) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadPicture(
                    file,
                    f"{image.width}×{image.height} is more than "
                    f"{MAX_PIXELS // 1_000_000} megapixels; shrink it",
                )
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


def _to_eight_bits(levels: NDArray[np.generic], file: Path) -> NDArray[np.uint8]:
    """Scale 16-bit grey to 8 bits; Pillow would clip it at 255."""
    if levels.dtype == np.float32 or levels.max(initial=0) > 65535 or levels.min(initial=0) < 0:
        raise BadPicture(file, f"grey levels of type {levels.dtype}; save it with 8 or 16 bits")
    return (levels.astype(np.uint32) // 257).astype(np.uint8)
