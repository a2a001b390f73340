"""JPEG by OpenCV: the pixels that Pillow gives, in less than half of its memory and sooner."""

from __future__ import annotations

import os
import re

import cv2
import numpy as np
from cv2.typing import MatLike as Decoded

from pipeline.images import RGB

_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SCAN, _END = 0xDA, 0xD9
_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION

MAX_SCANS = 100
"""Of a progressive JPEG; cameras and libjpeg write ten. Each costs as much as a whole picture."""


def decode_jpeg(content: bytes) -> RGB | None:
    """H×W×3 as stored, of a JPEG in grey or RGB; None where OpenCV cannot.

    Args:
        content: Of a file that `is_whole`: what is missing of another one OpenCV fills with grey,
            and says nothing.
    """
    try:
        picture = _read_in_place(content)
        if picture is None:
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), _FLAGS)
    except cv2.error:
        return None
    return None if picture is None else picture.astype(np.uint8, copy=False)


def _read_in_place(content: bytes) -> Decoded | None:
    """By `imread`, which decodes into NumPy's memory where `imdecode` copies the picture there.

    It wants a file, so the bytes get a nameless one in memory; None where there are no such files.
    """
    if not hasattr(os, "memfd_create"):
        return None
    with os.fdopen(os.memfd_create("photo"), "wb") as stream:
        stream.write(content)
        stream.flush()
        return cv2.imread(f"/proc/self/fd/{stream.fileno()}", None, _FLAGS)


def is_whole(content: bytes) -> bool:
    """Whether the markers of the first picture in a file lead to its end.

    Raises:
        ValueError: It has more scans than any honest one.
    """
    at, scans = 2, 0
    while (marker := _NEXT_MARKER.search(content, at)) is not None:
        code, at = content[marker.start() + 1], marker.end()
        if code == _END:
            return scans > 0
        scans += code == _SCAN
        if scans > MAX_SCANS:
            raise ValueError(f"more than {MAX_SCANS} scans")
        at += int.from_bytes(content[at : at + 2], "big")
    return False
