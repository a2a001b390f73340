"""What an archive may come to, and what is said of one that is damaged or comes to more."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pipeline.errors import PipelineError

RATIO_FREE = 32 * 1024 * 1024
"""So many bytes are unpacked before the compression ratio counts: blank pictures shrink well."""


class Damaged(PipelineError):
    """An archive that cannot be read to its end."""

    def __init__(self, archive: Path, problem: object) -> None:
        said = " ".join(str(problem).split())[:200] or type(problem).__name__
        super().__init__(
            f"{archive}: is not a whole archive ({said}); delete it, and it will be fetched again"
        )


class TooMuch(PipelineError):
    """An archive that breaks a limit."""

    def __init__(self, archive: Path, what: str) -> None:
        super().__init__(
            f"{archive}: {what}; raise the limit if this is what you expect of it, "
            "else delete the file"
        )


class UnpackLimits(NamedTuple):
    """What an archive may come to; all counted while reading.

    Attributes:
        total_bytes: Of all members together, unpacked.
        file_bytes: Of one member.
        members: How many.
        ratio: Unpacked bytes for each byte of the archive.
    """

    total_bytes: int
    file_bytes: int = 4 * 1024**3
    members: int = 1_000_000
    ratio: int = 200


class Budget:
    """Counts what comes out of an archive.

    Args:
        archive: To name it, and for the ratio.
        limits: What may come.

    Raises:
        PipelineError: The archive is not there.
    """

    def __init__(self, archive: Path, limits: UnpackLimits) -> None:
        self._archive, self._limits = archive, limits
        self._members, self._bytes = 0, 0
        if not archive.is_file():
            raise PipelineError(f"{archive}: no such file")
        self._packed = max(1, archive.stat().st_size)

    def member(self) -> None:
        """One more.

        Raises:
            TooMuch: They are too many.
        """
        self._members += 1
        if self._members > self._limits.members:
            raise TooMuch(self._archive, f"holds more than {self._limits.members} members")

    def spend(self, size: int) -> None:
        """So many bytes more.

        Raises:
            TooMuch: They are too many, or too many for an archive of its size.
        """
        self._bytes += size
        if self._bytes > self._limits.total_bytes:
            raise TooMuch(self._archive, f"unpacks to more than {self._limits.total_bytes} bytes")
        if self._bytes > max(RATIO_FREE, self._limits.ratio * self._packed):
            raise TooMuch(
                self._archive, f"unpacks to more than {self._limits.ratio} times its size"
            )
