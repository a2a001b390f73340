"""What one picture file is: proof that it decodes, its content hash and its perceptual hash."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image

from pipeline.errors import BadPicture
from pipeline.images import open_picture
from pipeline.workspace import file_hash

SUFFIXES = {
    "BMP": ".bmp", "JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp",
}  # fmt: skip
"""Formats that are taken, by Pillow's name, and the ending that their files get."""

ENOUGH = 128
"""Pixels of the shorter side that a perceptual hash is taken from; more change 0 to 2 bits."""

_decoding = threading.BoundedSemaphore(2)
"""Few at a time: a hundred megapixels take 600 MB while they are decoded."""


class PictureFacts(NamedTuple):
    """What the bytes of a picture say about it.

    Attributes:
        sha256: Of the file, hexadecimal.
        phash: Perceptual hash (`imagehash.phash`: signs of the 8×8 lowest DCT coefficients),
            16 hexadecimal digits; like pictures differ in few bits.
        bytes: Of the file.
        width: In pixels, upright.
        height: In pixels, upright.
        suffix: By its true format, whatever its name said.
    """

    sha256: str
    phash: str
    bytes: int
    width: int
    height: int
    suffix: str

    @property
    def name(self) -> str:
        """A file name that depends on the content alone."""
        return f"{self.sha256[:20]}{self.suffix}"


def inspect_picture(file: Path) -> PictureFacts:
    """Decode a picture to its last pixel and say what it is.

    Raises:
        BadPicture: It cannot be decoded, is too large, or of a format that is not taken.
    """
    with _decoding:
        picture = open_picture(file)
        phash = perceptual_hash(picture)
    if picture.format not in SUFFIXES:
        raise BadPicture(
            file, f"is {picture.format}, which is not taken ({', '.join(SUFFIXES)} are)"
        )
    return PictureFacts(
        sha256=file_hash(file),
        phash=phash,
        bytes=file.stat().st_size,
        width=picture.width,
        height=picture.height,
        suffix=SUFFIXES[picture.format],
    )


def perceptual_hash(picture: Image.Image) -> str:
    """`imagehash.phash` of an upright picture, 16 hexadecimal digits."""
    factor = max(1, min(picture.size) // ENOUGH)
    return str(imagehash.phash(picture.reduce(factor)))


class NearDuplicates:
    """Finds the first picture seen that looks like another.

    Args:
        bits: Perceptual hashes that differ in so many of 64 bits or fewer belong to one picture.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._hashes = np.empty(1024, dtype=np.uint64)
        self._names: list[str] = []

    def find(self, phash: str) -> str | None:
        """The name of the earliest picture that is closest to this hash, if one is close."""
        count = len(self._names)
        if not count:
            return None
        differing = np.bitwise_count(self._hashes[:count] ^ np.uint64(int(phash, 16)))
        nearest = int(differing.argmin())
        return self._names[nearest] if differing[nearest] <= self._bits else None

    def add(self, phash: str, name: str) -> None:
        """Remember one."""
        if len(self._names) == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.empty_like(self._hashes)])
        self._hashes[len(self._names)] = int(phash, 16)
        self._names.append(name)
