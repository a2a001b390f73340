"""How often and how much at a time: a slot of the host, and one of all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.sources.http.failures import FetchFailed, Stopped

TICK = 0.2
"""Seconds after which a waiting thread looks whether it should stop."""


class Gate:
    """Every request passes here.

    Args:
        concurrency: Requests at a time, to all hosts together.
        per_host: Requests at a time to one host.
        delay: Seconds between the starts of two requests to one host.
        stop: Once set, nobody waits any longer.
    """

    def __init__(
        self, concurrency: int, per_host: int, delay: float, stop: threading.Event
    ) -> None:
        self._all = threading.BoundedSemaphore(concurrency)
        self._per_host, self._delay, self._stop = per_host, delay, stop
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def host(self, name: str) -> _Host:
        """The state of one host."""
        with self._lock:
            return self._hosts.setdefault(name, _Host(self._per_host, self._delay))

    @contextmanager
    def slot(self, name: str, url: str) -> Iterator[None]:
        """Wait for a turn, and hold it.

        Raises:
            FetchFailed: The host has asked to be left alone.
            Stopped: While waiting.
        """
        host = self.host(name)
        self._take(host.slots)
        try:
            self._wait_until(host.next_start())
            if host.closed:
                raise FetchFailed(url, host.closed)
            self._take(self._all)
            try:
                yield
            finally:
                self._all.release()
        finally:
            host.slots.release()

    def rest(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: Meanwhile.
        """
        self._wait_until(time.monotonic() + seconds)

    def _take(self, slots: threading.Semaphore) -> None:
        while not slots.acquire(timeout=TICK):
            if self._stop.is_set():
                raise Stopped

    def _wait_until(self, moment: float) -> None:
        remaining = moment - time.monotonic()
        if self._stop.wait(remaining) if remaining > 0 else self._stop.is_set():
            raise Stopped


class _Host:
    """One host: its slots, when the next request may start, and whether it wants none."""

    def __init__(self, slots: int, delay: float) -> None:
        self.slots = threading.BoundedSemaphore(slots)
        self.closed = ""
        self._delay, self._next = delay, 0.0
        self._lock = threading.Lock()

    def next_start(self) -> float:
        """Claim the next moment at which a request may start."""
        with self._lock:
            start = max(time.monotonic(), self._next)
            self._next = start + self._delay
            return start

    def slow_down(self, delay: float) -> None:
        """Keep at least this delay from now on."""
        with self._lock:
            self._delay = max(self._delay, delay)

    def pause(self, seconds: float) -> None:
        """Start nothing for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)
