"""A Bot API server on loopback that behaves as Telegram's does towards one bot.

It speaks the wire format of https://core.telegram.org/bots/api, refuses what Telegram refuses
(unknown token, bad HTML, texts too long, files too large), notes everything that the bot sent, and
breaks down on demand.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from html.parser import HTMLParser
from typing import Any

from aiohttp import web

TOKEN = "4200000001:AAtest-token-of-nobody_0123456789abcdef"
USERNAME = "clearscene_bot"
LARGEST_FILE = 20 * 1024 * 1024
LONGEST_TEXT, LONGEST_CAPTION, LONGEST_DATA = 4096, 1024, 64

Fault = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True)
class Sent:
    """A call of the bot.

    Attributes:
        method: Of the Bot API.
        fields: What it was called with, decoded.
        document: The bytes of its file.
        name: Of its file.
        at: When, in seconds.
    """

    method: str
    fields: dict[str, Any]
    document: bytes | None = None
    name: str = ""
    at: float = field(default_factory=time.monotonic)

    @property
    def text(self) -> str:
        """What people read."""
        return str(self.fields.get("text", self.fields.get("caption", "")))

    @property
    def reply_to(self) -> int | None:
        """The message that it answers."""
        said = self.fields.get("reply_parameters")
        return said and said["message_id"]

    @property
    def buttons(self) -> dict[str, str]:
        """Text and data of its buttons."""
        rows = self.fields.get("reply_markup", {}).get("inline_keyboard", [])
        return {button["text"]: button["callback_data"] for row in rows for button in row}


class Telegram:
    """The server, as people who use the bot see it.

    Attributes:
        address: Of the server.
        sent: Everything that the bot called, but not its questions for updates.
        polls: How often it asked for updates.
    """

    def __init__(self) -> None:
        self.address = ""
        self.sent: list[Sent] = []
        self.polls = 0
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._updates: list[dict[str, Any]] = []
        self._files: dict[str, bytes] = {}
        self._gates: dict[str, threading.Event] = {}
        self._number, self._offset = 100, 0
        self._news = threading.Condition()

    # People

    def write(self, chat: int = 1, **content: Any) -> int:
        """Send the bot a message.

        Args:
            chat: Who; negative numbers are groups, as at Telegram.
            content: Fields of the message; `first_name` and `chat_type` are of the sender.

        Returns:
            Its number.
        """
        who = {"id": abs(chat), "is_bot": False, "first_name": content.pop("first_name", "Ada")}
        kind = content.pop("chat_type", "private" if chat > 0 else "supergroup")
        if (text := content.get("text", "")).startswith("/"):
            length = len(text.split()[0])
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return self._push("message", **self._message(chat, kind, **{"from": who, **content}))

    def photo(self, content: bytes, chat: int = 1, **more: Any) -> int:
        """Send a photo: two sizes of it, as Telegram makes them."""
        sizes = [self._file(b"thumbnail", width=9, height=9), self._file(content)]
        for size in sizes:
            size.setdefault("width", 90)
            size.setdefault("height", 90)
        return self.write(chat, photo=sizes, **more)

    def document(
        self, content: bytes, name: str, mime: str = "", chat: int = 1, **more: Any
    ) -> int:
        """Send a file; `file_size` says another size than it has."""
        size = {"file_size": more.pop("file_size")} if "file_size" in more else {}
        kind = {"mime_type": mime} if mime else {}
        return self.write(
            chat, document=self._file(content, file_name=name, **kind, **size), **more
        )

    def press(self, message: Sent, button: str, chat: int = 1, data: str | None = None) -> None:
        """Press a button under a message of the bot."""
        who = {"id": abs(chat), "is_bot": False, "first_name": "Ada"}
        under = self._message(chat, "private", text=message.text)
        data = data or message.buttons[button]
        self._push(
            "callback_query",
            **{"id": str(self._number), "from": who, "chat_instance": "1"},
            message=under,
            data=data,
        )

    def answers(self, chat: int = 1) -> list[Sent]:
        """What a chat got: messages and files, in order."""
        with self._news:
            return [
                one
                for one in self.sent
                if one.method in ("sendMessage", "sendDocument", "editMessageText")
                and int(one.fields["chat_id"]) == chat
            ]

    def wait(self, count: int, chat: int = 1, seconds: float = 40) -> list[Sent]:
        """The answers of a chat as soon as there are so many."""
        self.until(lambda: len(self.answers(chat)) >= count, seconds)
        return self.answers(chat)

    def called(self, method: str, count: int = 1, seconds: float = 40) -> list[Sent]:
        """The calls of a method as soon as there are so many."""
        self.until(lambda: sum(one.method == method for one in self.sent) >= count, seconds)
        return [one for one in self.sent if one.method == method]

    def until(self, is_so: Callable[[], bool], seconds: float = 40) -> None:
        """Wait for something that the bot does."""
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > end:
                raise TimeoutError(f"the bot sent only {[one.method for one in self.sent]}")
            with self._news:
                self._news.wait(0.02)

    def forget_files(self) -> None:
        """Free what was sent and received, for tests that watch memory or send much."""
        with self._news:
            self.sent = [replace(one, document=None) for one in self.sent]
        self._files = dict.fromkeys(self._files, b"")

    # What may go wrong

    def fail(self, method: str, *faults: Fault) -> None:
        """Break down at the next calls of a method; `file` is the download of one."""
        self._faults[method].extend(faults)

    @contextmanager
    def held(self, method: str) -> Iterator[None]:
        """Calls of a method wait until the block ends."""
        self._gates[method] = threading.Event()
        try:
            yield
        finally:
            self._gates.pop(method).set()

    # The server

    def routes(self) -> list[web.RouteDef]:
        """Of the application."""
        return [
            web.route("*", "/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.*}", self._download),
        ]

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return refusal(401, "Unauthorized")
        if gate := self._gates.get(method):
            await asyncio.get_running_loop().run_in_executor(None, gate.wait, 60)
        if self._faults[method]:
            return await self._faults[method].popleft()(request)
        if method == "getUpdates":
            return await self._get_updates(await _fields(request))
        sent = await _sent(method, request)
        if problem := _problem(sent):
            return refusal(400, f"Bad Request: {problem}")
        with self._news:
            self.sent.append(sent)
            self._news.notify_all()
        return self._answer(sent)

    def _answer(self, sent: Sent) -> web.Response:
        if sent.method == "getMe":
            me = {"id": int(TOKEN.split(":")[0]), "is_bot": True, "first_name": "Clearscene"}
            return done({**me, "username": USERNAME})
        if sent.method == "getFile":
            content = self._files[sent.fields["file_id"]]
            if len(content) > LARGEST_FILE:
                return refusal(400, "Bad Request: file is too big")
            number = sent.fields["file_id"]
            return done({**_names(number), "file_path": f"photos/{number}.jpg"})
        if sent.method in ("sendMessage", "sendDocument", "editMessageText"):
            chat = int(sent.fields["chat_id"])
            return done(self._message(chat, "private", text=sent.text))
        return done(True)

    async def _get_updates(self, fields: dict[str, Any]) -> web.Response:
        """Hold the question open until there is news, as Telegram does."""
        until = time.monotonic() + fields.get("timeout", 0)
        self._offset = max(self._offset, int(fields.get("offset", 0)))  # what is older is confirmed
        self.polls += 1
        while True:
            fresh = [one for one in self._updates if one["update_id"] >= self._offset][:100]
            if fresh or time.monotonic() > until:
                return done(fresh)
            await asyncio.sleep(0.01)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != TOKEN:
            return web.Response(status=404)
        if self._faults["file"]:
            return await self._faults["file"].popleft()(request)
        number = request.match_info["path"].removeprefix("photos/").removesuffix(".jpg")
        return web.Response(body=self._files[number])

    def _file(self, content: bytes, **more: Any) -> dict[str, Any]:
        number = f"file{len(self._files)}"
        self._files[number] = content
        return {**_names(number), "file_size": len(content), **more}

    def _message(self, chat: int, kind: str, **content: Any) -> dict[str, Any]:
        self._number += 1
        where = {"id": chat, "type": kind, "first_name": "Ada", "title": "Friends"}
        now = int(time.time())
        return {"message_id": self._number, "date": now, "chat": where, **content}

    def _push(self, kind: str, **content: Any) -> int:
        self._updates.append({"update_id": len(self._updates) + 1, kind: content})
        return int(content.get("message_id", 0))


async def _fields(request: web.Request) -> dict[str, Any]:
    return {key: _decoded(value) for key, value in (await request.post()).items()}


def _decoded(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


async def _sent(method: str, request: web.Request) -> Sent:
    fields = await _fields(request)
    attached = str(fields.get("document", "")).removeprefix("attach://")
    if attached not in fields:
        return Sent(method, fields)
    upload = fields.pop(attached)
    return Sent(method, fields, upload.file.read(), upload.filename)


def _names(number: str) -> dict[str, Any]:
    return {"file_id": number, "file_unique_id": f"u{number}"}


def _problem(sent: Sent) -> str:
    """What Telegram would refuse."""
    if sent.method in ("sendMessage", "editMessageText") and not sent.text.strip():
        return "message text is empty"
    if len(sent.text) > (LONGEST_CAPTION if sent.method == "sendDocument" else LONGEST_TEXT):
        return "message is too long"
    if any(len(data.encode()) > LONGEST_DATA for data in sent.buttons.values()):
        return "BUTTON_DATA_INVALID"
    if sent.method == "sendDocument" and not sent.document:
        return "file must be non-empty"
    return _html_problem(sent.text) if sent.fields.get("parse_mode") == "HTML" else ""


def _html_problem(text: str) -> str:
    """Telegram knows few tags, and wants them closed in order."""
    open_tags: list[str] = []
    problems: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            open_tags.append(tag)
            if tag not in ("a", "b", "code", "i", "pre", "s", "u"):
                problems.append(f'unsupported start tag "{tag}"')

        def handle_endtag(self, tag: str) -> None:
            if not open_tags or open_tags.pop() != tag:
                problems.append(f'unmatched end tag "{tag}"')

    Reader().feed(text)
    problems.extend(f'no end of "{tag}"' for tag in open_tags)
    return f"can't parse entities: {problems[0]}" if problems else ""


def done(result: Any) -> web.Response:
    """An answer of the Bot API."""
    return web.json_response({"ok": True, "result": result})


def refusal(status: int, description: str, **parameters: Any) -> web.Response:
    """An error of the Bot API."""
    body = {"ok": False, "error_code": status, "description": description}
    return web.json_response({**body, "parameters": parameters}, status=status)


async def too_many(request: web.Request) -> web.Response:
    """Flood control: ask to wait a second."""
    return refusal(429, "Too Many Requests: retry after 1", retry_after=1)


async def blocked(request: web.Request) -> web.Response:
    """The person does not want the bot any more."""
    return refusal(403, "Forbidden: bot was blocked by the user")


async def bad_gateway(request: web.Request) -> web.Response:
    """A proxy's page instead of an answer."""
    return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")


async def hang_up(request: web.Request) -> web.Response:
    """The network is lost in the middle of a call."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError


async def gone(request: web.Request) -> web.Response:
    """Not there."""
    return web.Response(status=404)


@contextmanager
def telegram() -> Iterator[Telegram]:
    """Serve on loopback in a thread of its own."""
    server, ready = Telegram(), threading.Event()
    stops: list[Callable[[], Any]] = []

    async def serve() -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        stops.append(partial(loop.call_soon_threadsafe, over.set))
        application = web.Application(client_max_size=100 * 1024 * 1024)
        application.add_routes(server.routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="telegram")
    thread.start()
    try:
        if not ready.wait(30):
            raise TimeoutError("the server does not start")
        yield server
    finally:
        for stop in stops:
            stop()
        thread.join(30)
