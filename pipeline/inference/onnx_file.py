"""What an ONNX file says of itself, read without any runtime.

An ONNX file is one Protocol Buffers message, ModelProto:
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

METADATA = 14
"""Field `metadata_props` of ModelProto, whose own fields 1 and 2 are key and value."""

VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5
"""Wire types."""


def read_metadata(file: Path) -> dict[str, str]:
    """The notes in an ONNX file, by key; the network itself is skipped.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no whole ONNX file.
    """
    with file.open("rb") as stream:
        notes = [dict(_fields(io.BytesIO(note), 1, 2)) for _, note in _fields(stream, METADATA)]
    return {note[1].decode(): note.get(2, b"").decode() for note in notes if 1 in note}


def _fields(stream: BinaryIO, *wanted: int) -> Iterator[tuple[int, bytes]]:
    """Number and content of the fields with a length that are wanted."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    while stream.tell() < size:
        tag = _varint(stream)
        number, kind = tag >> 3, tag & 7
        length = _length(stream, kind)
        if stream.tell() + length > size:
            raise ValueError("it ends in the middle of a field")
        if kind == LENGTH and number in wanted:
            yield number, stream.read(length)
        else:
            stream.seek(length, io.SEEK_CUR)


def _length(stream: BinaryIO, kind: int) -> int:
    """Bytes that follow; reads a number away that has no length."""
    if kind == VARINT:
        _varint(stream)
        return 0
    if kind == LENGTH:
        return _varint(stream)
    if kind in (EIGHT_BYTES, FOUR_BYTES):
        return 8 if kind == EIGHT_BYTES else 4
    raise ValueError(f"it has a field of the unknown wire type {kind}")


def _varint(stream: BinaryIO) -> int:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    value = 0
    for place in range(0, 70, 7):
        byte = stream.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << place
        if byte[0] < 0x80:
            return value
    raise ValueError("it ends in the middle of a number")
