"""From an answer to bytes: bodies within a limit, and ranges that must fit what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from pipeline.sources.http.failures import FetchFailed, expect
from pipeline.sources.http.part import UNKNOWN, Part, Validators

CHUNK = 64 * 1024
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


def body(answer: requests.Response, limit: int) -> Iterator[bytes]:
    """The body as it arrives, decompressed; never more than `limit` bytes."""
    announced = answer.headers.get("Content-Length", "")
    too_large = f"larger than {limit} bytes"
    expect(not (announced.isdigit() and int(announced) > limit), answer.url, too_large)
    total = 0
    # read1 and not read: that one waits until the whole chunk is there, however slowly it drips.
    while chunk := answer.raw.read1(CHUNK, decode_content=True):
        total += len(chunk)
        expect(total <= limit, answer.url, too_large)
        yield chunk


def first(chunks: Iterator[bytes], limit: int) -> bytes:
    """No more than the beginning."""
    kept = b""
    for chunk in chunks:
        kept += chunk
        if len(kept) >= limit:
            break
    return kept[:limit]


def range_headers(part: Part) -> dict[str, str]:
    """Headers that ask for what the part lacks, if the file is still the same."""
    if not part.size:
        return {}
    headers = {"Range": f"bytes={part.size}-"}
    if part.validators.if_range:
        headers["If-Range"] = part.validators.if_range
    return headers


@contextmanager
def without_range_once_refused(part: Part) -> Iterator[None]:
    """A server that cannot give the range is asked for the whole file next time."""
    try:
        yield
    except FetchFailed as problem:
        if problem.reason == "HTTP 416" and part.size:
            part.discard()
            problem.passing = True
        raise


def prepare(part: Part, answer: requests.Response, url: str) -> None:
    """See that what comes fits the part; else forget the part.

    Raises:
        FetchFailed: It does not.
    """
    size, status, headers = part.size, answer.status_code, answer.headers
    if status == 200:
        plain = headers.get("Content-Encoding", "identity").strip().lower() in ("", "identity")
        length = headers.get("Content-Length", "")
        part.begin(
            Validators.of(headers) if plain else UNKNOWN,
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


def receive(part: Part, answer: requests.Response, url: str, max_bytes: int) -> None:
    """Take the body into the part.

    Raises:
        FetchFailed: It is empty, too large, or not as long as announced.
    """
    size = part.size
    with part.appending() as write:
        for chunk in body(answer, max_bytes - size):
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
