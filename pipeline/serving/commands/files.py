"""Which files an edit reads and where its results go, decided and checked before anything runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.serving.commands.naming import (
    FILMS,
    PICTURES,
    Naming,
    film_target,
    format_of_target,
    is_film,
    with_format,
)

if TYPE_CHECKING:
    from pipeline.photos import Format

STREAM = "-"
"""Standard input, or output."""


@dataclass(frozen=True)
class Job:
    """One input and its output.

    Attributes:
        source: None is standard input.
        target: None is standard output.
        format: Of the output; None is decided when the input has been read.
        film: Whether it is a film.
    """

    source: Path | None
    target: Path | None
    format: Format | None
    film: bool = False

    @property
    def name(self) -> str:
        """What messages call the input."""
        return "standard input" if self.source is None else str(self.source)

    @property
    def is_up_to_date(self) -> bool:
        """Whether the output is there and not older than the input."""
        if self.source is None or self.target is None or not self.target.exists():
            return False
        return self.target.stat().st_mtime_ns >= self.source.stat().st_mtime_ns


@dataclass(frozen=True)
class Folders:
    """A folder of inputs and the folder of its results, which mirrors it."""

    source: Path
    target: Path
    naming: Naming

    def job(self, file: Path) -> Job | None:
        """What is to be done with a file; None if it is neither a picture nor a film."""
        suffix = file.suffix.lower()
        place = self.target / file.relative_to(self.source)
        if suffix in FILMS:
            return Job(file, place.with_suffix(self.naming.film(file.suffix)), None, film=True)
        if suffix not in PICTURES:
            return None
        wanted = self.naming.default(suffix)
        return Job(file, with_format(place, wanted), wanted)

    def files(self) -> Iterator[Path]:
        """All files below the source, sorted; what is hidden is left out."""
        for where, folders, names in os.walk(self.source, onerror=_refuse):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                file = Path(where, name)
                if not name.startswith(".") and file.is_file():
                    yield file


@dataclass(frozen=True)
class Plan:
    """What a call does.

    Attributes:
        jobs: Inputs and outputs.
        others: How many files of the folder are neither pictures nor films.
        folders: The folders, if the call names some.
    """

    jobs: list[Job]
    others: int = 0
    folders: Folders | None = None

    @property
    def has_films(self) -> bool:
        """Whether a film is among the inputs."""
        return any(job.film for job in self.jobs)


def plan(source: str, target: str, naming: Naming, empty: bool = False) -> Plan:
    """Decide what a call reads and writes.

    Args:
        source: File, folder or `-`.
        target: The same.
        naming: How results are called.
        empty: Whether a folder may be without pictures.

    Raises:
        UsageError: An input is not there, an original would be overwritten, or two results would
            have one name.
    """
    here = Path(source)
    if source != STREAM and here.is_dir():
        return _plan_folder(here, target, naming, empty)
    if source != STREAM and not here.exists():
        raise UsageError(f"{source}: no such file or folder")
    job = _plan_one(None if source == STREAM else here, target, naming)
    refuse_overwriting([job])
    refuse_terminals(job.source is None, job.target is None)
    return Plan([job])


def refuse_terminals(reads: bool, writes: bool) -> None:
    """Refuse to read a picture from a keyboard, and to write one to a screen.

    Args:
        reads: Whether something comes from standard input.
        writes: Whether something goes to standard output.

    Raises:
        UsageError: That is a terminal.
    """
    if reads and sys.stdin.isatty():
        raise UsageError("nothing comes from standard input: pipe a picture in, or name a file")
    if writes and sys.stdout.isatty():
        raise UsageError("a picture is not written to the screen: redirect it, or name a file")


def _plan_folder(source: Path, target: str, naming: Naming, empty: bool) -> Plan:
    if target == STREAM:
        raise UsageError(f"{source} is a folder: its results go into a folder, not to `-`")
    there = Path(target)
    if there.exists() and not there.is_dir():
        raise UsageError(f"{target} is a file, but {source} is a folder: name a folder")
    if there.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            f"{target} lies in {source}: results would be edited again; name a folder outside it"
        )
    folders = Folders(source, there, naming)
    made = [folders.job(file) for file in folders.files()]
    jobs = [job for job in made if job is not None]
    if not jobs and not empty:
        raise UsageError(f"{source}: holds no pictures ({len(made)} other files)")
    refuse_overwriting(jobs)
    return Plan(jobs, len(made) - len(jobs), folders)


def _plan_one(source: Path | None, target: str, naming: Naming) -> Job:
    film = source is not None and is_film(source)
    if target == STREAM:
        if film:
            raise UsageError(f"{source} is a film: it is written to a file, not to `-`")
        return Job(source, None, naming.format)
    there = Path(target)
    if there.is_dir() or target.endswith(("/", os.sep)):
        if source is None:
            raise UsageError(f"{target} is a folder: name a file for what comes from `-`")
        there /= source.name
        if film:
            return Job(source, there.with_suffix(naming.film(source.suffix)), None, film=True)
        wanted = naming.default(source.suffix)
        return Job(source, with_format(there, wanted), wanted)
    if film:
        return Job(source, film_target(there), None, film=True)
    return Job(source, there, format_of_target(there, naming.format))


def refuse_overwriting(jobs: Iterable[Job]) -> None:
    """Refuse to write over an input, or twice to one output.

    Raises:
        UsageError: Names the files, and what to do.
    """
    jobs = list(jobs)
    sources = {job.source.resolve() for job in jobs if job.source is not None}
    makers: dict[Path, Job] = {}
    for job in jobs:
        if job.target is None:
            continue
        target = job.target.resolve()
        if target in sources or _is_same_file(job):
            raise UsageError(f"{job.target} is an original; name another file or folder for OUT")
        if target in makers:
            raise UsageError(
                f"{makers[target].name} and {job.name} would both become {job.target}; "
                "rename one of them, or take it away"
            )
        makers[target] = job


def _is_same_file(job: Job) -> bool:
    """Whether input and output are one file by two names, as hard links are."""
    if job.source is None or job.target is None or not job.target.exists():
        return False
    return job.target.samefile(job.source)


def _refuse(problem: OSError) -> None:
    raise UsageError(f"{problem.filename}: cannot be read ({problem.strerror})") from None
