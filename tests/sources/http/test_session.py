"""The polite session by itself: pace, patience, robots, certificates, places, interruption."""

from __future__ import annotations

import datetime
import resource
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.sources.http.addresses import Zone, without_loopback_port, zone_of, zones_of
from pipeline.sources.http.failures import FetchFailed, Stopped
from pipeline.sources.http.session import PoliteSession
from tests import hostile as h

LIMITS = h.LIMITS


def fetch(session: PoliteSession, address: str, path: str) -> bytes:
    body = session.page(f"{address}{path}", zones_of([address])).body
    assert body is not None
    return body


class Traffic:
    """How many requests run at a time, and when each began."""

    def __init__(self) -> None:
        self.running, self.most, self.starts = 0, 0, list[float]()
        self._lock = threading.Lock()

    def behave(self, exchange: h.Exchange) -> None:
        with self._lock:
            self.starts.append(time.monotonic())
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.1)
        with self._lock:
            self.running -= 1
        exchange.send(b"fine")


def ask_often(session: PoliteSession, address: str, times: int) -> None:
    with ThreadPoolExecutor(times) as threads:
        list(threads.map(lambda n: fetch(session, address, "/busy"), range(times)))


def test_no_more_connections_to_a_host_than_allowed() -> None:
    traffic = Traffic()
    with h.hostile({"/busy": traffic.behave}) as server, PoliteSession(h.limits(per_host=3)) as one:
        ask_often(one, server.address, 12)
    assert traffic.most == 3


def test_no_more_requests_to_all_hosts_together_than_allowed() -> None:
    traffic = Traffic()
    with (
        h.hostile({"/busy": traffic.behave}) as here,
        h.hostile({"/busy": traffic.behave}) as there,
        PoliteSession(h.limits(concurrency=3)) as one,
        ThreadPoolExecutor(2) as threads,
    ):
        list(threads.map(lambda server: ask_often(one, server.address, 8), (here, there)))
    assert traffic.most == 3


def test_requests_to_a_host_keep_their_distance() -> None:
    traffic = Traffic()
    with h.hostile({"/busy": traffic.behave}) as server, PoliteSession(h.limits(delay=0.15)) as one:
        ask_often(one, server.address, 5)
    assert max(traffic.starts) - min(traffic.starts) > 4 * 0.15 - 0.1


def test_a_longer_crawl_delay_wins() -> None:
    traffic = Traffic()
    robots = h.good(b"User-agent: *\nCrawl-delay: 0.3\n")
    with (
        h.hostile({"/busy": traffic.behave, "/robots.txt": robots}) as server,
        PoliteSession(h.limits(delay=0.01)) as one,
    ):
        for _ in range(3):
            fetch(one, server.address, "/busy")
    assert max(traffic.starts) - min(traffic.starts) > 2 * 0.3 - 0.1


def test_a_crawl_delay_longer_than_we_wait_means_to_leave_it() -> None:
    robots = h.good(b"User-agent: clearscene\nCrawl-delay: 3600\n")
    with h.hostile({"/robots.txt": robots, "/": h.good(b"x")}) as server:
        with PoliteSession(LIMITS) as one, pytest.raises(FetchFailed, match=r"3600 s.*max_wait"):
            fetch(one, server.address, "/")
        assert server.asked("/") == []


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        (h.good(b"User-agent: *\nDisallow: /a\nAllow: /a/b\n"), "/a/b", True),
        (h.good(b"User-agent: *\nDisallow: /a\nAllow: /a/b\n"), "/a/c", False),
        (h.good(b"User-agent: clearscene\nDisallow: /\nUser-agent: *\nAllow: /"), "/a/b", False),
        (h.missing, "/a/b", True),
        (h.status("403 Forbidden"), "/a/b", True),
        (h.status("500 Internal Server Error"), "/a/b", False),
        (h.hangs_up, "/a/b", False),
        (h.redirect("/rules.txt"), "/a/b", False),
        (h.good(b"\xff\xfe\x00 no rules at all"), "/a/b", True),
        (h.good(b"#" * 600_000 + b"\nUser-agent: *\nDisallow: /"), "/a/b", True),
    ],
)  # fmt: skip
def test_robots(robots: h.Behaviour, path: str, allowed: bool) -> None:
    pages = {
        "/robots.txt": robots,
        "/rules.txt": h.good(b"User-agent: *\nDisallow: /\n"),
        path: h.good(b"x"),
    }
    with h.hostile(pages) as server, PoliteSession(LIMITS) as one:
        if allowed:
            assert fetch(one, server.address, path) == b"x"
        else:
            with pytest.raises(FetchFailed, match=r"robots\.txt"):
                fetch(one, server.address, path)
            assert server.asked(path) == []


