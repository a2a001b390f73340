"""Watches a folder: each new picture is edited once, when it has come in whole."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import typer

from pipeline.errors import PipelineError, UsageError
from pipeline.serving.commands.files import Folders, Job, Plan, refuse_overwriting
from pipeline.serving.commands.progress import Display
from pipeline.serving.commands.running import Edit, Tally, do, run

SECONDS = 1.0
"""Between two looks; a file is taken when two show the same."""


class Stamp(NamedTuple):
    """What tells two states of a file apart."""

    size: int
    changed: int


@dataclass
class Watched:
    """A folder, and what has been seen of it.

    Attributes:
        folders: Where pictures come in, and where results go.
        handled: What each file was like when it was edited or failed.
        others: Files that are neither pictures nor films.
    """

    folders: Folders
    handled: dict[Path, Stamp] = field(default_factory=dict)
    others: set[Path] = field(default_factory=set)
    _before: dict[Path, Stamp] = field(default_factory=dict)

    def look(self) -> list[Job]:
        """What has come in whole since the last look: files as they were then, and not yet handled.

        Raises:
            PipelineError: The folder is gone.
        """
        if not self.folders.source.is_dir():
            raise PipelineError(f"{self.folders.source}: the watched folder is gone")
        now = dict(self._stamps())
        ready = [file for file, stamp in now.items() if self._before.get(file) == stamp]
        self._before = now
        return [job for file in ready if (job := self._job(file, now[file])) is not None]

    def _stamps(self) -> Iterator[tuple[Path, Stamp]]:
        for file in self.folders.files():
            try:
                facts = file.stat()
            except FileNotFoundError:
                continue  # taken away meanwhile
            if self.handled.get(file) != (stamp := Stamp(facts.st_size, facts.st_mtime_ns)):
                yield file, stamp

    def _job(self, file: Path, stamp: Stamp) -> Job | None:
        self.handled[file] = stamp
        job = self.folders.job(file)
        if job is None:
            self.others.add(file)
        return job


def perform(plan: Plan, edit: Edit, watching: bool, skip_existing: bool) -> None:
    """Do all that is planned once, or watch the folder; see `running.run` and `watch`."""
    if watching and plan.folders is not None:
        watch(plan.folders, edit)
    else:
        run(plan, edit, skip_existing)


def watch(folders: Folders, edit: Edit) -> None:
    """Edit what is in a folder and what comes into it, until Ctrl-C or SIGTERM.

    What has an output that is not older is left. A file that failed is tried again when it changes.

    Raises:
        PipelineError: Something that concerns all pictures, or the folder is gone.
        typer.Exit: With 1 if an input failed.
    """
    watched, tally = Watched(folders), Tally()
    typer.echo(f"watching {folders.source}; Ctrl-C ends it", err=True)
    with _ended_by_signals(), suppress(KeyboardInterrupt):
        _stay(watched, edit, tally)
    others = f" ({len(watched.others)} other files left out)" if watched.others else ""
    typer.echo(f"{folders.source} -> {folders.target}: {tally}{others}")
    if tally.failed:
        raise typer.Exit(1)


def _stay(watched: Watched, edit: Edit, tally: Tally) -> None:
    shown = Display()
    makers: dict[Path, Job] = {}
    while True:
        for job in watched.look():
            before = tally.done
            _edit_one(job, edit, tally, shown, makers)
            if tally.done > before:
                typer.echo(f"{job.name} -> {job.target}")
        time.sleep(SECONDS)


def _edit_one(job: Job, edit: Edit, tally: Tally, shown: Display, makers: dict[Path, Job]) -> None:
    """Do a job unless its output would be an original, or is that of another input."""
    other = makers.setdefault(job.target, job) if job.target is not None else job
    try:
        refuse_overwriting([job] if other.source == job.source else [other, job])
    except UsageError as problem:
        tally.failed.append(str(problem))
        shown.say(f"clearscene: {problem}")
        return
    do(job, edit, tally, shown, skip_existing=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM, which service managers send, ends it as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
