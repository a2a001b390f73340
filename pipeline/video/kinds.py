"""What is a film: by content where there is a file, by its suffix where there is none yet."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.video.reader import BadVideo, VideoReader

SUFFIXES = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""What films are written as, and FFmpeg's name of it."""

READ_ONLY = {
    ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".flv", ".wmv", ".asf", ".ogv", ".3gp", ".vob",
}  # fmt: skip
"""Read, but not written: they keep no free time stamps, or nobody plays them."""

_ANIMATED = b"GIF8"


def is_film(path: Path) -> bool:
    """Whether a path is that of a film.

    A file that is there is opened; a GIF counts as a picture. What is not there yet goes by its
    suffix.
    """
    if not path.exists():
        return path.suffix.lower() in SUFFIXES.keys() | READ_ONLY
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        if stream.read(4) == _ANIMATED:
            return False
    try:
        VideoReader(path).close()
    except BadVideo:
        return False
    return True


def container_for(target: Path) -> str:
    """FFmpeg's name of the container that a suffix asks for.

    Raises:
        UsageError: No film is written under this suffix.
    """
    kind = SUFFIXES.get(target.suffix.lower())
    if kind is None:
        known = ", ".join(SUFFIXES)
        raise UsageError(f"{target}: films are written as {known}; name one of them")
    return kind