def test_robots_are_read_once_a_site() -> None:
    with h.hostile({"/": h.good(b"x")}) as server, PoliteSession(LIMITS) as one:
        for _ in range(3):
            fetch(one, server.address, "/")
        assert len(server.asked("/robots.txt")) == 1


def test_a_host_that_wants_a_long_rest_is_left_alone() -> None:
    busy = h.status("429 Too Many Requests", retry_after=86_400)
    with h.hostile({"/a": busy, "/b": h.good(b"x")}) as server, PoliteSession(LIMITS) as one:
        for path in ("/a", "/b"):
            with pytest.raises(FetchFailed, match=r"wait longer than http\.max_wait"):
                fetch(one, server.address, path)
        assert len(server.asked("/a")) == 1
        assert server.asked("/b") == []


def test_retry_after_holds_for_the_whole_host() -> None:
    moments: list[float] = []

    def busy_once(exchange: h.Exchange) -> None:
        moments.append(time.monotonic())
        if exchange.count == 1:
            exchange.send(b"", "429 Too Many Requests", retry_after=1)
        else:
            exchange.send(b"x")

    def other(exchange: h.Exchange) -> None:
        moments.append(time.monotonic())
        exchange.send(b"x")

    with (
        h.hostile({"/a": busy_once, "/b": other}) as server,
        PoliteSession(LIMITS) as one,
        ThreadPoolExecutor(2) as threads,
    ):
        first = threads.submit(fetch, one, server.address, "/a")
        while not moments:
            time.sleep(0.01)
        time.sleep(0.1)
        second = threads.submit(fetch, one, server.address, "/b")
        assert first.result() == second.result() == b"x"
    assert min(moments[1:]) - moments[0] > 0.9


def test_pauses_grow_from_failure_to_failure() -> None:
    moments: list[float] = []

    def failing(exchange: h.Exchange) -> None:
        moments.append(time.monotonic())
        exchange.send(b"", "503 Service Unavailable")

    patient = h.limits(retries=3, backoff=0.2)
    with (
        h.hostile({"/": failing}) as server,
        PoliteSession(patient) as one,
        pytest.raises(FetchFailed, match="HTTP 503"),
    ):
        fetch(one, server.address, "/")
    pauses = [b - a for a, b in pairwise(moments)]
    assert len(pauses) == 3
    assert all(pause >= least for pause, least in zip(pauses, (0.2, 0.4, 0.8), strict=True))


def test_a_page_that_has_not_changed_is_not_sent_again() -> None:
    def behave(exchange: h.Exchange) -> None:
        if exchange.headers.get("if-none-match") == '"v1"':
            assert exchange.headers["if-modified-since"] == "Sat, 21 Nov 2026 00:00:00 GMT"
            exchange.head("304 Not Modified")
        else:
            exchange.send(b"x", etag='"v1"', last_modified="Sat, 21 Nov 2026 00:00:00 GMT")

    with h.hostile({"/": behave}) as server, PoliteSession(LIMITS) as one:
        zones = zones_of([server.address])
        first = one.page(server.address + "/", zones)
        assert one.page(server.address + "/", zones, first.validators).body is None


def test_a_page_may_be_compressed_but_not_a_bomb() -> None:
    with (
        h.hostile({"/": h.gzip_bomb()}) as server,
        PoliteSession(LIMITS) as one,
        pytest.raises(FetchFailed, match="larger than 100000 bytes"),
    ):
        fetch(one, server.address, "/")


