"""Small ICC profiles, written by hand after ICC.1:2010 so that their colours are known."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""g, a, b, c, d of the parametric curve of type 3."""

_D50 = (0.96420, 1.0, 0.82491)
_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
_ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))


def display_p3() -> bytes:
    """Of telephones: wide primaries, the curve of sRGB."""
    return _matrix_profile("Display P3", _P3, _parametric(SRGB_CURVE))


def adobe_rgb() -> bytes:
    """Of cameras: a wide green, gamma 2.2."""
    return _matrix_profile("Adobe RGB (1998)", _ADOBE, _gamma(563 / 256))


def srgb() -> bytes:
    """The usual one, in bytes of its own."""
    return _matrix_profile("sRGB by hand", _SRGB, _parametric(SRGB_CURVE))


def grey(gamma: float = 1.0) -> bytes:
    """Of scanners. With gamma 1 a level of 128 is much brighter than in sRGB."""
    return _profile(
        b"mntr", b"GRAY", b"XYZ ", "grey", {b"wtpt": _xyz(_D50), b"kTRC": _gamma(gamma)}
    )


def cmyk() -> bytes:
    """Of an odd press: its cyan prints red, so that nobody can mistake it for plain CMYK."""
    inks = {(0, 0, 0, 0): (255, 128, 128), (1, 0, 0, 0): (136, 208, 195)}
    corners = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    grid = b"".join(bytes(inks.get(corner, (20, 128, 128))) for corner in corners)
    straight = bytes(range(256))
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + straight * 4 + grid + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", "odd press", {b"wtpt": _xyz(_D50), b"A2B0": table})


def _matrix_profile(name: str, primaries: Sequence[Sequence[float]], curve: bytes) -> bytes:
    tags = {b"wtpt": _xyz(_D50)}
    for colour, values in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags[colour + b"XYZ"], tags[colour + b"TRC"] = _xyz(values), curve
    return _profile(b"mntr", b"RGB ", b"XYZ ", name, tags)


def _profile(
    kind: bytes, space: bytes, pcs: bytes, name: str, tags: Mapping[bytes, bytes]
) -> bytes:
    tags = {b"desc": _text(name), b"cprt": _text("public domain"), **tags}
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for signature, data in tags.items():
        table += signature + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI", start + len(body), b"\0\0\0\0", 0x04200000) + kind + space + pcs
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", *(round(value * 65536) for value in _D50))
    return head.ljust(128, b"\0") + table + body


def _text(text: str) -> bytes:
    content = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(content), 28) + content


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _parametric(values: Sequence[float]) -> bytes:
    return b"para\0\0\0\0\0\3\0\0" + struct.pack(">5i", *(round(value * 65536) for value in values))
