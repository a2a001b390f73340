"""EXIF as it goes on with an edited picture: upright, without a thumbnail, else byte for byte.

It is changed in place, so that what makers note at absolute offsets stays readable. Structure:
TIFF 6.0, section 2, and EXIF 2.32, section 4.6.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterator, Set
from typing import NamedTuple

from PIL import Image
from PIL.ExifTags import IFD, Base

_log = logging.getLogger(__name__)

_LEGACY = "Raw profile type exif"
"""A text of ImageMagick's PNGs: a name, a length and hexadecimal digits, a line each."""

_PREFIX = b"Exif\0\0"
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_FORMS = {1: "B", 3: "H", 4: "I"}
_XMP = 700
_SIZES: Set[int] = {_XMP, Base.ImageWidth, Base.ImageLength}
_PIXELS: Set[int] = {Base.ExifImageWidth, Base.ExifImageHeight}
_DATA = {Base.JpegIFOffset: Base.JpegIFByteCount, Base.StripOffsets: Base.StripByteCounts}
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:=["\']|>)([1-8])')

_OF_A_TIFF = (
    Base.ImageDescription, Base.Make, Base.Model, Base.XResolution, Base.YResolution,
    Base.ResolutionUnit, Base.Software, Base.DateTime, Base.Artist, Base.HostComputer,
    Base.Copyright,
)  # fmt: skip
"""Of the tags of a TIFF file those that do not tell how its pixels are stored."""


class _Entry(NamedTuple):
    """A line of a directory, and where it stands."""

    at: int
    tag: int
    type: int
    values: int


def orientation_of(exif: bytes | None, xmp: bytes | None = None) -> int:
    """How a picture lies, 1 (upright) to 8: by its EXIF, else by its XMP."""
    for value in _orientations(exif or b""):
        return value if 1 <= value <= 8 else 1
    found = _XMP_ORIENTATION.search(xmp or b"")
    return int(found[1]) if found else 1


def upright_exif(exif: bytes | None) -> bytes | None:
    """The same EXIF, with the orientation 1, without a thumbnail and sizes in pixels.

    Returns:
        None where there is none, or where it is damaged, which is logged.
    """
    if not exif:
        return None
    body = bytearray(_body(exif))
    try:
        order = _order(body)
        (first,) = struct.unpack_from(order + "I", body, 4)
        _set_upright(body, order, first)
        _drop_thumbnail(body, order, first)
        for entry in list(_entries(body, order, first)):
            if entry.tag == IFD.Exif:
                _drop(body, order, struct.unpack_from(order + "I", body, entry.at + 8)[0], _PIXELS)
            elif entry.tag == IFD.GPSInfo:
                list(_entries(body, order, struct.unpack_from(order + "I", body, entry.at + 8)[0]))
            elif entry.tag == _XMP:
                _wipe(body, struct.unpack_from(order + "I", body, entry.at + 8)[0], entry.values)
        _drop(body, order, first, _SIZES)
    except (struct.error, ValueError) as problem:
        _log.warning("damaged EXIF is left out (%s)", problem)
        return None
    return _PREFIX + bytes(body)


def exif_of(image: Image.Image) -> bytes | None:
    """What an opened picture has as EXIF, as it stands there; see `exif_of_tiff` for that kind."""
    exif = image.info.get("exif")
    if exif is None and (digits := image.info.get(_LEGACY)):
        try:
            exif = bytes.fromhex("".join(digits.split("\n")[3:]))
        except ValueError as problem:
            _log.warning("damaged EXIF is left out (%s)", problem)
    return exif if isinstance(exif, bytes) else None


def exif_of_tiff(image: Image.Image) -> bytes | None:
    """What an opened TIFF says beside its pixels, as EXIF; None where that is nothing."""
    try:
        given, kept = image.getexif(), Image.Exif()
        for tag in _OF_A_TIFF:
            if tag in given:
                kept[tag] = given[tag]
        for folder in (IFD.Exif, IFD.GPSInfo):
            entries = {
                tag: value for tag, value in given.get_ifd(folder).items() if tag != IFD.Interop
            }
            if entries:
                kept[folder] = entries
        return kept.tobytes() if len(kept) else None
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        struct.error,
        SyntaxError,
        Warning,
    ) as problem:
        _log.warning("damaged EXIF is left out (%s)", problem)
        return None


def _body(exif: bytes) -> bytes:
    while exif.startswith(_PREFIX):
        exif = exif[len(_PREFIX) :]
    return exif


def _order(body: bytes | bytearray) -> str:
    if bytes(body[:4]) not in _ORDERS:
        raise ValueError("no TIFF header")
    return _ORDERS[bytes(body[:4])]


def _entries(body: bytes | bytearray, order: str, at: int) -> Iterator[_Entry]:
    """The lines of a directory; struct.error where it leaves the bytes."""
    (count,) = struct.unpack_from(order + "H", body, at)
    for line in range(at + 2, at + 2 + 12 * count, 12):
        yield _Entry(line, *struct.unpack_from(order + "HHI", body, line))


def _orientations(exif: bytes) -> Iterator[int]:
    """The values of all its orientation tags, as far as they can be read."""
    body = _body(exif)
    try:
        order = _order(body)
        for entry in _entries(body, order, struct.unpack_from(order + "I", body, 4)[0]):
            if entry.tag == Base.Orientation and entry.type in _FORMS:
                yield struct.unpack_from(order + _FORMS[entry.type], body, entry.at + 8)[0]
    except (struct.error, ValueError):
        return  # `upright_exif` tells


def _set_upright(body: bytearray, order: str, first: int) -> None:
    for entry in _entries(body, order, first):
        if entry.tag == Base.Orientation and entry.type in _FORMS:
            struct.pack_into(order + _FORMS[entry.type], body, entry.at + 8, 1)


def _drop_thumbnail(body: bytearray, order: str, first: int) -> None:
    """Unlink the second directory, and wipe the small picture that it points to."""
    link = first + 2 + 12 * sum(1 for _ in _entries(body, order, first))
    if link + 4 > len(body):
        return  # some writers leave the link out
    (second,) = struct.unpack_from(order + "I", body, link)
    struct.pack_into(order + "I", body, link, 0)
    if not second:
        return
    try:
        values = {
            entry.tag: struct.unpack_from(order + "I", body, entry.at + 8)[0]
            for entry in _entries(body, order, second)
        }
    except struct.error:
        return  # unlinked is enough
    for start, length in _DATA.items():
        if start in values and length in values:
            _wipe(body, values[start], values[length])


def _wipe(body: bytearray, start: int, length: int) -> None:
    end = min(start + length, len(body))
    if end == len(body) and start > 8:
        del body[start:]
    elif 8 < start < end:
        body[start:end] = bytes(end - start)


def _drop(body: bytearray, order: str, at: int, tags: Set[int]) -> None:
    """Take lines out of a directory: those below move up."""
    entries = list(_entries(body, order, at))
    kept = [bytes(body[entry.at : entry.at + 12]) for entry in entries if entry.tag not in tags]
    if len(kept) == len(entries):
        return
    end = at + 2 + 12 * len(entries)
    lines = struct.pack(order + "H", len(kept)) + b"".join(kept) + bytes(body[end : end + 4])
    body[at:end] = lines.ljust(end - at, b"\0")
