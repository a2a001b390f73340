"""One worker, and a bounded number of requests that wait for it."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pipeline.serving.web.problems import Problem

logger = logging.getLogger(__name__)
T = TypeVar("T")


class ClientGone(Exception):
    """Who asked has hung up: nobody waits for the answer."""


class Place:
    """A place in the line, from the first byte of a request to its answer.

    Attributes:
        deadline: When its time is over, by the clock of the event loop.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.job: Future[Any] | None = None

    def remaining(self) -> float:
        """Seconds left."""
        return max(0.0, self.deadline - asyncio.get_running_loop().time())


class Line:
    """Requests in the order in which they came.

    The work is done in one thread: networks gain nothing from two at once, and memory is that of
    one request. Who comes when all places are taken is sent away at once.

    Args:
        places: Requests at once, the one at work included.
        seconds: For each of them.
        after: Called in the worker's thread after each piece of work.
    """

    def __init__(self, places: int, seconds: float, after: Callable[[], None]) -> None:
        self.places, self.seconds = places, seconds
        self._after = after
        self._worker = ThreadPoolExecutor(1, "edits")
        self._lock = threading.Lock()
        self._taken = 0
        self._since: float | None = None
        self._usual = 1.0

    @property
    def length(self) -> int:
        """How many are in the house."""
        return self._taken

    @property
    def busy_seconds(self) -> float:
        """For how long the present piece of work has been going on; 0 when idle."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Take a place.

        It stays taken until the work is over, also when the one who asked has left.

        Raises:
            Problem: None is free.
        """
        with self._lock:
            if self._taken >= self.places:
                raise self._full(f"all {self.places} places are taken")
            self._taken += 1
        place = Place(asyncio.get_running_loop().time() + self.seconds)
        try:
            yield place
        finally:
            if place.job is None:
                self._release()
            else:
                place.job.add_done_callback(self._release)

    async def work(self, place: Place, task: Callable[[], T], gone: Awaitable[object]) -> T:
        """Do a task when its turn comes.

        Args:
            place: Of whom it is done for.
            task: Called in the worker's thread.
            gone: Ends when the one who asked has left; before its turn the task is dropped then.

        Raises:
            ClientGone: The one who asked has left.
            Problem: The time is over.
        """
        job = self._worker.submit(self._timed, task)
        place.job = job
        result, left = asyncio.wrap_future(job), asyncio.ensure_future(gone)
        either: set[asyncio.Future[Any]] = {result, left}
        await asyncio.wait(either, timeout=place.remaining(), return_when="FIRST_COMPLETED")
        if result.done():
            left.cancel()
            return result.result()
        result.add_done_callback(_forget)
        dropped = job.cancel()
        if left.done():
            logger.info("a client left %s", "before its turn" if dropped else "during the work")
            raise ClientGone
        left.cancel()
        if dropped:
            raise self._full(f"its turn did not come within {self.seconds:g} s")
        raise Problem(504, f"the work took longer than {self.seconds:g} s; send a smaller picture")

    async def frame(self, task: Callable[[], T]) -> T:
        """Do a task that needs no place, for whoever asks has but one at a time.

        Raises:
            Problem: Its turn did not come.
        """
        job = self._worker.submit(self._timed, task)
        try:
            async with asyncio.timeout(self.seconds):
                return await asyncio.wrap_future(job)
        except TimeoutError:
            raise self._full(f"its turn did not come within {self.seconds:g} s") from None

    def close(self) -> None:
        """Finish what is at work and take nothing more."""
        self._worker.shutdown()

    def _timed(self, task: Callable[[], T]) -> T:
        self._since = start = time.monotonic()
        try:
            return task()
        finally:
            self._after()
            self._usual += 0.2 * (time.monotonic() - start - self._usual)
            self._since = None

    def _release(self, _: Future[Any] | None = None) -> None:
        with self._lock:
            self._taken -= 1

    def _full(self, why: str) -> Problem:
        seconds = max(1, math.ceil(self._usual * self._taken))
        headers = {"Retry-After": str(seconds)}
        return Problem(503, f"busy: {why}; try again in {seconds} s", headers)


def _forget(result: asyncio.Future[T]) -> None:
    """Look at what nobody waits for, so that asyncio does not complain that nobody has."""
    if not result.cancelled() and (error := result.exception()) is not None:
        logger.info("work for a client who had left failed: %s", error)
