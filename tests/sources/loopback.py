"""A server on this machine that gives out files and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pipeline.sections.http import HttpLimits

LIMITS = HttpLimits(
    contact="", concurrency=8, per_host=4, delay=0.0, connect_timeout=2.0, read_timeout=2.0,
    max_seconds=10.0, retries=0, backoff=0.0, max_wait=1.0, max_redirects=2,
    max_page_bytes=1_000_000, max_picture_bytes=1_000_000,
)  # fmt: skip


class Loopback:
    """Gives `files` by path; breaks off after `cut` bytes of an answer, once.

    Attributes:
        asked: Paths and ranges of all requests but those for robots.txt.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.cut = 0
        self.url = ""


@contextmanager
def serving(server: Loopback) -> Iterator[Loopback]:
    """Let it answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/robots.txt":
                server.asked.append((self.path, self.headers.get("Range", "")))
            body = server.files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("ETag", f'"{hash(body)}"')
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            cut, server.cut = server.cut, 0
            self.wfile.write(body[start : start + cut] if cut else body[start:])
            if cut:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
