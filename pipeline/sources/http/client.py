"""Asking once: one request and its redirects, by the rules, within the limits."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from pipeline.sections.http import HttpLimits
from pipeline.sources.http.addresses import Zone
from pipeline.sources.http.connections import Exchange, GuardedAdapter, Refused, Watchdog
from pipeline.sources.http.failures import (
    NETWORK_ERRORS,
    PASSING_STATUS,
    FetchFailed,
    Stopped,
    expect,
    explained,
)
from pipeline.sources.http.gate import Gate
from pipeline.sources.http.robots import PRODUCT, Robots
from pipeline.sources.http.transfer import CHUNK

REDIRECTS = frozenset({301, 302, 303, 307, 308})
ReadRules = Callable[[str, frozenset[Zone]], bytes]


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


class Client:
    """Gives answers whose bodies are unread; everything that goes wrong comes out as FetchFailed.

    Args:
        limits: Section `http` of the parameters.
        stop: Once set, `Stopped` is raised wherever something runs or waits.
        read_rules: Fetches a robots.txt, with `obeying=False`.
    """

    def __init__(self, limits: HttpLimits, stop: threading.Event, read_rules: ReadRules) -> None:
        self._limits, self._stop, self._read_rules = limits, stop, read_rules
        self._gate = Gate(limits.concurrency, limits.per_host, limits.delay, stop)
        self._watchdog = Watchdog(stop)
        self._requests = _Session()
        self._requests.headers["User-Agent"] = user_agent(limits.contact)
        for scheme in ("http://", "https://"):
            adapter = GuardedAdapter(pool_connections=64, pool_maxsize=limits.concurrency)
            self._requests.mount(scheme, adapter)
        self._robots: dict[frozenset[Zone], Robots] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close what is kept open."""
        self._requests.close()

    def rest(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: Meanwhile.
        """
        self._gate.rest(seconds)

    @contextmanager
    def answer(
        self,
        url: str,
        headers: Mapping[str, str],
        zones: frozenset[Zone],
        budget: Budget,
        *,
        obeying: bool = True,
    ) -> Iterator[requests.Response]:
        """Ask, follow redirects one by one, and give the final answer with its body unread.

        Each step must be allowed by its site's robots.txt, unless that file itself is asked for.
        """
        place = url
        for _ in range(self._limits.max_redirects + 1):
            _expect_web(place, url)
            if obeying:
                self._obey(place, url, zones)
            with self._exchange(place, headers, zones, budget) as answer:
                if answer.status_code not in REDIRECTS:
                    self._refuse_failures(answer, url)
                    yield answer
                    return
                target = answer.headers.get("Location", "")
                expect(bool(target), url, f"HTTP {answer.status_code} without an address")
                place = _joined(place, target, url)
        raise FetchFailed(url, f"more than {self._limits.max_redirects} redirects")

    def _obey(self, place: str, url: str, zones: frozenset[Zone]) -> None:
        with self._lock:
            robots = self._robots.setdefault(
                zones, Robots(lambda address: self._read_rules(address, zones))
            )
        rules = robots.rules(place)
        expect(not rules.refusal, url, rules.refusal)
        if not rules.allows(place):
            raise FetchFailed(url, "robots.txt does not allow it", forbidden=True)
        expect(
            rules.delay <= self._limits.max_wait,
            url,
            f"robots.txt asks for {rules.delay:g} s between requests, "
            f"http.max_wait allows {self._limits.max_wait:g}",
        )
        self._gate.host(_host(place)).slow_down(rules.delay)

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
        if exchange.cut and self._stop.is_set():
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
                timeout=(self._limits.connect_timeout, self._limits.read_timeout),
            )
        except ValueError:  # InvalidURL, UnicodeError, and urllib's own
            raise FetchFailed(url, "is not an address") from None

    def _refuse_failures(self, answer: requests.Response, url: str) -> None:
        status = answer.status_code
        if status < 400:
            return
        wait = _retry_after(answer.headers.get("Retry-After"))
        host = self._gate.host(_host(answer.url))
        if wait is not None and wait > self._limits.max_wait:
            host.closed = f"HTTP {status}, asks to wait longer than http.max_wait"
            raise FetchFailed(url, host.closed)
        if wait:
            host.pause(wait)
        raise FetchFailed(url, f"HTTP {status}", passing=status in PASSING_STATUS, wait=wait)


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        self._settings: dict[str, Any] = {}
        # Else requests looks for credentials in ~/.netrc, which no gallery shall be given.
        self.auth = lambda request: request

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


def _joined(place: str, target: str, url: str) -> str:
    try:
        return urljoin(place, target)
    except ValueError:
        raise FetchFailed(url, "is not an address") from None


def _expect_web(place: str, url: str) -> None:
    try:
        parts = urlsplit(place)
    except ValueError:
        raise FetchFailed(url, "is not an address") from None
    expect(parts.scheme in ("http", "https"), url, f"leads to {parts.scheme or 'no'} scheme, "
            "only http and https are fetched")  # fmt: skip
    expect(bool(parts.hostname), url, "is not an address")


def _retry_after(header: str | None) -> float | None:
    if header is None:
        return None
    try:
        # Without urllib3's own limit: ours is checked, and told.
        return Retry(retry_after_max=10**9).parse_retry_after(header)
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _drain(answer: requests.Response) -> None:
    """Read the little that is left of a redirect or an error, so that the connection is kept."""
    if not answer.raw.closed and answer.status_code >= 300:
        left = answer.headers.get("Content-Length", "")
        if left.isdigit() and int(left) <= CHUNK:
            answer.raw.drain_conn()
