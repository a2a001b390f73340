"""robots.txt, as RFC 9309 reads it: absent means all is allowed, unreadable means nothing is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from protego import Protego

from pipeline.sources.http.failures import FetchFailed

PRODUCT = "clearscene"
MAX_BYTES = 512 * 1024
"""What is read of a robots.txt (RFC 9309, 2.5)."""


class Rules(NamedTuple):
    """What one site asks for; `refusal` says why nothing may be fetched, if so."""

    parsed: Protego
    refusal: str = ""

    def allows(self, url: str) -> bool:
        """Whether this address may be fetched by us."""
        return not self.refusal and bool(self.parsed.can_fetch(url, PRODUCT))

    @property
    def delay(self) -> float:
        """Seconds between two requests, by crawl delay or request rate; 0 if none is asked."""
        rate = self.parsed.request_rate(PRODUCT)
        paced = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(float(self.parsed.crawl_delay(PRODUCT) or 0), float(paced))


class Robots:
    """The rules of every site asked so far.

    Args:
        read: Fetches a robots.txt.
    """

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._rules: dict[str, Rules] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def rules(self, url: str) -> Rules:
        """The rules of the site that this address belongs to, fetched once."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            lock = self._locks.setdefault(origin, threading.Lock())
        with lock:
            if origin not in self._rules:
                self._rules[origin] = self._fetch(f"{origin}/robots.txt")
            return self._rules[origin]

    def _fetch(self, url: str) -> Rules:
        try:
            text = self._read(url).decode("utf-8", errors="replace")
        except FetchFailed as problem:
            absent = problem.reason.startswith("HTTP 4") and not problem.passing
            refusal = "" if absent else f"robots.txt cannot be read ({problem.reason})"
            return Rules(Protego.parse(""), refusal)
        return Rules(Protego.parse(text))
