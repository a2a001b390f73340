"""COCO's instances files: which of a folder is which, and how they come out of their archives."""

from __future__ import annotations

import glob
from pathlib import Path, PurePosixPath

from pipeline.errors import PipelineError
from pipeline.sections.coco import CocoSection
from pipeline.sources.archives.budget import UnpackLimits
from pipeline.sources.archives.fetch import fetch_archive
from pipeline.sources.archives.unpack import unpack
from pipeline.sources.http.session import PoliteSession
from pipeline.workspace import only_user, place_file, whole_directory

MAX_UNPACKED = 16 * 1024**3
"""Bytes of the instances files; those of 2014 have less than one gigabyte."""


def instances_files(folder: Path, section: CocoSection) -> dict[str, Path]:
    """The instances files of a folder by part; under `all` if there is one for both.

    Raises:
        PipelineError: There are none, or it is not clear which is which.
    """
    named = {part: folder / PurePosixPath(name).name for part, name in section.files.items()}
    if all(file.is_file() for file in named.values()):
        return dict(sorted(named.items()))
    found = sorted(set(folder.glob("*.json")) - {folder / PurePosixPath(section.val2017).name})
    if len(found) == 1:
        return {"all": found[0]}
    raise PipelineError(
        f"{folder}: must hold {' and '.join(file.name for file in named.values())} (coco.files), "
        f"or one file of instances for all; it holds "
        f"{', '.join(file.name for file in found) or 'no *.json'}"
    )


def val2017_file(folder: Path, section: CocoSection) -> Path | None:
    """The annotation file of val2017, None if the parameters name none.

    Raises:
        PipelineError: They name one, and it is not there.
    """
    if not section.val2017:
        return None
    file = folder / PurePosixPath(section.val2017).name
    if not file.is_file():
        raise PipelineError(
            f"{file}: no such file; put it there, or leave coco.val2017 empty (then the split does "
            "not say which pictures the weights of others may not have seen)"
        )
    return file


def fetch_annotations(
    session: PoliteSession, section: CocoSection, folder: Path, work: Path
) -> None:
    """Fetch the archives and take out the files of the parameters, each under its last name.

    Raises:
        PipelineError: An archive could not be had, or lacks one of them.
    """
    wanted = {f"files.{part}": member for part, member in section.files.items()}
    later = {"val2017": section.val2017} if section.val2017 else {}
    if not section.val2017_archive:  # then it is in the other one
        wanted, later = wanted | later, {}
    with only_user(work):
        files = _fetched(session, section, "annotations", wanted, work)
        if later:
            files += _fetched(session, section, "val2017_archive", later, work)
        with whole_directory(folder) as output:
            for file in files:
                place_file(file, output / file.name)


def _fetched(
    session: PoliteSession, section: CocoSection, key: str, wanted: dict[str, str], work: Path
) -> list[Path]:
    """Have one archive, and take members out of it, given by their places in the parameters."""
    kind = {"annotations": section.sha256, "val2017_archive": section.val2017_sha256}
    fetched = fetch_archive(
        session, getattr(section, key), kind[key], work / f"{key}.zip",
        key=f"coco.{key}", max_bytes=section.max_bytes, max_seconds=section.max_seconds,
    )  # fmt: skip
    keep = [glob.escape(member) for member in wanted.values()]
    folder = work / f"unpacked_{key}"
    unpacked = unpack(fetched.file, folder, UnpackLimits(MAX_UNPACKED), keep)
    for place, member in wanted.items():
        if PurePosixPath(member) not in unpacked.files:
            raise PipelineError(f"coco.{place}: {member} is not in {fetched.file}")
    return [folder / PurePosixPath(member) for member in wanted.values()]
