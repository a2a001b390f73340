"""An archive on disk: fetched once, gone on with where it broke off, checked against its hash."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import PipelineError
from pipeline.sections.base import WEB
from pipeline.sources.http.addresses import zones_of
from pipeline.sources.http.failures import FetchFailed
from pipeline.sources.http.session import PoliteSession
from pipeline.workspace import file_hash, write_whole

log = logging.getLogger(__name__)


class FetchedArchive(NamedTuple):
    """An archive on disk."""

    file: Path
    sha256: str


def fetch_archive(
    session: PoliteSession,
    url: str,
    sha256: str,
    file: Path,
    *,
    key: str,
    max_bytes: int,
    max_seconds: float,
) -> FetchedArchive:
    """Have an archive on disk, whole and checked; one that is there already is not fetched again.

    Args:
        session: How to ask; an earlier attempt that broke off is gone on with.
        url: Web address, or absolute path of a file that is used where it is.
        sha256: What it must have, empty if unknown.
        file: Where to put it.
        key: Its place in the parameters, for messages.
        max_bytes: Of the archive.
        max_seconds: For all attempts together.

    Raises:
        PipelineError: It could not be had, or has another hash.
    """
    if not url.startswith(WEB):
        return _checked(_local(Path(url), key), sha256, key)
    note = file.with_name(f"{file.name}.sha256")
    have = note.read_text().strip() if file.exists() and note.exists() else ""
    if have and sha256 in ("", have):
        return FetchedArchive(file, have)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or have:  # a file without a note came whole, but was not hashed any more
        log.info("%s: fetching %s", key, url)
        try:
            session.download(
                url, file, zones_of([url]), max_bytes=max_bytes, max_seconds=max_seconds
            )
        except FetchFailed as problem:
            raise PipelineError(
                f"{key}: {problem}; start again to go on, or fetch it by hand and put its "
                f"absolute path there"
            ) from None
    try:
        fetched = _checked(file, sha256, key)
    except WrongHash:
        file.unlink()
        raise
    write_whole(note, f"{fetched.sha256}\n".encode())
    return fetched


class WrongHash(PipelineError):
    """An archive is not the one that the parameters mean."""

    def __init__(self, key: str, file: Path, expected: str, found: str) -> None:
        super().__init__(
            f"{key}: {file} has the SHA-256 {found}, expected is {expected}; "
            "start again to fetch it anew, or correct sha256 if the new archive is to be trusted"
        )


def _checked(file: Path, sha256: str, key: str) -> FetchedArchive:
    found = file_hash(file)
    if not sha256:
        log.warning("%s: not checked; put `sha256: %s` there to pin it", key, found)
    elif found != sha256:
        raise WrongHash(key, file, sha256, found)
    return FetchedArchive(file, found)


def _local(file: Path, key: str) -> Path:
    if not file.is_file():
        raise PipelineError(f"{key}: {file} is not there; correct the path, or set url to ''")
    return file
