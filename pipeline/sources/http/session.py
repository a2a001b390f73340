"""The polite session: every byte taken from another machine comes through here."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.util.retry import Retry

from pipeline.sections.http import HttpLimits
from pipeline.sources.http.addresses import Zone
from pipeline.sources.http.connections import Exchange, GuardedAdapter, Refused, Watchdog
from pipeline.sources.http.failures import (
    NETWORK_ERRORS,
    PASSING_STATUS,
    FetchFailed,
    Stopped,
    explained,
)
from pipeline.sources.http.gate import Gate
from pipeline.sources.http.part import UNKNOWN, Part, Validators
from pipeline.sources.http.robots import MAX_BYTES, PRODUCT, Robots

log = logging.getLogger(__name__)
T = TypeVar("T")

CHUNK = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
ENOUGH_PROGRESS = 256 * 1024
"""An attempt that brought so many bytes of a resumable file does not count as a failed one."""

CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


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


class Budget:
    """Time that exchanges may still take; waiting for a turn or a pause costs none of it."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """The clock runs."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.left -= time.monotonic() - start


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
        self._gate = Gate(limits.concurrency, limits.per_host, limits.delay, self.stop)
        self._watchdog = Watchdog(self.stop)
        self._requests = _Session()
        self._requests.headers["User-Agent"] = user_agent(limits.contact)
        for scheme in ("http://", "https://"):
            adapter = GuardedAdapter(pool_connections=64, pool_maxsize=limits.concurrency)
            self._requests.mount(scheme, adapter)
        self._zones: dict[frozenset[Zone], Robots] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> PoliteSession:
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.close()

    def page(self, url: str, zones: frozenset[Zone], known: Validators = UNKNOWN) -> Page:
        """Fetch a page into memory, if it is not still the one of `known`.

        Raises:
            FetchFailed: It could not be fetched, or is larger than `max_page_bytes`.
            Stopped: The session was stopped.
        """
        headers = {"Accept-Encoding": "gzip, deflate", **known.if_changed}

        def attempt(budget: Budget) -> Page:
            with self._answer(url, headers, zones, budget) as answer:
                if answer.status_code == 304:
                    _expect(bool(known.if_changed), url, "HTTP 304 to an unconditional request")
                    return Page(answer.url, None, known)
                _expect(answer.status_code == 200, url, f"HTTP {answer.status_code}")
                body = b"".join(_body(answer, self.limits.max_page_bytes))
                return Page(answer.url, body, Validators.of(answer.headers))

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
            headers = {"Accept-Encoding": "identity", **_range(part), **known.if_changed}
            with (
                _without_range_once_refused(part),
                self._answer(url, headers, zones, budget) as answer,
            ):
                if answer.status_code == 304:
                    _expect(bool(known.if_changed), url, "HTTP 304 to an unconditional request")
                    return Download(answer.url, False, known)
                _prepare(part, answer, url)
                _receive(part, answer, url, max_bytes)
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
            self._gate.rest(max(failure.wait or 0.0, retry.get_backoff_time()))

    def _retry(self) -> Retry:
        limits = self.limits
        return Retry(
            total=limits.retries,
            backoff_factor=limits.backoff,
            backoff_jitter=limits.backoff / 2,
            backoff_max=limits.max_wait,
            retry_after_max=10**9,  # ours is checked, and said
        )

    @contextmanager
    def _answer(
        self, url: str, headers: Mapping[str, str], zones: frozenset[Zone], budget: Budget
    ) -> Iterator[requests.Response]:
        """Ask, follow redirects one by one, and give the final answer with its body unread."""
        place = url
        for _ in range(self.limits.max_redirects + 1):
            self._allow(place, url, zones)
            with self._exchange(place, headers, zones, budget) as answer:
                if answer.status_code not in REDIRECTS:
                    self._refuse_failures(answer, url)
                    yield answer
                    return
                target = answer.headers.get("Location", "")
                _expect(bool(target), url, f"HTTP {answer.status_code} without an address")
                place = _joined(place, target, url)
        raise FetchFailed(url, f"more than {self.limits.max_redirects} redirects")

    def _allow(self, place: str, url: str, zones: frozenset[Zone]) -> None:
        _expect_web(place, url)
        with self._lock:
            robots = self._zones.setdefault(
                zones, Robots(lambda address: self._robots_txt(address, zones))
            )
        rules = robots.rules(place)
        _expect(not rules.refusal, url, rules.refusal)
        if not rules.allows(place):
            raise FetchFailed(url, "robots.txt does not allow it", forbidden=True)
        _expect(
            rules.delay <= self.limits.max_wait,
            url,
            f"robots.txt asks for {rules.delay:g} s between requests, "
            f"http.max_wait allows {self.limits.max_wait:g}",
        )
        self._gate.host(_host(place)).slow_down(rules.delay)

    def _robots_txt(self, url: str, zones: frozenset[Zone]) -> bytes:
        def attempt(budget: Budget) -> bytes:
            place, headers = url, {"Accept-Encoding": "gzip, deflate"}
            for _ in range(self.limits.max_redirects + 1):
                with self._exchange(place, headers, zones, budget) as answer:
                    if answer.status_code not in REDIRECTS:
                        self._refuse_failures(answer, url)
                        return _first(_body(answer, 100 * MAX_BYTES), MAX_BYTES)
                    place = _joined(place, answer.headers.get("Location", ""), url)
                    _expect_web(place, url)
            raise FetchFailed(url, f"more than {self.limits.max_redirects} redirects")

        return self._patiently(url, attempt, self.limits.max_seconds, lambda: 0)

    @contextmanager
    def _exchange(
        self, url: str, headers: Mapping[str, str], zones: frozenset[Zone], budget: Budget
    ) -> Iterator[requests.Response]:
        """One request and its answer; everything that goes wrong comes out as FetchFailed."""
        with ExitStack() as stack:
            stack.enter_context(self._gate.slot(_host(url), url))
            stack.enter_context(budget.running())
            exchange = stack.enter_context(self._watchdog.exchange(zones, budget.left))
            try:
                answer = self._ask(url, headers)
                with contextlib.closing(answer):
                    yield answer
                    if not exchange.cut:
                        _drain(answer)
            except Refused as problem:
                raise FetchFailed(url, str(problem)) from None
            except (*NETWORK_ERRORS, FetchFailed) as problem:
                self._tell_cut(exchange, url)
                if isinstance(problem, FetchFailed):
                    raise
                raise explained(url, problem) from None
            self._tell_cut(exchange, url)  # an answer without a length ends well when it is cut

    def _tell_cut(self, exchange: Exchange, url: str) -> None:
        """What is cut looks like any broken connection, or even like a good end."""
        if exchange.cut and self.stop.is_set():
            raise Stopped from None
        if exchange.cut:
            raise FetchFailed(url, "took too long (max_seconds)") from None

    def _ask(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        try:
            return self._requests.get(
                url,
                headers=dict(headers),
                stream=True,
                allow_redirects=False,
                timeout=(self.limits.connect_timeout, self.limits.read_timeout),
            )
        except ValueError:  # InvalidURL, UnicodeError, and urllib's own
            raise FetchFailed(url, "is not an address") from None

    def _refuse_failures(self, answer: requests.Response, url: str) -> None:
        status = answer.status_code
        if status < 400:
            return
        wait = _retry_after(answer.headers.get("Retry-After"))
        host = self._gate.host(_host(answer.url))
        if wait is not None and wait > self.limits.max_wait:
            host.closed = f"HTTP {status}, asks to wait longer than http.max_wait"
            raise FetchFailed(url, host.closed)
        if wait:
            host.pause(wait)
        raise FetchFailed(url, f"HTTP {status}", passing=status in PASSING_STATUS, wait=wait)


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        self._settings: dict[str, Any] = {}

    def merge_environment_settings(
        self, url: str | bytes | None, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Proxies and certificates from the environment, looked up once a host.

        requests reads the whole environment for each request, which takes as long as asking.
        """
        origin = "/".join(str(url).split("/", 3)[:3])
        if origin not in self._settings:
            self._settings[origin] = super().merge_environment_settings(
                url, proxies, stream, verify, cert
            )
        return self._settings[origin]

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, for PoliteSession follows redirects.

        requests' own preparation for it reads the body of a redirect to its end, however long.
        """


def user_agent(contact: str) -> str:
    """How the pipeline names itself."""
    return f"{PRODUCT}/{version('clearscene')}" + (f" (+{contact})" if contact else "")


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def _expect(holds: bool, url: str, reason: str) -> None:
    if not holds:
        raise FetchFailed(url, reason)


def _joined(place: str, target: str, url: str) -> str:
    try:
        return urljoin(place, target)
    except ValueError:
        raise FetchFailed(url, "is not an address") from None


def _expect_web(place: str, url: str) -> None:
    parts = urlsplit(place)
    _expect(parts.scheme in ("http", "https"), url, f"leads to {parts.scheme or 'no'} scheme, "
            "only http and https are fetched")  # fmt: skip
    _expect(bool(parts.hostname), url, "is not an address")


def _retry_after(header: str | None) -> float | None:
    if header is None:
        return None
    try:
        return Retry(retry_after_max=10**9).parse_retry_after(header)
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _body(answer: requests.Response, limit: int) -> Iterator[bytes]:
    """The body as it arrives, decompressed; never more than `limit` bytes."""
    announced = answer.headers.get("Content-Length", "")
    too_large = f"larger than {limit} bytes"
    _expect(not (announced.isdigit() and int(announced) > limit), answer.url, too_large)
    total = 0
    # read1 and not read: that one waits until the whole chunk is there, however slowly it drips.
    while chunk := answer.raw.read1(CHUNK, decode_content=True):
        total += len(chunk)
        _expect(total <= limit, answer.url, too_large)
        yield chunk


def _first(chunks: Iterator[bytes], limit: int) -> bytes:
    kept = b""
    for chunk in chunks:
        kept += chunk
        if len(kept) >= limit:
            break
    return kept[:limit]


def _drain(answer: requests.Response) -> None:
    """Read the little that is left of a redirect or an error, so that the connection is kept."""
    if not answer.raw.closed and answer.status_code >= 300:
        left = answer.headers.get("Content-Length", "")
        if left.isdigit() and int(left) <= CHUNK:
            answer.raw.drain_conn()


def _range(part: Part) -> dict[str, str]:
    if not part.size:
        return {}
    headers = {"Range": f"bytes={part.size}-"}
    if part.validators.if_range:
        headers["If-Range"] = part.validators.if_range
    return headers


@contextmanager
def _without_range_once_refused(part: Part) -> Iterator[None]:
    try:
        yield
    except FetchFailed as problem:
        if problem.reason == "HTTP 416" and part.size:
            part.discard()
            problem.passing = True
        raise


def _prepare(part: Part, answer: requests.Response, url: str) -> None:
    """See that what comes fits the part; else forget the part."""
    size, status, headers = part.size, answer.status_code, answer.headers
    if status == 200:
        plain = headers.get("Content-Encoding", "identity").strip().lower() in ("", "identity")
        length = headers.get("Content-Length", "")
        part.begin(
            Validators.of(headers) if plain else Validators(),
            int(length) if plain and length.isdigit() else None,
            plain and "bytes" in headers.get("Accept-Ranges", "").lower(),
        )
        return
    if status == 206 and size:
        found = CONTENT_RANGE.match(headers.get("Content-Range", ""))
        total = found[3] if found else ""
        fits = found is not None and int(found[1]) == size
        if fits and (total == "*" or part.length is None or int(total) == part.length):
            return
        part.discard()
        raise FetchFailed(url, "HTTP 206 with another range than asked for", passing=True)
    if status == 206:
        raise FetchFailed(url, "HTTP 206 though no range was asked for", passing=True)
    raise FetchFailed(url, f"HTTP {status}")


def _receive(part: Part, answer: requests.Response, url: str, max_bytes: int) -> None:
    size = part.size
    with part.appending() as write:
        for chunk in _body(answer, max_bytes - size):
            size += len(chunk)
            write(chunk)
    if part.length is not None and size > part.length:
        part.discard()
        raise FetchFailed(url, "more bytes than announced", passing=True)
    if part.length is not None and size < part.length:
        raise FetchFailed(url, "fewer bytes than announced", passing=True)
    if not size:
        part.discard()
        raise FetchFailed(url, "empty")
