"""What comes in: counted while it comes, kept in memory, never on disk."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from typing import NamedTuple

from fastapi import Request
from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.serving.web.line import ClientGone, Place
from pipeline.serving.web.problems import Problem, Wrong

LINGER = 10.0
"""Seconds for which the rest of a refused upload is read, so that its sender sees the answer."""


class Sent(NamedTuple):
    """A picture as it was sent.

    Attributes:
        content: Its bytes.
        name: What the sender calls it.
    """

    content: bytes
    name: str


class InMemory(MultiPartParser):
    """Starlette's parser, which writes parts beyond 1 MB to a temporary file, without that."""

    spool_max_size = sys.maxsize


class Intake:
    """Refuses bodies that are too large, and lets those who send them read the answer.

    A server that answers and closes while the client is still sending resets the connection, and
    most clients then report the reset and not the answer. So the rest is read and thrown away.

    Args:
        app: What answers.
        upload_bytes: Of one request.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self.app, self.upload_bytes = app, upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            body = _Body(scope, receive, send, self.upload_bytes)
            await self.app(scope, body.receive, body.send)
        else:
            await self.app(scope, receive, send)


class _Body:
    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        headers = Headers(scope=scope)
        self._receive, self._send, self._limit = receive, send, limit
        self._announced = int(headers.get("content-length", "0"))
        self._waits = headers.get("expect", "").lower() == "100-continue"
        self._more = self._announced > 0 or "transfer-encoding" in headers
        self._count = 0

    async def receive(self) -> Message:
        if self._announced > self._limit:
            raise self._too_large()
        message = await self._next()
        if self._count > self._limit:
            raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        last = message["type"] == "http.response.body" and not message.get("more_body")
        if last and self._more and not self._waits:
            await self._send({**message, "more_body": True})
            await self._drain()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _next(self) -> Message:
        message = await self._receive()
        self._waits = False
        self._count += len(message.get("body", b""))
        self._more = bool(message.get("more_body"))
        return message

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(LINGER):
                while self._more:
                    await self._next()
        except TimeoutError:
            self._more = False

    def _too_large(self) -> Problem:
        return Problem(413, f"more than {self._limit / 2**20:g} MiB; send a smaller picture")


async def read_form(request: Request, place: Place) -> tuple[dict[str, str], dict[str, Sent]]:
    """The fields and the pictures of a multipart request.

    Args:
        request: Whose body has not been read.
        place: Whose time it takes.

    Raises:
        ClientGone: The sender left.
        Problem: It is no multipart request, too large, too slow, or names a field twice.
    """
    for name in request.query_params:
        reason = "send it as a field of the form, not in the address"
        raise Problem(422, f"{name}: {reason}", errors=[Wrong(name, reason)])
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "multipart/form-data":
        raise Problem(415, "send multipart/form-data with the picture as a file; see /docs")
    parser = InMemory(request.headers, _chunks(request), max_files=4, max_fields=32)
    parser.max_part_size = 4096
    try:
        async with asyncio.timeout(place.remaining()):
            form = await parser.parse()
    except MultiPartException as error:
        raise Problem(400, f"the multipart body cannot be read: {error.message}") from None
    except TimeoutError:
        raise Problem(408, "the upload took too long") from None
    try:
        return await _sorted(form)
    finally:
        await form.close()


async def _sorted(form: FormData) -> tuple[dict[str, str], dict[str, Sent]]:
    fields: dict[str, str] = {}
    pictures: dict[str, Sent] = {}
    for name, value in form.multi_items():
        if name in fields or name in pictures:
            raise Problem(422, f"{name}: is sent twice", errors=[Wrong(name, "is sent twice")])
        if isinstance(value, str):
            fields[name] = value
        else:
            pictures[name] = Sent(await value.read(), value.filename or "picture")
    return fields, pictures


async def _chunks(request: Request) -> AsyncGenerator[bytes, None]:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        yield message.get("body", b"")
        if not message.get("more_body"):
            return
