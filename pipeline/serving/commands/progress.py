"""How far a run has come: a bar with the remaining time on a terminal, plain counts elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SECONDS = 10.0
"""Between two lines where there is no terminal."""


class Display:
    """Says nothing but problems: for a single picture, and for pipes."""

    def say(self, line: str) -> None:
        """A line for the user, on standard error."""
        typer.echo(line, err=True)

    def advance(self, done: float, total: float, what: str) -> None:
        """So much is done: of all the files, or of one film."""


class Lines(Display):
    """A line of counts now and then: for logs."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def advance(self, done: float, total: float, what: str) -> None:
        if time.monotonic() - self._last >= SECONDS and done < total:
            self._last = time.monotonic()
            self.say(f"{what}: {done:.0f} of {total:.0f}")


class Bars(Display):
    """A bar for each thing that is counted, on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def say(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def advance(self, done: float, total: float, what: str) -> None:
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._bars[what], completed=done, total=total)
        if done >= total:
            self._progress.remove_task(self._bars.pop(what))


@contextmanager
def display(quiet: bool) -> Iterator[Display]:
    """What suits standard error; it is cleared at the end.

    Args:
        quiet: Whether there is nothing to count, or someone else's pipe to keep clean.
    """
    if quiet or not sys.stderr.isatty():
        yield Display() if quiet else Lines()
        return
    with _progress() as progress:
        yield Bars(progress)


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (TextColumn("{task.description}", markup=False), BarColumn())
    return Progress(
        *columns, MofNCompleteColumn(), Remaining(), console=Console(stderr=True), transient=True
    )
