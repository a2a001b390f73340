"""Edits files one after the other: what fails is listed, the rest is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import typer

from pipeline.errors import BadPicture, PipelineError, UsageError
from pipeline.serving.commands.files import Job, Plan
from pipeline.serving.commands.progress import Display, display

if TYPE_CHECKING:
    from pipeline.editing.film import FilmReport
    from pipeline.photos import Format, Photo


class CannotWrite(PipelineError):
    """No result can be written, of this input or another: a full disk, a folder without rights."""


class EditFilm(Protocol):
    """Edits a film: source, target, and whom to tell how many frames of how many are done."""

    def __call__(
        self, source: Path, target: Path, progress: Callable[[int, int], None]
    ) -> FilmReport:
        """Write `target`, whole or not at all, and say how it went."""


@dataclass(frozen=True)
class Edit:
    """What is done with each input.

    Attributes:
        photo: With a photo.
        film: With a film.
        quality: Of JPEG and WebP.
        strip: Whether EXIF is left out.
        default: The format of a result that nobody named, by the suffix of its input.
        remark: What there is to say about a photo and its result; mostly nothing.
    """

    photo: Callable[[Photo], Photo]
    film: EditFilm
    quality: int | None
    strip: bool
    default: Callable[[str], Format]
    remark: Callable[[Photo, Photo], str]


@dataclass
class Tally:
    """What has become of the inputs."""

    done: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)
    flattened: bool = False

    def __str__(self) -> str:
        parts = [f"{self.done} done"]
        parts += [f"{self.skipped} there already"] * bool(self.skipped)
        parts += [f"{len(self.failed)} failed"] * bool(self.failed)
        return ", ".join(parts)


def run(plan: Plan, edit: Edit, skip_existing: bool = False) -> None:
    """Do all that is planned, and say what came of it.

    Raises:
        typer.Exit: With 1 if an input failed, with 130 if the user stopped it.
        PipelineError: Something that concerns all inputs, such as missing weights.
    """
    tally = Tally()
    one = plan.folders is None and not plan.jobs[0].film
    try:
        with display(quiet=one) as shown:
            for place, job in enumerate(plan.jobs, 1):
                do(job, edit, tally, shown, skip_existing)
                if plan.folders is not None:
                    shown.advance(place, len(plan.jobs), "files")
    except KeyboardInterrupt:
        _say_stopped(plan, tally)
        raise typer.Exit(130) from None
    _sum_up(plan, tally)
    if tally.failed:
        raise typer.Exit(1)


def do(job: Job, edit: Edit, tally: Tally, shown: Display, skip_existing: bool = False) -> None:
    """Do one job and count it; a bad picture is counted, too.

    Raises:
        PipelineError: Something that concerns all jobs.
    """
    if skip_existing and job.is_up_to_date:
        tally.skipped += 1
        return
    try:
        if job.film:
            _edit_film(job, edit, shown)
        else:
            _edit_photo(job, edit, tally, shown)
    except PipelineError as problem:
        if not _is_of_input(problem, job):
            raise
        tally.failed.append(f"{job.name}: {_reason(problem, job)}")
        shown.say(f"clearscene: {tally.failed[-1]}")
    else:
        tally.done += 1


def _is_of_input(problem: PipelineError, job: Job) -> bool:
    """Whether one input is at fault, and others may do better."""
    if isinstance(problem, BadPicture):
        return True
    return job.film and not isinstance(problem, UsageError | CannotWrite)


def _reason(problem: PipelineError, job: Job) -> str:
    if isinstance(problem, BadPicture):
        return problem.reason
    return str(problem).removeprefix(f"{job.name}: ")


def _edit_film(job: Job, edit: Edit, shown: Display) -> None:
    if job.source is None or job.target is None:
        raise UsageError("films are read from files and written to files")
    name = job.source.name
    with _writable(job.target):
        job.target.parent.mkdir(parents=True, exist_ok=True)
    report = edit.film(job.source, job.target, lambda done, total: shown.advance(done, total, name))
    for note in report.notes:
        shown.say(f"{job.name}: {note}")
    shown.say(f"{job.name}: {report.frames} frames in {report.seconds:.0f} s")


def _edit_photo(job: Job, edit: Edit, tally: Tally, shown: Display) -> None:
    with output(job.target) as write:
        photo = read(job.source)
        result = edit.photo(photo)
        if remark := edit.remark(photo, result):
            shown.say(f"{job.name}: {remark}")
        wanted = job.format or edit.default(f".{result.format or ''}")
        if result.alpha is not None and wanted == "jpeg" and not tally.flattened:
            tally.flattened = True
            shown.say("JPEG has no transparency: results are laid over white")
        try:
            content = encode(result, wanted, edit.quality, edit.strip)
        except UsageError as problem:  # too large for this format: the next one may not be
            raise BadPicture(Path(job.name), str(problem)) from None
        write(content)


def read(source: Path | None) -> Photo:
    """A photo from a file, or from standard input.

    Raises:
        BadPicture: It cannot be used.
    """
    from pipeline.photos import read_photo

    if source is not None:
        return read_photo(source)
    return read_photo(sys.stdin.buffer.read(), "standard input")


def encode(photo: Photo, wanted: Format, quality: int | None, strip: bool) -> bytes:
    """The bytes of a result.

    Raises:
        UsageError: It is too large for the format.
    """
    from pipeline.photos import encode_photo

    photo = replace(photo, exif=None) if strip else photo
    return encode_photo(photo, wanted, None if wanted == "png" else quality)


@contextmanager
def output(target: Path | None) -> Iterator[Callable[[bytes], None]]:
    """Where a result goes: gives what writes it, whole or not at all.

    Raises:
        CannotWrite: It cannot be written.
    """
    if target is not None:
        yield lambda content: write_result(target, content)
        return
    with only_bytes_on_stdout() as stream:

        def write(content: bytes) -> None:
            stream.write(content)
            stream.flush()

        yield write


@contextmanager
def only_bytes_on_stdout() -> Iterator[BinaryIO]:
    """Keep standard output for a result; what else prints, in C too, goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(kept, "wb", closefd=False) as stream:
            yield stream
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def write_result(target: Path, content: bytes) -> None:
    """Write a file whole; an interrupted one leaves nothing.

    Raises:
        CannotWrite: It cannot be written.
    """
    from pipeline.workspace import write_whole

    with _writable(target):
        write_whole(target, content)


@contextmanager
def _writable(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise CannotWrite(f"{target}: cannot be written ({problem.strerror})") from None


def _say_stopped(plan: Plan, tally: Tally) -> None:
    rest = len(plan.jobs) - tally.done - tally.skipped - len(tally.failed)
    again = "; the same command with --skip-existing does the rest" if plan.folders else ""
    if plan.folders is None and plan.jobs[0].film:
        again = "; the same command goes on from there"
    typer.echo(f"clearscene: stopped: {tally}, {rest} left{again}", err=True)


def _sum_up(plan: Plan, tally: Tally) -> None:
    """What came of it, on standard output unless a result went there."""
    if plan.folders is not None:
        others = f" ({plan.others} other files left out)" if plan.others else ""
        typer.echo(f"{plan.folders.source} -> {plan.folders.target}: {tally}{others}")
        return
    (job,) = plan.jobs
    if job.target is not None and not tally.failed:
        kept = " is there already" if tally.skipped else ""
        typer.echo(f"{job.name} -> {job.target}{kept}")
