"""Which kind of picture some bytes are, by what they begin with and never by a name."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Literal

Kind = Literal["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF", "AVIF"]
"""As Pillow names it."""

HEAD = 512
"""So many bytes are enough to tell."""

READABLE = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF and HEIC"

_BEGINNINGS: Mapping[bytes, Kind] = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}

_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1"}
_AVIF_BRANDS = {b"avif", b"avis"}

_OTHERS: Mapping[bytes, str] = {
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"<svg": "a drawing (SVG)",
    b"<?xml": "an XML file",
    b"%pdf": "a PDF",
    b"%!ps": "a PostScript file",
    b"8bps": "a Photoshop file",
    b"pk\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x1a\x45\xdf\xa3": "a video (Matroska)",
    b"{": "a JSON text",
}


def kind_of(head: bytes) -> Kind | None:
    """The kind of a picture, from its first bytes; None where it is none that is read."""
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and head[6:10] == bytes(4):  # two reserved words
        return "BMP"
    return _by_brand(head) if head[4:8] == b"ftyp" else None


def described(head: bytes) -> str:
    """What a file that is no picture seems to be, in words."""
    if not head:
        return "an empty file"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for beginning, words in _OTHERS.items():
        if text.startswith(beginning):
            return words
    return "a video" if head[4:8] == b"ftyp" else "not a picture"


def webp_size(head: bytes) -> tuple[int, int]:
    """Width and height that a WebP claims: its decoder sets that much aside when it is opened.

    Raises:
        struct.error: The file ends too soon.
    """
    form = head[12:16]
    if form == b"VP8X":
        low, high, low_down, high_down = struct.unpack_from("<HBHB", head, 24)
        return 1 + low + (high << 16), 1 + low_down + (high_down << 16)
    if form == b"VP8L":
        (packed,) = struct.unpack_from("<I", head, 21)
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF


def _by_brand(head: bytes) -> Kind | None:
    """HEIC and AVIF share a container; other brands of it are videos."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None