@contextmanager
def secure(authority: trustme.CA, **options: object) -> Iterator[h.Hostile]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", **options).configure_cert(context)  # type: ignore[arg-type]
    with h.hostile({"/": h.good(b"safe")}, context) as server:
        yield server


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    with ExitStack() as stack:
        fine = stack.enter_context(secure(authority))
        expired = stack.enter_context(
            secure(authority, not_before=past, not_after=past + datetime.timedelta(days=1))
        )
        one = stack.enter_context(PoliteSession(LIMITS))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        assert fetch(one, fine.address, "/") == b"safe"
        with pytest.raises(FetchFailed, match="certificate has expired"):
            fetch(one, expired.address, "/")
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        with PoliteSession(LIMITS) as other, pytest.raises(FetchFailed, match="certificate: "):
            fetch(other, fine.address, "/")


def test_stop_ends_what_runs_and_what_waits_and_the_next_call_goes_on(tmp_path: Path) -> None:
    body = h.jpeg(1, 400, 300)
    file = tmp_path / "picture"

    def slow_then_rest(exchange: h.Exchange) -> None:
        start = exchange.range_start()
        if start is not None:
            exchange.send(body[start:], "206 Partial Content", etag='"v1"',
                          content_range=f"bytes {start}-{len(body) - 1}/{len(body)}")  # fmt: skip
            return
        exchange.head(content_length=len(body), etag='"v1"')
        exchange.raw(body[:2000])
        time.sleep(30)

    def download(session: PoliteSession, path: str, target: Path) -> None:
        session.download(server.address + path, target, zones, max_bytes=10**6, max_seconds=20)

    with h.hostile({"/slow": slow_then_rest, "/other": h.good(body)}) as server:
        zones = zones_of([server.address])
        with (
            PoliteSession(h.limits(per_host=1, read_timeout=20.0)) as one,
            ThreadPoolExecutor(2) as threads,
        ):
            runs = threads.submit(download, one, "/slow", file)
            while not (tmp_path / "picture.part").exists():
                time.sleep(0.01)
            waits = threads.submit(download, one, "/other", tmp_path / "other")
            time.sleep(0.1)
            start = time.monotonic()
            one.stop.set()
            for job in (runs, waits):
                with pytest.raises(Stopped):
                    job.result()
            assert time.monotonic() - start < 5
        assert not file.exists()
        with PoliteSession(LIMITS) as again:
            download(again, "/slow", file)
    assert file.read_bytes() == body
    assert [path.name for path in tmp_path.iterdir()] == ["picture"]


def test_a_whole_part_is_taken_without_asking_again(tmp_path: Path) -> None:
    """Killed between the last byte and the renaming."""
    body = h.jpeg(2)
    with h.hostile({"/p": h.resumable(body, len(body) - 1)}) as server:
        zones = zones_of([server.address])
        with PoliteSession(h.limits(retries=0)) as one, pytest.raises(FetchFailed):
            one.download(f"{server.address}/p", tmp_path / "p", zones,
                         max_bytes=10**6, max_seconds=5)  # fmt: skip
        with (tmp_path / "p.part").open("ab") as part:
            part.write(body[-1:])
        seen = len(server.requests)
        with PoliteSession(LIMITS) as one:
            one.download(f"{server.address}/p", tmp_path / "p", zones,
                         max_bytes=10**6, max_seconds=5)  # fmt: skip
        assert (tmp_path / "p").read_bytes() == body
        assert len(server.requests) == seen


@pytest.mark.parametrize("note", ["", "{", '{"etag": 1}', "[]", '{"length": "x"}'])
def test_a_torn_note_beside_a_part_means_to_start_over(tmp_path: Path, note: str) -> None:
    body = h.jpeg(3)
    (tmp_path / "p.part").write_bytes(b"something else")
    (tmp_path / "p.part.json").write_text(note)
    with h.hostile({"/p": h.good(body)}) as server, PoliteSession(LIMITS) as one:
        one.download(f"{server.address}/p", tmp_path / "p", zones_of([server.address]),
                     max_bytes=10**6, max_seconds=5)  # fmt: skip
        assert "range" not in server.asked("/p")[0].headers
    assert (tmp_path / "p").read_bytes() == body


