"""Collecting 500 pictures of 100 kB from a server that takes 20 ms to answer.

The server is a process of its own, and keeps connections open. Every way writes each picture to a
file; ours also checks that it decodes, hashes it twice, and keeps a journal and a log.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import multiprocessing
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import requests
from PIL import Image

from pipeline.sections.http import HttpLimits
from pipeline.sections.sites import Site
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.progress import Meter
from pipeline.sources.sites.collect import collect_sites
from pipeline.sources.sites.store import Store
from tests.benchmarks.measure import Timing, compare

PICTURES, LATENCY, CONNECTIONS = 500, 0.02, 8


def picture(number: int) -> bytes:
    """About 100 kB: smooth colours and noise, as a photo has them."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((480, 320), Image.Resampling.BICUBIC), dtype=np.float32)
    noisy = np.clip(smooth + rng.normal(0, 14, smooth.shape), 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noisy).save(stream, format="JPEG", quality=96)
    return stream.getvalue()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection: `/` lists the pictures, `/<n>.jpg` is one."""
    page = "".join(f'<img src="/{n}.jpg">' for n in range(PICTURES)).encode()
    while request := await reader.readline():
        while (await reader.readline()).strip():
            pass
        path = request.decode().split()[1]
        await asyncio.sleep(LATENCY)
        number = path.strip("/.jpg")
        body = BODIES[int(number)] if number.isdigit() else page if path == "/" else b""
        status = "200 OK" if body else "404 Not Found"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


BODIES: list[bytes] = []


def serve(tell: Connection) -> None:
    """Run the server for ever."""
    BODIES.extend(picture(number) for number in range(PICTURES))

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        tell.send((server.sockets[0].getsockname()[1], sum(map(len, BODIES)) / PICTURES))
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def server() -> Iterator[str]:
    """The address of a running server."""
    hear, tell = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(tell,), daemon=True)
    process.start()
    port, _ = hear.recv()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()


def plainly(address: str, folder: Path, threads: int) -> None:
    """requests with one session: read the page, then fetch and write."""
    session = requests.Session()

    def fetch(name: str) -> None:
        body = session.get(f"{address}/{name}", timeout=10).content
        (folder / name).write_bytes(body)

    with session, ThreadPoolExecutor(threads) as pool:
        names = re.findall(r'src="/(.*?)"', session.get(f"{address}/", timeout=10).text)
        list(pool.map(fetch, names))


def collected(address: str, folder: Path) -> None:
    """Our way, from the page to a store that knows all pictures."""
    limits = HttpLimits(
        contact="", concurrency=CONNECTIONS, per_host=CONNECTIONS, delay=0.0, connect_timeout=5.0,
        read_timeout=10.0, max_seconds=60.0, retries=2, backoff=0.1, max_wait=5.0,
        max_redirects=3, max_page_bytes=10**6, max_picture_bytes=10**6,
    )  # fmt: skip
    site = Site(start=[f"{address}/"], pictures="img@src")
    with Store(folder / "store") as store, PoliteSession(limits) as session, Meter("") as meter:
        entries = collect_sites({"s": site}, {"s": site.start}, session, store, meter)
    assert len(entries) == PICTURES


def collecting() -> list[Timing]:
    """One by one, in eight threads, and with all the care taken."""
    with server() as address, tempfile.TemporaryDirectory() as place:
        numbers = itertools.count()

        def folder() -> Path:
            fresh = Path(place) / str(next(numbers))
            fresh.mkdir()
            return fresh

        return compare(
            "500 pictures of 100 kB, 20 ms away",
            {
                "requests, one by one": lambda: plainly(address, folder(), 1),
                "requests in 8 threads": lambda: plainly(address, folder(), CONNECTIONS),
                "collected over 8 connections": lambda: collected(address, folder()),
            },
            rounds=3,
        )
