"""Names of archive members as paths that are safe on every file system."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

MAX_COMPONENT, MAX_DEPTH = 200, 32
"""Bytes of a file or folder name (file systems take 255), and folders in folders."""

DRIVE = re.compile(r"[A-Za-z]:")
FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f\ud800-\udfff]')
"""What NTFS or exFAT refuse, control characters, and bytes that are no UTF-8."""

RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9])(\..*)?", re.IGNORECASE)


class Unsafe(Exception):
    """A name that must not become a path; the text says why."""


def safe_path(name: str) -> PurePosixPath:
    """The relative path that a member gets: NFC, `/` as separator, no character that some refuse.

    Raises:
        Unsafe: It is absolute, leads out of the folder, is empty or too deep.
    """
    plain = unicodedata.normalize("NFC", name).replace("\\", "/")
    if plain.startswith("/") or DRIVE.match(plain):
        raise Unsafe("its name is an absolute path")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    # Trailing dots and spaces fall off on Windows, and `.. ` must not become `..` there.
    if any(part.rstrip(" ") == ".." for part in parts):
        raise Unsafe("its name leads out of the folder")
    if not parts:
        raise Unsafe("it has no name")
    if len(parts) > MAX_DEPTH:
        raise Unsafe(f"it lies deeper than {MAX_DEPTH} folders")
    return PurePosixPath(*map(_component, parts))


def is_clutter(path: PurePosixPath) -> bool:
    """Whether it is what macOS and Windows put beside the files that are meant."""
    named = path.name in (".DS_Store", "Thumbs.db", "desktop.ini") or path.name.startswith("._")
    return named or "__MACOSX" in path.parts


def is_wanted(path: PurePosixPath, patterns: Sequence[str]) -> bool:
    """Whether one of the shell patterns fits; case does not matter, and `*` also spans `/`.

    A pattern that begins with `*/` also fits at the top: `*/images/*.jpg` fits `images/1.jpg`.
    """
    name = path.as_posix().lower()
    return any(
        fnmatchcase(name, pattern) or fnmatchcase(f"/{name}", pattern)
        for pattern in map(str.lower, patterns)
    )


class Taken:
    """The paths given away so far; differing in case or in composition alone counts as equal."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def claim(self, path: PurePosixPath) -> PurePosixPath:
        """The path, or the next free one beside it: `a.png`, `a-2.png`, `a-3.png`, ...

        Raises:
            Unsafe: A folder in it is a file of the archive.
        """
        folders = {_key(folder) for folder in path.parents}
        if folders & self._files:
            raise Unsafe("its folder is a file of the same archive")
        free, number = path, 1
        while _key(free) in self._files | self._folders:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        self._files.add(_key(free))
        self._folders |= folders
        return free


def _key(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFD", path.as_posix().casefold())


def _component(part: str) -> str:
    """One file or folder name, as near to the original as all file systems allow."""
    name = FORBIDDEN.sub("_", part)
    kept = name.rstrip(". ")
    name = kept + "_" * (len(name) - len(kept))
    name = f"_{name}" if RESERVED.fullmatch(name) else name
    if len(name.encode()) <= MAX_COMPONENT:
        return name
    suffix = PurePosixPath(name).suffix
    suffix = suffix if len(suffix.encode()) <= 16 else ""
    mark = hashlib.sha256(part.encode(errors="surrogatepass")).hexdigest()[:12]
    stem = name.encode()[: MAX_COMPONENT - 32].decode(errors="ignore").rstrip(". ")
    return f"{stem}-{mark}{suffix}"
