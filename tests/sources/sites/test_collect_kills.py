"""Collecting is killed at twenty random moments: nothing complete is fetched twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import hostile as h

pytestmark = pytest.mark.long
PICTURES, KILLS, CONNECTIONS = 500, 20, 8
SCRIPT = """
import sys
from pathlib import Path
from pipeline.sources.sites.collect import collect_sites
from pipeline.sections.http import HttpLimits
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import write_collection
from pipeline.sources.progress import Meter
from pipeline.sections.sites import Site
from pipeline.sources.sites.store import Store

address, folder = sys.argv[1], Path(sys.argv[2])
site = Site(start=[f"{address}/"], pictures="img@src", next="a@href")
limits = HttpLimits(
    contact="", concurrency=8, per_host=8, delay=0.0, connect_timeout=5.0, read_timeout=20.0,
    max_seconds=60.0, retries=2, backoff=0.1, max_wait=5.0, max_redirects=3,
    max_page_bytes=10**6, max_picture_bytes=10**6,
)
with Store(folder / "store") as store, PoliteSession(limits) as session, Meter("test") as meter:
    entries = collect_sites({"s": site}, {"s": site.start}, session, store, meter)
write_collection(folder / "out", entries, min_side=16, near_duplicate_bits=0)
"""


def resumable_slowly(body: bytes, number: int) -> h.Behaviour:
    """In two pieces with a pause between, so that some are killed in the middle."""
    tag = f'"{number}"'

    def behave(exchange: h.Exchange) -> None:
        start = exchange.range_start() if exchange.headers.get("if-range") == tag else None
        rest = body[start or 0 :]
        if start is None:
            exchange.head(content_length=len(body), etag=tag)
        else:
            place = f"bytes {start}-{len(body) - 1}/{len(body)}"
            exchange.head("206 Partial Content", content_length=len(rest), content_range=place)
        exchange.raw(rest[: len(rest) // 2])
        time.sleep(0.02)
        exchange.raw(rest[len(rest) // 2 :])

    return behave


def pages() -> dict[str, h.Behaviour]:
    answers: dict[str, h.Behaviour] = {}
    for start in range(0, PICTURES, 100):
        shown = "".join(f'<img src="/{n}.jpg">' for n in range(start, start + 100))
        onward = f'<a href="/list/{start + 100}">more</a>' if start + 100 < PICTURES else ""
        answers[f"/list/{start}" if start else "/"] = h.good(f"{shown}{onward}".encode())
    return answers | {
        f"/{n}.jpg": resumable_slowly(h.jpeg(n, 160, 120), n) for n in range(PICTURES)
    }


def start(address: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT, address, str(folder)])


def content(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def asked_since(server: h.Hostile, seen: int) -> list[str]:
    return [request.path for request in server.requests[seen:] if request.path.endswith(".jpg")]


def test_killed_twenty_times_and_as_good_as_undisturbed(tmp_path: Path) -> None:
    rng = random.Random(7)
    with h.hostile(pages()) as server:
        assert start(server.address, tmp_path / "plain").wait() == 0
        begin, complete, killed = len(server.requests), set[str](), 0
        while killed < KILLS:
            seen = len(server.requests)
            process = start(server.address, tmp_path / "killed")
            while not asked_since(server, seen):
                assert process.poll() is None, "it was over before it could be killed"
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.06))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
            assert not complete & set(asked_since(server, seen))
            complete |= complete_on_disk(tmp_path / "killed/store/pictures")
            assert not (tmp_path / "killed/out").exists()
        assert 0 < len(complete) < PICTURES
        seen = len(server.requests)
        assert start(server.address, tmp_path / "killed").wait() == 0
        assert not complete & set(asked_since(server, seen))
        asked = server.requests[begin:]
        whole = [r for r in asked if r.path.endswith(".jpg") and "range" not in r.headers]
        resumed = [r for r in asked if "range" in r.headers]
    assert PICTURES <= len(whole) <= PICTURES + KILLS * CONNECTIONS
    assert resumed, "some were gone on with in mid-body"
    assert content(tmp_path / "killed/out") == content(tmp_path / "plain/out")
    assert len(content(tmp_path / "killed/out")) == PICTURES + 2


def complete_on_disk(folder: Path) -> set[str]:
    """The paths of the pictures that are whole, found by their bytes."""
    paths = {h.jpeg(n, 160, 120): f"/{n}.jpg" for n in range(PICTURES)}
    bodies = [file.read_bytes() for file in folder.iterdir() if "." not in file.name]
    return {paths[body] for body in bodies}
