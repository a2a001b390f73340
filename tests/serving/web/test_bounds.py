"""What is too large, too slow or too many is sent away, and the rest is finished."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from pipeline.serving.web import Limits
from tests.serving.web.house import GatedStudio, picture, serving

SMALL = Limits(upload_bytes=2**20, pixels=100_000)


@pytest.fixture(scope="module")
def small(web_models: Path) -> Iterator[httpx.Client]:
    """A server that takes a megabyte and a tenth of a megapixel; nobody waits at its gate."""
    studio = GatedStudio.of(web_models)
    studio.gate.set()
    with serving(studio, SMALL) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture
def gated(web_models: Path) -> Iterator[GatedStudio]:
    """A studio whose gate is closed, and open at the latest when the test is over."""
    studio = GatedStudio.of(web_models)
    yield studio
    studio.gate.set()


def until(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("waited for half a minute")


def waiting(address: str) -> int:
    return int(httpx.get(f"{address}/healthz", timeout=30).json()["waiting"])


def post(address: str, image: bytes, seconds: float = 60) -> httpx.Response:
    return httpx.post(f"{address}/api/cutout", files={"image": image}, timeout=seconds)


def chunks(count: int) -> Iterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    for _ in range(count):
        yield bytes(65536)
    yield b"\r\n--x--\r\n"


@pytest.mark.parametrize("length", ["announced", "chunked"])
def test_an_upload_that_is_too_large_is_refused_and_its_sender_can_read_so(
    small: httpx.Client, length: str
) -> None:
    if length == "announced":
        answer = small.post("/api/cutout", files={"image": bytes(8 * 2**20)})
    else:
        kind = {"content-type": "multipart/form-data; boundary=x"}
        answer = small.post("/api/cutout", content=chunks(128), headers=kind)
    assert answer.status_code == 413
    assert "1 MiB" in answer.json()["detail"]


def test_what_announces_too_much_is_refused_before_it_is_sent(small: httpx.Client) -> None:
    where = urlsplit(str(small.base_url))
    head = (
        "POST /api/cutout HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "", where.port or 0), 30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_too_many_pixels_are_refused_by_their_header(small: httpx.Client) -> None:
    assert post(str(small.base_url), picture(316, 316, kind="jpeg")).status_code == 200
    answer = post(str(small.base_url), picture(317, 317, kind="jpeg"))
    assert answer.status_code == 413
    assert "317" in answer.json()["detail"]


def test_long_text_fields_and_many_of_them_are_refused(small: httpx.Client) -> None:
    files = {"image": picture()}
    answer = small.post("/api/cutout", files=files, data={"background": "x" * 5000})
    assert answer.status_code == 400
    many = {f"field{number}": "x" for number in range(99)}
    assert small.post("/api/cutout", files=files, data=many).status_code == 400


def test_who_finds_no_place_is_sent_away_at_once_and_the_accepted_are_finished(
    gated: GatedStudio,
) -> None:
    with serving(gated, Limits(places=3)) as address, ThreadPoolExecutor(3) as pool:
        accepted = [pool.submit(post, address, picture(60 + n, 80)) for n in range(3)]
        until(lambda: waiting(address) == 3)
        refused = post(address, picture())
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert not any(one.done() for one in accepted)
        gated.gate.set()
        assert [one.result().status_code for one in accepted] == [200] * 3
        until(lambda: waiting(address) == 0)
        assert post(address, picture()).status_code == 200
    assert len(gated.begun) == 4


def test_who_leaves_before_their_turn_is_dropped(gated: GatedStudio) -> None:
    with serving(gated, Limits(places=2)) as address, ThreadPoolExecutor(1) as pool:
        first: Future[httpx.Response] = pool.submit(post, address, picture(60, 80))
        until(lambda: len(gated.begun) == 1)
        with pytest.raises(httpx.ReadTimeout):
            post(address, picture(61, 80), seconds=0.5)
        until(lambda: waiting(address) == 1)
        gated.gate.set()
        assert first.result().status_code == 200
        assert post(address, picture(62, 80)).status_code == 200
    assert gated.begun == [(60, 80), (62, 80)]


def test_who_leaves_during_the_work_keeps_the_place_until_it_is_over(gated: GatedStudio) -> None:
    with serving(gated, Limits(places=1)) as address:
        with pytest.raises(httpx.ReadTimeout):
            post(address, picture(), seconds=0.5)
        until(lambda: len(gated.begun) == 1)
        assert post(address, picture()).status_code == 503
        gated.gate.set()
        until(lambda: waiting(address) == 0)
        assert post(address, picture()).status_code == 200


def test_work_and_waiting_end_with_the_time(gated: GatedStudio) -> None:
    with serving(gated, Limits(seconds=1.0)) as address, ThreadPoolExecutor(2) as pool:
        at_work = pool.submit(post, address, picture())
        until(lambda: len(gated.begun) == 1)
        behind = pool.submit(post, address, picture())
        assert at_work.result().status_code == 504
        assert behind.result().status_code == 503
        assert "retry-after" in behind.result().headers
        assert at_work.result().headers["content-type"] == "application/problem+json"
        until(lambda: httpx.get(f"{address}/healthz").status_code == 503)
        assert httpx.get(f"{address}/healthz").json()["status"] == "stuck"
        gated.gate.set()
        until(lambda: httpx.get(f"{address}/healthz").status_code == 200)


def test_an_upload_that_dawdles_is_ended(web_models: Path) -> None:
    limits = Limits(seconds=0.5, places=1)
    with serving(GatedStudio.of(web_models), limits) as address:
        where = urlsplit(address)
        head = (
            "POST /api/cutout HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        with socket.create_connection((where.hostname or "", where.port or 0), 30) as connection:
            connection.sendall(head.encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")
            until(lambda: waiting(address) == 0)
