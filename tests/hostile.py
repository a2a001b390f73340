"""A web server whose every path misbehaves in a way of its own, on raw sockets."""

from __future__ import annotations

import contextlib
import gzip
import io
import socket
import socketserver
import ssl
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import unquote

import numpy as np
from PIL import Image

from pipeline.sections.http import HttpLimits

LIMITS = HttpLimits(
    contact="", concurrency=8, per_host=8, delay=0.0, connect_timeout=2.0, read_timeout=2.0,
    max_seconds=5.0, retries=1, backoff=0.01, max_wait=2.0, max_redirects=3,
    max_page_bytes=100_000, max_picture_bytes=1_000_000,
)  # fmt: skip
"""Impatient, for servers that answer at once or never."""


def limits(**changes: object) -> HttpLimits:
    """Those, with changes."""
    return LIMITS.model_copy(update=changes)


Behaviour = Callable[["Exchange"], None]


def jpeg(seed: int, width: int = 96, height: int = 80, quality: int = 90) -> bytes:
    """A picture that looks like no other one."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=quality)
    return stream.getvalue()


@dataclass
class Request:
    """What was asked, by its path, with header names in lower case."""

    path: str
    headers: Mapping[str, str]


class Exchange:
    """One request, and the raw wire to answer on."""

    def __init__(self, request: Request, count: int, wire: socket.socket) -> None:
        self.request, self.count, self._wire = request, count, wire
        self.path, self.headers = request.path, request.headers
        self.close = False

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._wire.sendall(data)

    def head(self, status: str = "200 OK", **headers: object) -> None:
        """Send a status line and headers; `content_length=5` becomes `Content-Length: 5`."""
        lines = [f"HTTP/1.1 {status}"]
        lines += [f"{key.replace('_', '-').title()}: {value}" for key, value in headers.items()]
        self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def send(self, body: bytes, status: str = "200 OK", **headers: object) -> None:
        """A whole and honest answer."""
        self.head(status, content_length=len(body), **headers)
        self.raw(body)

    def range_start(self) -> int | None:
        """Where the range that is asked for begins."""
        value = self.headers.get("range", "")
        return int(value.removeprefix("bytes=").removesuffix("-")) if value else None

    def reset(self) -> None:
        """Break the connection off with RST."""
        self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._wire.close()
        raise ConnectionAbortedError

    def hang_up(self) -> None:
        """Close the connection."""
        raise ConnectionAbortedError


@dataclass
class Hostile:
    """The running server.

    Attributes:
        address: Its base address.
        requests: Everything that was asked so far.
    """

    address: str
    behaviours: dict[str, Behaviour]
    requests: list[Request] = field(default_factory=list)

    def asked(self, path: str) -> list[Request]:
        """The requests for one path."""
        return [request for request in self.requests if request.path == path]


@contextmanager
def hostile(
    behaviours: dict[str, Behaviour], tls: ssl.SSLContext | None = None
) -> Iterator[Hostile]:
    """Serve; what has no behaviour is 404."""
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire: socket.socket = self.request
            with contextlib.suppress(OSError, ValueError):
                if tls is not None:
                    wire = tls.wrap_socket(wire, server_side=True)
                stream = wire.makefile("rb")
                while (request := _read(stream)) is not None:
                    with lock:
                        counts[request.path] += 1
                        count = counts[request.path]
                        state.requests.append(request)
                    exchange = Exchange(request, count, wire)
                    behaviours.get(request.path, missing)(exchange)
                    if exchange.close:
                        break
            with contextlib.suppress(OSError):
                wire.close()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as server:
        scheme = "https" if tls else "http"
        host = "localhost" if tls else "127.0.0.1"
        state = Hostile(f"{scheme}://{host}:{server.server_address[1]}", behaviours)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def _read(stream: io.BufferedReader) -> Request | None:
    line = stream.readline().decode("latin-1")
    if not line.strip():
        return None
    headers = {}
    while (header := stream.readline().decode("latin-1").strip()) != "":
        key, _, value = header.partition(":")
        headers[key.lower()] = value.strip()
    return Request(unquote(line.split()[1]), headers)


def missing(exchange: Exchange) -> None:
    exchange.send(b"no such page", "404 Not Found")


def good(body: bytes, **headers: object) -> Behaviour:
    """An honest picture or page."""
    return lambda exchange: exchange.send(body, **headers)


def first(*behaviours: Behaviour) -> Behaviour:
    """One after another, request by request; the last one from then on."""
    return lambda exchange: behaviours[min(exchange.count, len(behaviours)) - 1](exchange)


def status(line: str, **headers: object) -> Behaviour:
    """A failure."""
    return lambda exchange: exchange.send(b"sorry", line, **headers)


def redirect(target: str) -> Behaviour:
    """To an address or path."""
    return lambda exchange: exchange.send(b"", "302 Found", location=target)


def rested(seconds: int) -> str:
    """A Retry-After date."""
    return formatdate(time.time() + seconds, usegmt=True)


def resumable(body: bytes, stops: int, how: str = "reset") -> Behaviour:
    """Breaks off in mid-body, and goes on where it is asked to."""

    def behave(exchange: Exchange) -> None:
        start = exchange.range_start()
        if start is None or exchange.headers.get("if-range") != '"v1"':
            exchange.head(content_length=len(body), etag='"v1"', accept_ranges="bytes")
            exchange.raw(body[:stops])
            time.sleep(0.05)  # let the first half arrive before the wire breaks
            exchange.reset() if how == "reset" else exchange.hang_up()
        exchange.head(
            "206 Partial Content",
            content_length=len(body) - start,
            content_range=f"bytes {start}-{len(body) - 1}/{len(body)}",
            etag='"v1"',
        )
        exchange.raw(body[start:])

    return behave


def wrong_range(body: bytes, content_range: str) -> Behaviour:
    """Answers a range with another one; whole again afterwards."""

    def behave(exchange: Exchange) -> None:
        if exchange.count == 1:
            exchange.head(content_length=len(body), etag='"v1"', accept_ranges="bytes")
            exchange.raw(body[: len(body) // 2])
            time.sleep(0.05)
            exchange.hang_up()
        elif exchange.range_start() is not None:
            half = body[: len(body) // 2]
            exchange.send(half, "206 Partial Content", content_range=content_range)
        else:
            exchange.send(body, etag='"v1"')

    return behave


def changed_meanwhile(old: bytes, new: bytes) -> Behaviour:
    """Breaks off, and is another file when asked to go on."""

    def behave(exchange: Exchange) -> None:
        if exchange.count == 1:
            exchange.head(content_length=len(old), etag='"old"', accept_ranges="bytes")
            exchange.raw(old[: len(old) // 2])
            time.sleep(0.05)
            exchange.hang_up()
        assert exchange.headers.get("if-range") == '"old"'
        exchange.send(new, etag='"new"')

    return behave


def unsatisfiable(body: bytes) -> Behaviour:
    """416 to every range."""

    def behave(exchange: Exchange) -> None:
        if exchange.range_start() is not None:
            exchange.send(b"", "416 Range Not Satisfiable")
        elif exchange.count == 1:
            exchange.head(content_length=len(body), etag='"v1"')
            exchange.raw(body[:100])
            time.sleep(0.05)
            exchange.hang_up()
        else:
            exchange.send(body, etag='"v1"')

    return behave


def chunked(body: bytes) -> Behaviour:
    """Without a length."""

    def behave(exchange: Exchange) -> None:
        exchange.head(transfer_encoding="chunked")
        for start in range(0, len(body), 500):
            part = body[start : start + 500]
            exchange.raw(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        exchange.raw(b"0\r\n\r\n")

    return behave


def endless(exchange: Exchange) -> None:
    """Never ends."""
    exchange.head(content_type="image/jpeg")
    while True:
        exchange.raw(bytes(64 * 1024))


def endless_redirect(target: str) -> Behaviour:
    """Elsewhere, and a body that never ends."""

    def behave(exchange: Exchange) -> None:
        exchange.head("302 Found", location=target)
        while True:
            exchange.raw(bytes(64 * 1024))

    return behave


def longer(body: bytes) -> Behaviour:
    """More bytes than announced."""

    def behave(exchange: Exchange) -> None:
        exchange.head(content_length=len(body))
        exchange.raw(body + b"and then some more, which nobody asked for")

    return behave


def shorter(body: bytes) -> Behaviour:
    """Fewer bytes than announced, always, and no way to go on."""

    def behave(exchange: Exchange) -> None:
        exchange.head(content_length=len(body))
        exchange.raw(body[: len(body) // 2])
        exchange.hang_up()

    return behave


def dripping(exchange: Exchange) -> None:
    """A byte now and then, for ever: no silence is ever too long."""
    exchange.head(content_length=100_000)
    while True:
        exchange.raw(b"x")
        time.sleep(0.05)


def dripping_head(exchange: Exchange) -> None:
    """Likewise, but never gets past the headers."""
    exchange.raw(b"HTTP/1.1 200 OK\r\n")
    while True:
        exchange.raw(b"X")
        time.sleep(0.05)


def silent(exchange: Exchange) -> None:
    """Takes the request and says nothing."""
    time.sleep(60)


def garbage(exchange: Exchange) -> None:
    """Speaks no HTTP."""
    exchange.raw(b"\x00\xff\x13 hello\r\n\r\n")
    exchange.hang_up()


def hangs_up(exchange: Exchange) -> None:
    """Closes without a word."""
    exchange.hang_up()


def gzip_bomb() -> Behaviour:
    """200 MB of zeros in 200 kB."""
    packed = gzip.compress(bytes(200 * 1024 * 1024), compresslevel=1)
    return lambda exchange: exchange.send(packed, content_encoding="gzip")


def png_bomb() -> bytes:
    """A small PNG that claims to be of 50,000 × 50,000 pixels."""

    def piece(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", header) + piece(b"IDAT", pixels) + piece(b"IEND", b"")
    )
