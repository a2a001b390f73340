"""Zip and tar archives as what their members have in common; the content says which it is.

Sizes in headers are claims: everything read passes a `Budget`, which counts bytes.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import IO, NamedTuple, cast

from pipeline.sources.archives.budget import Budget, Damaged

CHUNK = 256 * 1024
HEADER_BYTES = 4 * 1024 * 1024
"""Of a tar header with its extensions, which tarfile takes into memory."""

SIGNS: dict[bytes, Callable[[Path], BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
ZIP_SIGNS = (b"PK\x03\x04", b"PK\x05\x06")
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""zipfile unpacks the others without a bound on memory."""

DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError,
    NotImplementedError, OSError, OverflowError, RecursionError, ValueError,
)  # fmt: skip


class Member(NamedTuple):
    """One entry of an archive.

    Attributes:
        name: As the archive says.
        size: As the archive says.
        refusal: Why it cannot be unpacked, empty if it can.
        chunks: Its bytes, once, before the next member is asked for.
    """

    name: str
    size: int
    refusal: str
    chunks: Callable[[], Iterator[bytes]]


def members(archive: Path, budget: Budget) -> Iterator[Member]:
    """The members that are not folders, in the order of the archive.

    Raises:
        Damaged: It is not an archive, or cannot be read on.
        TooMuch: It breaks a limit.
    """
    with _reading(archive), archive.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(ZIP_SIGNS):
        yield from _zip_members(archive, budget)
    else:
        unpacked = next((SIGNS[sign] for sign in SIGNS if start.startswith(sign)), _plain)
        yield from _tar_members(archive, unpacked, budget)


def _plain(file: Path) -> BufferedIOBase:
    return file.open("rb")


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    """What goes wrong inside is the archive's fault; nothing is written there."""
    try:
        yield
    except DAMAGE as problem:
        raise Damaged(archive, problem) from None


def _zip_members(archive: Path, budget: Budget) -> Iterator[Member]:
    with _reading(archive):
        opened = zipfile.ZipFile(archive)
    with opened as packed:
        for info in packed.infolist():
            budget.member()
            if not info.is_dir():
                yield Member(
                    info.filename, info.file_size, _zip_refusal(info),
                    lambda info=info: _zip_chunks(archive, packed, info, budget),  # type: ignore[misc]
                )  # fmt: skip


def _zip_refusal(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a symbolic link"
    if kind not in (0, stat.S_IFREG):
        return "is neither a file nor a folder"
    if info.flag_bits & 1:
        return "is encrypted; unpack it by hand, and name an archive without a password"
    if info.compress_type not in ZIP_METHODS:
        return f"is compressed by method {info.compress_type}; pack it anew with deflate"
    return ""


def _zip_chunks(
    archive: Path, packed: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget
) -> Iterator[bytes]:
    with _reading(archive):
        stream = packed.open(info)
    with stream:
        yield from _chunks(archive, stream.read, budget.spend)


def _tar_members(
    archive: Path, unpacked: Callable[[Path], BufferedIOBase], budget: Budget
) -> Iterator[Member]:
    with unpacked(archive) as stream:
        source = _Forward(stream, budget)
        with _reading(archive):
            packed = tarfile.open(fileobj=cast(IO[bytes], source), mode="r:")  # noqa: SIM115
        while True:
            with _reading(archive), source.header():
                info = packed.next()
            if info is None:
                break
            budget.member()
            if not info.isdir():
                yield Member(
                    info.name, info.size, _tar_refusal(info),
                    lambda info=info: _tar_chunks(archive, packed, info),  # type: ignore[misc]
                )  # fmt: skip
        with _reading(archive):
            source.expect_end()


def _tar_refusal(info: tarfile.TarInfo) -> str:
    if info.issym():
        return "is a symbolic link"
    if info.islnk():
        return "is a hard link"
    if info.issparse():
        return "is a sparse file"
    return "" if info.isfile() else "is neither a file nor a folder"


def _tar_chunks(archive: Path, packed: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    stream = packed.extractfile(info)
    if stream is not None:
        yield from _chunks(archive, stream.read, lambda _: None)  # the source has counted them


def _chunks(
    archive: Path, read: Callable[[int], bytes], spend: Callable[[int], None]
) -> Iterator[bytes]:
    while True:
        with _reading(archive):
            chunk = read(CHUNK)
        if not chunk:
            return
        spend(len(chunk))
        yield chunk


class _Forward:
    """The unpacked stream of a tar archive: counted, read once from start to end.

    tarfile takes a damaged header for the end, so the last block is remembered: a tar archive
    ends with a block of zeros.
    """

    def __init__(self, stream: BufferedIOBase, budget: Budget) -> None:
        self._stream, self._budget = stream, budget
        self._position, self._header_left, self._last = 0, HEADER_BYTES, b""

    @contextmanager
    def header(self) -> Iterator[None]:
        """Tarfile reads a header inside; it takes all of it into memory."""
        self._header_left = HEADER_BYTES
        yield
        self._header_left = -1

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes."""
        if self._header_left >= 0:
            if not 0 <= size <= self._header_left:
                raise ValueError("a header is too long")
            self._header_left -= size
        data = self._stream.read(size)
        self._budget.spend(len(data))
        self._position += len(data)
        self._last = data
        return data

    def seek(self, position: int) -> int:
        """Go on to a later place."""
        if position < self._position:
            raise ValueError("a header leads backwards")
        kept, self._header_left = self._header_left, -1
        while self._position < position and self.read(min(CHUNK, position - self._position)):
            pass
        self._header_left = kept
        return self._position

    def tell(self) -> int:
        """Where it is."""
        return self._position

    def seekable(self) -> bool:
        """As far as tarfile is concerned."""
        return True

    def expect_end(self) -> None:
        """See that the archive is whole; reading on also checks the sum of the compression.

        Raises:
            ValueError: It is not.
        """
        if not self._last or self._last.strip(b"\0"):
            raise ValueError("it breaks off")
        while self.read(CHUNK):
            pass
