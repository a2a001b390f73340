"""How far a long job is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

log = logging.getLogger(__name__)

PERIOD = 15.0
"""Seconds between two lines where there is no terminal."""


class _Rate(ProgressColumn):
    """Things a second, and the bytes that came."""

    def render(self, task: Task) -> Text:
        size = task.fields["size"] / 1e6
        return Text(f"{task.speed or 0:.1f}/s  {size:.1f} MB")


class Meter:
    """Counts what is done of what is known to be there; safe for threads.

    Args:
        label: What is going on.
        total: How many there are; more may become known.
    """

    def __init__(self, label: str, total: int = 0) -> None:
        self.done, self.total, self.size = 0, total, 0
        self._label, self._start = label, time.monotonic()
        self._told = self._start
        self._lock = threading.Lock()
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(),
            TimeRemainingColumn(), console=self._console, transient=True,
            disable=not self._console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task(label, total=total, size=0)

    def __enter__(self) -> Meter:
        self._bar.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._bar.stop()

    def more(self, count: int = 1) -> None:
        """So many more have become known."""
        with self._lock:
            self.total += count
            self._bar.update(self._task, total=self.total)

    def step(self, size: int = 0) -> None:
        """One is done, and brought so many bytes."""
        with self._lock:
            self.done += 1
            self.size += size
            self._bar.update(self._task, completed=self.done, size=self.size)
            now = time.monotonic()
            if self._console.is_terminal or now - self._told < PERIOD:
                return
            self._told = now
        log.info("%s", self.line())

    def line(self) -> str:
        """Where it stands, in words."""
        seconds = time.monotonic() - self._start
        rate = self.done / seconds if seconds else 0.0
        left = f", about {(self.total - self.done) / rate:.0f} s left" if rate else ""
        return (
            f"{self._label}: {self.done} of {self.total}, {rate:.1f}/s, "
            f"{self.size / 1e6:.1f} MB{left}"
        )
