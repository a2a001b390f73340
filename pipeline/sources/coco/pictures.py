"""The pictures that the COCO split selects, one by one: three thousand instead of 123,000."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.errors import BadPicture, PipelineError
from pipeline.sources.folder import Reject
from pipeline.sources.http.addresses import Zone
from pipeline.sources.http.failures import FetchFailed, Stopped
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.pictures import inspect_picture
from pipeline.workspace import only_user, place_file

log = logging.getLogger(__name__)

PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
NOT_PLAIN = "file_name is not a plain file name"


class Wanted(Protocol):
    """What a row of the split says of a picture."""

    @property
    def file_name(self) -> str: ...

    @property
    def coco_url(self) -> str: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...


class Outcome(NamedTuple):
    """What became of one picture; `reason` is empty if it is there and good."""

    file_name: str
    reason: str


def check_pictures(rows: Sequence[Wanted], folder: Path) -> list[Reject]:
    """What is wrong with the pictures of a folder; nothing is fetched or changed."""
    with ThreadPoolExecutor() as threads:
        reasons = threads.map(lambda row: _checked(row, folder), rows)
        return [
            Reject(row.file_name, reason)
            for row, reason in zip(rows, reasons, strict=True)
            if reason
        ]


def fetch_pictures(
    rows: Sequence[Wanted],
    folder: Path,
    session: PoliteSession,
    zones: frozenset[Zone],
    work: Path,
    *,
    max_bad_share: float,
    on_progress: Callable[[], None] = lambda: None,
) -> list[Reject]:
    """Make a folder hold the pictures of these rows and nothing else.

    What is there and good is not fetched again. Downloads that broke off, and good pictures that
    are no longer asked for, lie in `work`: nothing half is ever seen in the folder.

    Args:
        rows: What to have.
        folder: Where to have it.
        session: How to ask; it is stopped when this is interrupted.
        zones: Where the addresses may lead.
        work: Where they lie.
        max_bad_share: Once more of them have failed, no further ones are asked for.
        on_progress: Called after each picture.

    Returns:
        What could not be had and why, in the order of the rows; with the first failures only, if
        they were too many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with only_user(work):
        _put_aside(folder, work, {row.file_name for row in rows})
        with ThreadPoolExecutor(max_workers=session.limits.per_host) as threads:
            jobs = [
                threads.submit(_fetch, row, folder, session, zones, work) for row in _distinct(rows)
            ]
            try:
                reasons = _gather(jobs, max_bad_share, on_progress)
            except BaseException:
                session.stop.set()  # nothing waits any longer, and what runs is cut
                raise
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
    return [
        Reject(row.file_name, reasons[row.file_name]) for row in rows if row.file_name in reasons
    ]


def _gather(
    jobs: Sequence[Future[Outcome]], max_bad_share: float, on_progress: Callable[[], None]
) -> dict[str, str]:
    """Reasons by file name; ends early once there are too many."""
    reasons: dict[str, str] = {}
    for job in as_completed(jobs):
        name, reason = job.result()
        on_progress()
        if reason:
            reasons[name] = reason
        if len(reasons) > max_bad_share * len(jobs):
            log.warning("%d of %d pictures have failed already: giving up", len(reasons), len(jobs))
            break
    return reasons


def _distinct(rows: Iterable[Wanted]) -> list[Wanted]:
    return list({row.file_name: row for row in rows}.values())


def _fetch(
    row: Wanted, folder: Path, session: PoliteSession, zones: frozenset[Zone], work: Path
) -> Outcome:
    """Have one picture in the folder, or say why not."""
    if session.stop.is_set():
        raise Stopped
    if not PLAIN_NAME.fullmatch(row.file_name):
        return Outcome(row.file_name, NOT_PLAIN)
    if not _checked(row, folder):
        return Outcome(row.file_name, "")
    (folder / row.file_name).unlink(missing_ok=True)
    if not row.coco_url:
        return Outcome(row.file_name, "the annotations give no coco_url")
    if _checked(row, work):
        limits = session.limits
        try:
            session.download(
                row.coco_url, work / row.file_name, zones,
                max_bytes=limits.max_picture_bytes, max_seconds=limits.max_seconds,
            )  # fmt: skip
        except FetchFailed as problem:
            return Outcome(row.file_name, problem.reason)
    reason = _checked(row, work)
    if not reason:
        _move(work / row.file_name, folder / row.file_name)
    return Outcome(row.file_name, reason)


def _put_aside(folder: Path, work: Path, wanted: set[str]) -> None:
    """Move pictures that nobody asks for any more out of the way; another selection may."""
    for file in folder.iterdir():
        if file.name not in wanted:
            _move(file, work / file.name)


def _move(file: Path, target: Path) -> None:
    try:
        file.replace(target)
    except OSError:  # another file system
        place_file(file, target)
        file.unlink()


def _checked(row: Wanted, folder: Path) -> str:
    """Why the picture in this folder is not the one of the row, empty if it is."""
    if not PLAIN_NAME.fullmatch(row.file_name):
        return NOT_PLAIN
    try:
        facts = inspect_picture(folder / row.file_name)
    except BadPicture as problem:
        return problem.reason
    if (facts.width, facts.height) != (row.width, row.height):
        return f"is {facts.width}×{facts.height}, the annotations say {row.width}×{row.height}"
    return ""


def refuse_if_too_many_missing(rejects: Sequence[Reject], total: int, max_bad_share: float) -> None:
    """Stop if more than the allowed share of the pictures is missing.

    Raises:
        PipelineError: Names the first and the parameter.
    """
    if len(rejects) > max_bad_share * total:
        raise PipelineError(
            f"{len(rejects)} of {total} pictures of COCO could not be had "
            f"({rejects[0].file}: {rejects[0].reason}, ...); start again to retry, or allow it "
            f"with coco.max_bad_share (now {max_bad_share:g})"
        )