def test_a_full_disk_is_told_and_is_no_broken_connection(tmp_path: Path) -> None:
    """The limit on the size of files stands for the full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with h.hostile({"/p": h.good(h.jpeg(4, 400, 300))}) as server, PoliteSession(LIMITS) as one:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        try:
            with pytest.raises(PipelineError, match="cannot be written") as caught:
                one.download(f"{server.address}/p", tmp_path / "p", zones_of([server.address]),
                             max_bytes=10**6, max_seconds=5)  # fmt: skip
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert len(server.asked("/p")) == 1
    assert not isinstance(caught.value, FetchFailed)


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("127.0.0.1", Zone.LOOPBACK), ("127.8.9.1", Zone.LOOPBACK), ("::1", Zone.LOOPBACK),
        ("::ffff:127.0.0.1", Zone.LOOPBACK), ("64:ff9b::7f00:1", Zone.LOOPBACK),
        ("10.0.0.1", Zone.PRIVATE), ("192.168.1.1", Zone.PRIVATE), ("172.16.0.1", Zone.PRIVATE),
        ("fd00::1", Zone.PRIVATE), ("2002:c0a8:0101::", Zone.PRIVATE),
        ("169.254.169.254", Zone.OTHER), ("0.0.0.0", Zone.OTHER), ("224.0.0.1", Zone.OTHER),
        ("fe80::1%eth0", Zone.OTHER), ("100.64.0.1", Zone.OTHER), ("::", Zone.OTHER),
        ("8.8.8.8", Zone.PUBLIC), ("2606:4700::1111", Zone.PUBLIC),
    ],
)  # fmt: skip
def test_zones(address: str, zone: Zone) -> None:
    assert zone_of(address) is zone


def test_a_public_start_does_not_lead_into_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by a name: whatever it resolves to is checked before the connection."""
    real = socket.getaddrinfo

    def resolve(host: object, *args: object, **options: object) -> object:
        return real("127.0.0.1" if host == "evil.example" else host, *args, **options)  # type: ignore[arg-type, call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with h.hostile({"/": h.good(b"secret")}) as server, PoliteSession(LIMITS) as one:
        port = server.address.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "evil.example"):
            with pytest.raises(FetchFailed, match="loopback address"):
                one.page(f"http://{host}:{port}/", frozenset({Zone.PUBLIC}))
        assert server.requests == []


def test_a_proxy_of_the_environment_is_asked_and_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {
        "http://gallery.example/": h.good(b"by proxy"),
        "http://gallery.example/drip": h.dripping,
    }
    with h.hostile(pages) as proxy, PoliteSession(h.limits(max_seconds=0.5)) as one:
        monkeypatch.setenv("http_proxy", proxy.address)
        public = frozenset({Zone.PUBLIC})
        assert one.page("http://gallery.example/", public).body == b"by proxy"
        with pytest.raises(FetchFailed, match="took too long"):
            one.page("http://gallery.example/drip", public)


def test_a_connection_that_is_kept_open_is_checked_anew() -> None:
    with h.hostile({"/": h.good(b"secret")}) as server, PoliteSession(LIMITS) as one:
        assert fetch(one, server.address, "/") == b"secret"
        with pytest.raises(FetchFailed, match="loopback address"):
            one.page(f"{server.address}/", frozenset({Zone.PUBLIC}))
        assert len(server.asked("/")) == 1


@given(port=st.integers(1, 65535), path=st.text("abc/%=&", max_size=20))
def test_manifests_do_not_know_loopback_ports(port: int, path: str) -> None:
    assert without_loopback_port(f"http://127.0.0.1:{port}/{path}") == f"http://127.0.0.1/{path}"
    assert without_loopback_port(f"http://[::1]:{port}/{path}") == f"http://[::1]/{path}"
    kept = f"https://example.org:{port}/{path}"
    assert without_loopback_port(kept) == kept
