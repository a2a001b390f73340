"""The bytes of one picture → the bytes of the file that goes back. Runs in the worker's thread."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from pipeline.editing.outcome import found_cars, found_people
from pipeline.editing.studio import Studio
from pipeline.errors import BadPicture
from pipeline.photos import Photo, encode_photo, read_photo
from pipeline.serving.bot import texts
from pipeline.serving.bot.choices import Choices, Mode
from pipeline.serving.bot.limits import BotLimits


class Nothing(Exception):
    """There is no picture to send back; the text says why, to the one who sent it."""


class Made(NamedTuple):
    """A file to send.

    Attributes:
        content: Its bytes.
        name: As it is called.
        remark: What there is to say about it; may be empty.
    """

    content: bytes
    name: str
    remark: str = ""


def edit(studio: Studio, content: bytes, name: str, choices: Choices, limits: BotLimits) -> Made:
    """Read, edit and encode one picture.

    Raises:
        BadPicture: It cannot be read, or has too many pixels.
        Nothing: There is nobody or no car in it, or the result is too large.
        PipelineError: This edit cannot be done here.
    """
    _refuse_large(content, name, limits.pixels)
    photo = read_photo(content, name)
    del content
    edited = _edited(studio, photo, choices)
    del photo
    return _encoded(edited, f"{_stem(name)}_{_ENDINGS[choices.mode]}", limits.sent_bytes)


_ENDINGS: dict[Mode, str] = {"cutout": "cutout", "mask": "mask", "remove-cars": "no_cars"}


def _refuse_large(content: bytes, name: str, most: int) -> None:
    """By the header, before a pixel is decoded; what has no header `read_photo` refuses."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return
    if width * height > most:
        pixels = f"{width}×{height} is more than the {most / 1e6:.0f} megapixels that I take"
        raise BadPicture(Path(name), f"{pixels}; shrink it")


def _edited(studio: Studio, photo: Photo, choices: Choices) -> Photo:
    if choices.mode == "remove-cars":
        removed = studio.remove_cars(photo)
        if not found_cars(photo, removed):
            raise Nothing(texts.NO_CAR)
        return removed
    cut = studio.cut_out(photo, choices.cut)
    if not found_people(photo, cut, choices.cut):
        raise Nothing(texts.NOBODY)
    return cut


def _encoded(photo: Photo, stem: str, most: int) -> Made:
    """As PNG, else as WebP: both keep what is transparent."""
    content = encode_photo(photo, "png")
    if len(content) <= most:
        return Made(content, f"{stem}.png")
    content = encode_photo(photo, "webp", quality=95)
    if len(content) <= most:
        return Made(content, f"{stem}.webp", texts.LOSSY)
    raise Nothing(texts.TOO_HEAVY)


def _stem(name: str) -> str:
    """Of a file that somebody else named: letters, digits and little else, 60 of them."""
    return re.sub(r"[^\w-]+", "_", Path(name).stem)[:60].strip("_") or "picture"
