"""COCO: section `coco` of params.yaml, its annotation archive, and its instances files."""

from __future__ import annotations

import gc
import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from pipeline.errors import PipelineError
from pipeline.sections.coco import CocoSection
from pipeline.sources.archives.budget import UnpackLimits
from pipeline.sources.archives.fetch import fetch_archive
from pipeline.sources.archives.unpack import unpack
from pipeline.sources.http.session import PoliteSession
from pipeline.workspace import only_user, place_file, whole_directory

MAX_UNPACKED = 16 * 1024**3
"""Bytes of the instances files; those of 2014 have less than one gigabyte."""

PERSON = 1
"""Category of persons where a file does not list its categories."""


class CocoImage(msgspec.Struct, frozen=True, gc=False):
    """An entry of `images`."""

    id: int
    width: int
    height: int
    file_name: str
    coco_url: str = ""


class CocoAnnotation(msgspec.Struct, frozen=True, gc=False):
    """An entry of `annotations`; `bbox` is left, top, width, height in pixels.

    `segmentation` stays as it stands in the file (decode it with msgspec where it is needed), and
    keeps the bytes of the whole file in memory.
    """

    id: int
    image_id: int
    category_id: int
    area: float
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0
    segmentation: msgspec.Raw = msgspec.Raw(b"null")


class _Category(msgspec.Struct):
    id: int
    name: str


class _File(msgspec.Struct):
    images: list[CocoImage]
    annotations: list[CocoAnnotation]
    categories: list[_Category] = []


class Instances(NamedTuple):
    """Pictures, and the annotations of persons, both in the order of the file."""

    images: list[CocoImage]
    persons: list[CocoAnnotation]


def read_instances(file: Path) -> Instances:
    """Read a COCO instances file.

    Raises:
        PipelineError: It is not there, or not one.
    """
    try:
        with _no_garbage_collection():
            content = msgspec.json.decode(file.read_bytes(), type=_File)
    except OSError as problem:
        raise PipelineError(f"{file}: cannot be read ({problem.strerror})") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise PipelineError(
            f"{file}: is not a file of COCO instances ({problem}); it must hold `images` and "
            "`annotations`; delete it if it was downloaded, else mend it"
        ) from None
    named = [one.id for one in content.categories if one.name == "person"]
    if content.categories and not named:
        raise PipelineError(f"{file}: has no category `person`")
    person = named[0] if named else PERSON
    return Instances(
        content.images, [one for one in content.annotations if one.category_id == person]
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A million new objects, none of them garbage, would be walked over again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def instances_files(folder: Path, section: CocoSection) -> dict[str, Path]:
    """The instances files of a folder by part; under `all` if there is one for both.

    Raises:
        PipelineError: There are none, or it is not clear which is which.
    """
    named = {part: folder / PurePosixPath(name).name for part, name in section.files.items()}
    if all(file.is_file() for file in named.values()):
        return dict(sorted(named.items()))
    found = sorted(folder.glob("*.json"))
    if len(found) == 1:
        return {"all": found[0]}
    raise PipelineError(
        f"{folder}: must hold {' and '.join(file.name for file in named.values())} (coco.files), "
        f"or one file of instances for all; it holds "
        f"{', '.join(file.name for file in found) or 'no *.json'}"
    )


def fetch_annotations(
    session: PoliteSession, section: CocoSection, folder: Path, work: Path
) -> None:
    """Fetch the archive and take out the files of the parameters, each under its last name.

    Raises:
        PipelineError: The archive could not be had, or lacks one of them.
    """
    with only_user(work):
        fetched = fetch_archive(
            session, section.annotations, section.sha256, work / "annotations.zip",
            key="coco.annotations", max_bytes=section.max_bytes, max_seconds=section.max_seconds,
        )  # fmt: skip
        wanted = [glob.escape(member) for member in section.files.values()]
        unpacked = unpack(fetched.file, work / "unpacked", UnpackLimits(MAX_UNPACKED), wanted)
        with whole_directory(folder) as output:
            for part, member in section.files.items():
                path = PurePosixPath(member)
                if path not in unpacked.files:
                    raise PipelineError(f"coco.files.{part}: {member} is not in {fetched.file}")
                place_file(work / "unpacked" / path, output / path.name)
