"""Archives of pictures: fetched, unpacked, and listed as a collection."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path, PurePosixPath

from joblib import Parallel, delayed

from pipeline.errors import BadPicture, PipelineError
from pipeline.sections.archives import Archive, ArchivesSection
from pipeline.sections.base import WEB
from pipeline.sources.archives.budget import UnpackLimits
from pipeline.sources.archives.fetch import FetchedArchive, fetch_archive
from pipeline.sources.archives.unpack import RefusedMember, Unpacked, unpack
from pipeline.sources.http.addresses import without_loopback_port
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import (
    Found,
    Origin,
    Refusal,
    Summary,
    refuse_if_too_many_failed,
    write_collection,
)
from pipeline.sources.pictures import inspect_picture
from pipeline.workspace import only_user, write_whole

log = logging.getLogger(__name__)


def collect_archives(
    session: PoliteSession, section: ArchivesSection, folder: Path, work: Path
) -> Summary:
    """Fetch and unpack the archives of the parameters, and write their pictures as a collection.

    Args:
        session: How to ask.
        section: What to fetch.
        folder: The collection, replaced as a whole.
        work: Where archives and unpacked pictures stay for the next time.

    Raises:
        PipelineError: An archive could not be had, or too many pictures are bad.
    """
    entries: list[Found | Refusal] = []
    with only_user(work):
        for name, archive in section.entries.items():
            if archive.url:
                entries += _pictures(session, section, name, work)
            else:
                log.info("archives.entries.%s: skipped, it has no url; %s", name, archive.note)
        summary = write_collection(
            folder,
            entries,
            min_side=section.min_side,
            near_duplicate_bits=section.near_duplicate_bits,
        )
    refuse_if_too_many_failed(summary, folder, section.max_bad_share, "archives.max_bad_share")
    return summary


def _pictures(
    session: PoliteSession, section: ArchivesSection, name: str, work: Path
) -> list[Found | Refusal]:
    """Everything wanted in one archive, in its order."""
    archive, key = section.entries[name], f"archives.entries.{name}"
    mark = hashlib.sha256(archive.url.encode()).hexdigest()[:12]
    fetched = fetch_archive(
        session, archive.url, archive.sha256, work / "fetched" / f"{name}-{mark}",
        key=key, max_bytes=section.max_bytes, max_seconds=section.max_seconds,
    )  # fmt: skip
    folder, unpacked = _unpack_once(fetched, archive.pictures, section.max_unpacked_bytes, work)
    if not unpacked.files and not unpacked.refused:
        raise PipelineError(
            f"{key}: nothing in {fetched.file} fits pictures ({', '.join(archive.pictures)}); "
            "correct the patterns"
        )
    page = without_loopback_port(archive.url) if archive.url.startswith(WEB) else fetched.file.name
    found = Parallel(n_jobs=-1, prefer="threads")(
        delayed(_inspected)(folder / path, _origin(path.as_posix(), page, name, archive))
        for path in unpacked.files
    )
    refused = [
        Refusal(_origin(one.name, page, name, archive), one.reason) for one in unpacked.refused
    ]
    log.info("%s: %d pictures, %d members refused", key, len(found), len(refused))
    return [*found, *refused]


def _unpack_once(
    fetched: FetchedArchive, patterns: list[str], max_bytes: int, work: Path
) -> tuple[Path, Unpacked]:
    """Unpack, unless an earlier run has done it; the list beside the folder says it is whole."""
    wanted = hashlib.sha256("\n".join(patterns).encode()).hexdigest()[:12]
    folder = work / "unpacked" / f"{fetched.sha256[:20]}-{wanted}"
    index = folder.with_name(f"{folder.name}.json")
    if folder.is_dir() and index.exists():
        values = json.loads(index.read_text(encoding="utf-8"))
        refused = [RefusedMember(*one) for one in values["refused"]]
        return folder, Unpacked([PurePosixPath(one) for one in values["files"]], refused)
    limits = UnpackLimits(total_bytes=max_bytes)
    unpacked = unpack(fetched.file, folder, limits, patterns)
    values = {"files": [path.as_posix() for path in unpacked.files], "refused": unpacked.refused}
    write_whole(index, json.dumps(values, indent=0).encode())
    return folder, unpacked


def _origin(member: str, page: str, name: str, archive: Archive) -> Origin:
    first, inside, _ = member.partition("/")
    return Origin(member, page, name, first if inside else "", archive.licence)


def _inspected(file: Path, origin: Origin) -> Found | Refusal:
    try:
        return Found(origin, file, inspect_picture(file))
    except BadPicture as problem:
        return Refusal(origin, problem.reason)
