"""What files are by their names, and how results are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.photos import Format

FORMAT_OF: Mapping[str, Format] = {
    ".jpeg": "jpeg",
    ".jpg": "jpeg",
    ".png": "png",
    ".webp": "webp",
}
"""What can be written, by suffix."""
SUFFIX_OF: Mapping[Format, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
LOSSY = frozenset({".avif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo"})
"""Formats of cameras; their pictures become JPEG unless something else is asked for."""
PICTURES = LOSSY | {".bmp", ".gif", ".png", ".ppm", ".tif", ".tiff", ".webp"}
FILMS = frozenset({
    ".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
    ".mts", ".ogv", ".ts", ".vob", ".webm", ".wmv",
})  # fmt: skip
"""As `video.kinds` knows them; there they cost loading FFmpeg."""
KEPT = frozenset({".m4v", ".mkv", ".mov", ".mp4", ".webm"})
"""Suffixes of films that can be written; others become .mp4."""


@dataclass(frozen=True)
class Naming:
    """How results are called.

    Attributes:
        format: Asked for; None lets the name of the output decide, and then the input.
        lossless: Whether PNG is the default: results with transparency, and masks.
        film_suffix: Of edited films; None keeps their own where it can be written.
    """

    format: Format | None = None
    lossless: bool = False
    film_suffix: str | None = None

    def default(self, suffix: str) -> Format:
        """The format of a result that nobody named, by the suffix of its input."""
        if self.format is not None:
            return self.format
        if self.lossless:
            return "png"
        return "jpeg" if suffix.lower() in LOSSY else FORMAT_OF.get(suffix.lower(), "png")

    def film(self, suffix: str) -> str:
        """The suffix of an edited film that nobody named, by that of its input."""
        return self.film_suffix or (suffix if suffix.lower() in KEPT else ".mp4")


def is_film(file: Path) -> bool:
    """Whether a file is a film: by its suffix if that says it, else by its content."""
    suffix = file.suffix.lower()
    if suffix in PICTURES | FILMS or not file.exists():
        return suffix in FILMS
    from pipeline.video.kinds import is_film

    return is_film(file)


def format_of_target(target: Path, wanted: Format | None = None) -> Format:
    """The format of a named output.

    Raises:
        UsageError: Its suffix says none, or another one than was asked for.
    """
    if target.exists() and not target.is_file():
        raise UsageError(f"{target} is no ordinary file; `-` is standard output")
    suffix = target.suffix.lower()
    known = FORMAT_OF.get(suffix)
    if wanted is None and known is None:
        raise UsageError(
            f"{target}: pictures are written as .png, .webp or .jpg; name it so, or give --format"
        )
    if wanted is not None and known != wanted and suffix in (PICTURES | FILMS):
        raise UsageError(f"{target} and --format {wanted} contradict each other; leave one out")
    return wanted or known or "png"


def film_target(target: Path) -> Path:
    """A named output of a film.

    Raises:
        UsageError: Films are not written under such a name.
    """
    if target.suffix.lower() not in KEPT:
        known = ", ".join(sorted(KEPT))
        raise UsageError(f"{target}: the input is a film; name a film for it ({known})")
    return target


def with_format(place: Path, wanted: Format) -> Path:
    """The same name with the suffix of a format, its own if that says it already."""
    if FORMAT_OF.get(place.suffix.lower()) == wanted:
        return place
    return place.with_suffix(SUFFIX_OF[wanted])
