"""A loopback web server for a fixed set of answers, as strict and as helpful as a good real one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Answer(NamedTuple):
    """What a path answers: the media type it claims, and how to make its bytes."""

    media_type: str
    content: Callable[[], bytes]


def page(html: str) -> Answer:
    """An HTML page."""
    return Answer("text/html; charset=utf-8", html.encode)


@contextmanager
def serving(answers: Mapping[str, Answer]) -> Iterator[str]:
    """Serve on a free loopback port; gives the address without a slash at its end.

    The mapping may still be filled afterwards. Answers carry an ETag, and 304 is given where it is
    still the one that was asked with.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 64 * 1024  # head and body in one packet, else each answer waits for an ack

        def do_GET(self) -> None:
            answer = answers.get(unquote(urlsplit(self.path).path))
            if answer is None:
                self.send_error(404)
                return
            body = answer.content()
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            unchanged = self.headers.get("If-None-Match") == tag
            self.send_response(304 if unchanged else 200)
            self.send_header("ETag", tag)
            if not unchanged:
                self.send_header("Content-Type", answer.media_type)
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not unchanged:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The collector keeps a log of its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="demo site", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
