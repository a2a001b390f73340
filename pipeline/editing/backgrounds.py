"""What stands behind a cutout: a colour, another picture, or its own ground out of focus."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageColor

from pipeline.editing.options import Background, Colour
from pipeline.errors import UsageError
from pipeline.images import RGB, resize_picture
from pipeline.matting import Alpha
from pipeline.photos import Photo, read_photo

STRIP = 1 << 20
"""Pixels that are worked on at a time, so that no second copy of a large picture is made."""

BLUR = 0.02
"""Standard deviation of the blur as a share of the longer side."""

BLURRED_AT = 640
"""Pixels of the longer side of the copy that is blurred: it holds no more detail afterwards."""

SPACE = 0.008
"""As a share of the longer side: so near to a cutout its ground may still show some of it."""

LEAST = 1e-4
"""Weight of the ground's mean colour, which shows where no ground is near."""


def parse_background(text: str) -> Background:
    """What a user names as background.

    Args:
        text: `none`, `blur`, a colour as CSS names it (`white`, `#rrggbb`), or else a picture file;
            a file that is called like a colour is named as `./white`.

    Raises:
        UsageError: It is none of these.
        BadPicture: The file holds no picture, or a damaged one.
    """
    word = text.strip().lower()
    if word == "none":
        return "none"
    if word == "blur":
        return "blur"
    if word.startswith("#") or word in ImageColor.colormap:
        return _parse_colour(word)
    file = Path(text)
    if file.is_file():
        return read_photo(file, str(file))
    raise UsageError(
        f"background {text!r} is neither none, blur nor a colour (white, #rrggbb), and there is no "
        "such picture file"
    )


def _parse_colour(word: str) -> Colour:
    try:
        red, green, blue, *transparency = ImageColor.getrgb(word)
    except ValueError:
        raise UsageError(f"background {word!r} is no colour; write it as #rrggbb") from None
    if transparency:
        raise UsageError(f"background {word!r}: a background is opaque; write it as #rrggbb")
    return red, green, blue


def background_for(photo: Photo, alpha: Alpha, wanted: Background) -> RGB | None:
    """What stands behind the cutout of a photo, as large as it and in its profile.

    Args:
        photo: The whole of it.
        alpha: H×W, the cutout.
        wanted: What was asked for; None is given for `none`.
    """
    if wanted == "none":
        return None
    if wanted == "blur":
        return blurred_ground(photo.rgb, _behind(photo, alpha))
    if isinstance(wanted, Photo):
        return _covering(wanted, photo)
    pixel = np.array([[wanted]], np.uint8)
    return np.broadcast_to(converted(pixel, None, photo.icc), photo.rgb.shape)


def laid_over(foreground: RGB, alpha: Alpha, ground: RGB) -> RGB:
    """A cutout over its background, both H×W×3.

    Where alpha is 255 it is the foreground to the bit, and where it is 0 the ground.
    """
    result = np.empty_like(foreground)
    rows = max(1, STRIP // max(1, alpha.shape[1]))
    for top in range(0, alpha.shape[0], rows):
        strip = slice(top, top + rows)
        share = alpha[strip][..., None].astype(np.uint16)
        mixed = foreground[strip] * share + ground[strip] * (255 - share) + np.uint16(127)
        result[strip] = mixed // 255
    return result


def blurred_ground(picture: RGB, ground: NDArray[np.uint8]) -> RGB:
    """The ground of a picture out of focus; of what stands before it nothing bleeds in.

    Args:
        picture: H×W×3.
        ground: H×W, how much each pixel belongs to it, 0 to 255.

    Returns:
        H×W×3; where nothing of the ground is near, its mean.
    """
    height, width = picture.shape[:2]
    shrink = min(1.0, BLURRED_AT / max(height, width))
    size = max(1, round(height * shrink)), max(1, round(width * shrink))
    shown = cv2.resize(ground, size[::-1], interpolation=cv2.INTER_AREA)
    space = 2 * round(SPACE * max(size)) + 1
    shown = cv2.erode(shown, np.ones((space, space), np.uint8))
    weight = shown[..., None].astype(np.float32) / np.float32(255)
    colours = resize_picture(picture, *size).astype(np.float32)
    mean = (colours * weight).sum(axis=(0, 1)) / max(float(weight.sum()), LEAST)
    sigma = max(0.5, BLUR * max(size))
    spread = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    blurred = (cv2.GaussianBlur(colours * weight, (0, 0), sigma) + LEAST * mean) / (spread + LEAST)
    small = np.rint(np.clip(blurred, 0, 255)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def covering(picture: RGB, height: int, width: int) -> RGB:
    """A picture scaled until it covers height × width, and its middle taken."""
    rows, columns = picture.shape[:2]
    scale = max(height / rows, width / columns)
    seen_rows = min(rows, max(1, round(height / scale)))
    seen_columns = min(columns, max(1, round(width / scale)))
    top, left = (rows - seen_rows) // 2, (columns - seen_columns) // 2
    return resize_picture(picture[top : top + seen_rows, left : left + seen_columns], height, width)


def converted(rgb: RGB, source: bytes | None, target: bytes | None) -> RGB:
    """Colours of one profile in another; None means sRGB.

    Args:
        rgb: H×W×3.
        source: Profile that `rgb` is in; one that `read_photo` kept can be used.
        target: Profile that it is wanted in.
    """
    if source == target:
        return rgb
    transform = _transform(source, target)
    result = np.empty_like(rgb)
    rows = max(1, STRIP // max(1, rgb.shape[1]))
    for top in range(0, rgb.shape[0], rows):
        strip = Image.fromarray(rgb[top : top + rows])
        result[top : top + rows] = np.asarray(transform.apply_in_place(strip))
    return result


@lru_cache(maxsize=16)
def _transform(source: bytes | None, target: bytes | None) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(_profile(source), _profile(target), "RGB", "RGB")


def _profile(icc: bytes | None) -> ImageCms.ImageCmsProfile:
    if icc is None:
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return ImageCms.ImageCmsProfile(io.BytesIO(icc))


def _behind(photo: Photo, alpha: Alpha) -> NDArray[np.uint8]:
    """How much of each pixel is ground that can be seen, 0 to 255."""
    behind = 255 - alpha
    return behind if photo.alpha is None else np.minimum(behind, photo.alpha)


def _covering(background: Photo, photo: Photo) -> RGB:
    rgb = background.rgb
    if background.alpha is not None:
        rgb = laid_over(rgb, background.alpha, np.broadcast_to(np.uint8(255), rgb.shape))
    return converted(covering(rgb, *photo.shape), background.icc, photo.icc)
