"""The polite session: every byte taken from another machine comes through here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from urllib3.exceptions import MaxRetryError
from urllib3.util.retry import RequestHistory, Retry

from pipeline.sections.http import HttpLimits
from pipeline.sources.http.addresses import Zone
from pipeline.sources.http.client import Budget, Client
from pipeline.sources.http.failures import FetchFailed, expect
from pipeline.sources.http.part import UNKNOWN, Part, Validators
from pipeline.sources.http.robots import MAX_BYTES
from pipeline.sources.http.transfer import (
    body,
    first,
    prepare,
    range_headers,
    receive,
    without_range_once_refused,
)

T = TypeVar("T")

ENOUGH_PROGRESS = 256 * 1024
"""An attempt that brought so many bytes of a resumable file does not count as a failed one."""


class Page(NamedTuple):
    """A page as it came.

    Attributes:
        url: Where it came from in the end, after redirects.
        body: Its bytes, decompressed; None if it has not changed since `known`.
        validators: To ask again later.
    """

    url: str
    body: bytes | None
    validators: Validators


class Download(NamedTuple):
    """A file as it came.

    Attributes:
        url: Where it came from in the end, after redirects.
        changed: False if the server says that it is still the one of `known`; nothing is written.
        validators: To ask again later.
    """

    url: str
    changed: bool
    validators: Validators


class PoliteSession:
    """Asks other machines: named, paced, patient within limits, and never to a place unasked for.

    One session serves many threads. Each call tells the zones that its addresses may lead to
    (`addresses.zones_of` of what the user configured).

    Args:
        limits: Section `http` of the parameters.
        stop: Set it to end everything that is going on; `Stopped` is raised where it waits.
    """

    def __init__(self, limits: HttpLimits, stop: threading.Event | None = None) -> None:
        self.limits = limits
        self.stop = stop or threading.Event()
        self._client = Client(limits, self.stop, self._robots_txt)

    def __enter__(self) -> PoliteSession:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def page(self, url: str, zones: frozenset[Zone], known: Validators = UNKNOWN) -> Page:
        """Fetch a page into memory, if it is not still the one of `known`.

        Raises:
            FetchFailed: It could not be fetched, or is larger than `max_page_bytes`.
            Stopped: The session was stopped.
        """
        headers = {"Accept-Encoding": "gzip, deflate", **known.if_changed}

        def attempt(budget: Budget) -> Page:
            with self._client.answer(url, headers, zones, budget) as answer:
                if answer.status_code == 304:
                    expect(bool(known.if_changed), url, "HTTP 304 to an unconditional request")
                    return Page(answer.url, None, known)
                expect(answer.status_code == 200, url, f"HTTP {answer.status_code}")
                content = b"".join(body(answer, self.limits.max_page_bytes))
                return Page(answer.url, content, Validators.of(answer.headers))

        return self._patiently(url, attempt, self.limits.max_seconds, lambda: 0)

    def download(
        self,
        url: str,
        file: Path,
        zones: frozenset[Zone],
        *,
        max_bytes: int,
        max_seconds: float,
        known: Validators = UNKNOWN,
    ) -> Download:
        """Fetch a file, going on from what an earlier call left beside it.

        What arrives lies in `FILE.part` until it is whole; then it is renamed.

        Args:
            url: What to fetch.
            file: Where to put it; its folder exists.
            zones: Where the address may lead.
            max_bytes: Of the file.
            max_seconds: For all attempts together, pauses not counted.
            known: Ask only whether it has changed since then.

        Raises:
            FetchFailed: It could not be fetched, or broke a limit.
            Stopped: The session was stopped; the part stays for the next call.
        """
        part = Part(file)

        def attempt(budget: Budget) -> Download:
            if part.is_whole:
                return Download(url, True, part.validators)
            headers = {"Accept-Encoding": "identity", **range_headers(part), **known.if_changed}
            with (
                without_range_once_refused(part),
                self._client.answer(url, headers, zones, budget) as answer,
            ):
                if answer.status_code == 304:
                    expect(bool(known.if_changed), url, "HTTP 304 to an unconditional request")
                    return Download(answer.url, False, known)
                prepare(part, answer, url)
                receive(part, answer, url, max_bytes)
            return Download(answer.url, True, part.validators)

        try:
            found = self._patiently(url, attempt, max_seconds, lambda: part.size)
        except FetchFailed:
            if not part.size or part.size >= max_bytes:  # nothing to go on from
                part.discard()
            raise
        if found.changed:
            part.finish(file)
        return found

    def _patiently(
        self, url: str, attempt: Callable[[Budget], T], seconds: float, size: Callable[[], int]
    ) -> T:
        """Try until it works, the retries are used up, or the time is."""
        retry, budget = self._retry(), Budget(seconds)
        while True:
            before = size()
            try:
                return attempt(budget)
            except FetchFailed as problem:
                if not problem.passing:
                    raise
                failure = problem
            if size() - before >= ENOUGH_PROGRESS:
                retry = self._retry()
            try:
                retry = retry.increment("GET", url, error=failure)
            except (MaxRetryError, FetchFailed):
                raise failure from None
            if budget.left <= 0:
                raise failure
            self._client.rest(max(failure.wait or 0.0, retry.get_backoff_time()))

    def _retry(self) -> Retry:
        limits = self.limits
        return Retry(
            total=limits.retries,
            backoff_factor=limits.backoff / 2,
            backoff_jitter=limits.backoff / 2,
            backoff_max=limits.max_wait,
            # urllib3 tries again at once after the first failure; this counts as one before it.
            history=(RequestHistory("GET", None, None, None, None),),
        )

    def _robots_txt(self, url: str, zones: frozenset[Zone]) -> bytes:
        headers = {"Accept-Encoding": "gzip, deflate"}

        def attempt(budget: Budget) -> bytes:
            with self._client.answer(url, headers, zones, budget, obeying=False) as answer:
                return first(body(answer, 100 * MAX_BYTES), MAX_BYTES)

        return self._patiently(url, attempt, self.limits.max_seconds, lambda: 0)
