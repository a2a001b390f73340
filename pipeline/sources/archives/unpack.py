"""Unpack an archive that somebody else has made: nothing leaves the folder, nothing swells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pipeline.sources.archives.budget import Budget, Damaged, TooMuch, UnpackLimits
from pipeline.sources.archives.members import Member, members
from pipeline.sources.archives.names import Taken, Unsafe, is_clutter, is_wanted, safe_path
from pipeline.workspace import whole_directory

ALL = ("*",)


class RefusedMember(NamedTuple):
    """A member that was wanted and could not be had; `name` as the archive says."""

    name: str
    reason: str


class Unpacked(NamedTuple):
    """What came of an archive.

    Attributes:
        files: Below the target, in the order of the archive.
        refused: Likewise, what was wanted and could not be had.
    """

    files: list[PurePosixPath]
    refused: list[RefusedMember]


def unpack(
    archive: Path, target: Path, limits: UnpackLimits, keep: Sequence[str] = ALL
) -> Unpacked:
    """Unpack zip, tar, tar.gz, tar.bz2 or tar.xz into a fresh folder, all or nothing.

    Only plain files come out, with names that every file system takes; of two that would get the
    same one, the later gets a number. Archives inside stay files. Modes, owners and dates are not
    taken over.

    Args:
        archive: The file; its content decides what it is.
        target: The folder; replaced as a whole.
        limits: What it may come to.
        keep: Shell patterns of the members that are wanted, see `is_wanted`.

    Raises:
        Damaged: It is not an archive, or not a whole one.
        TooMuch: It breaks a limit.
        PipelineError: It is not there.
    """
    result, taken = Unpacked([], []), Taken()
    with whole_directory(target) as folder:
        for member in members(archive, Budget(archive, limits)):
            try:
                path = _wanted_path(member, keep)
                if path is not None:
                    free = taken.claim(path)
                    _write(member, folder / free, archive, limits)
                    result.files.append(free)
            except Unsafe as problem:
                result.refused.append(RefusedMember(_printable(member.name), str(problem)))
    return result


def _wanted_path(member: Member, keep: Sequence[str]) -> PurePosixPath | None:
    """Where a member goes, None if nobody asked for it.

    Raises:
        Unsafe: It was asked for and must not be unpacked.
    """
    try:
        path = safe_path(member.name)
    except Unsafe:
        # Seen without what is wrong with it: would it have been asked for?
        parts = [part for part in member.name.replace("\\", "/").split("/") if part.strip(" .")]
        if is_wanted(PurePosixPath(*parts), keep):
            raise
        return None
    if is_clutter(path) or not is_wanted(path, keep):
        return None
    if member.refusal:
        raise Unsafe(member.refusal)
    return path


def _write(member: Member, file: Path, archive: Path, limits: UnpackLimits) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with file.open("xb") as stream:
        for chunk in member.chunks():
            size += len(chunk)
            if size > limits.file_bytes:
                raise TooMuch(
                    archive, f"{_printable(member.name)} is larger than {limits.file_bytes} bytes"
                )
            stream.write(chunk)
    if size != member.size:
        raise Damaged(
            archive,
            f"{_printable(member.name)} has {size} bytes, {member.size} are announced",
        )


def _printable(name: str) -> str:
    """A name for a table or a message: one line, valid UTF-8."""
    clean = name.encode(errors="replace").decode()
    return "".join(each if each.isprintable() else "?" for each in clean)[:300]
