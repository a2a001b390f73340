"""The way to Telegram: patience with it, pictures from it, and a token that nobody reads."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import ClientError

log = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between tries while the network is lost or the server broken."""
LONGEST_WAIT = 120.0
"""Seconds that Telegram may ask for (429) before a message is given up."""
DOWNLOAD_SECONDS = 120


class TooLarge(Exception):
    """A file is larger than a bot may fetch."""


class Unreachable(Exception):
    """A file could not be fetched."""


def open_bot(token: str, server: str | None) -> Bot:
    """A client of Telegram, or of another Bot API server, that is patient.

    Raises:
        TokenValidationError: The token does not look like one.
    """
    api = PRODUCTION if server is None else TelegramAPIServer.from_base(server)
    session = AiohttpSession(api=api)
    session.middleware(Patience())
    return Bot(token, session, DefaultBotProperties(parse_mode=ParseMode.HTML))


class Patience(BaseRequestMiddleware):
    """Waits as long as Telegram asks (429), and tries again what the network lost.

    What was sent, but whose answer was lost, is sent twice: better than a picture that never comes.
    Asking for updates is left alone: that goes on for ever anyway.
    """

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        pauses = iter(() if isinstance(method, GetUpdates) else PAUSES)
        while True:
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as problem:
                if problem.retry_after > LONGEST_WAIT:
                    raise
                log.info("Telegram asks to wait %d s", problem.retry_after)
                await asyncio.sleep(problem.retry_after)
            except TelegramEntityTooLarge:
                raise
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as problem:
                pause = next(pauses, None)
                if pause is None:
                    raise
                log.info("%s: again in %.0f s", type(problem).__name__, pause)
                await asyncio.sleep(pause)


async def fetch(bot: Bot, file_id: str, most: int) -> bytes:
    """The bytes of a file that was sent to the bot.

    Raises:
        TooLarge: It has more bytes than `most`, or than Telegram hands out.
        Unreachable: Tried in vain.
        TelegramAPIError: Telegram does not know it.
    """
    try:
        path = (await bot.get_file(file_id)).file_path or ""
    except TelegramBadRequest as problem:
        if "too big" in problem.message:
            raise TooLarge from None
        raise
    # The address holds the token, and what aiohttp raises holds the address: not passed on.
    for pause in (*PAUSES[:2], None):
        try:
            return await _download(bot, path, most)
        except (ClientError, TimeoutError) as problem:
            log.info("download: %s", type(problem).__name__)
        if pause is not None:
            await asyncio.sleep(pause)
    raise Unreachable


async def _download(bot: Bot, path: str, most: int) -> bytes:
    address = bot.session.api.file_url(bot.token, path)
    content = bytearray()
    async with aclosing(bot.session.stream_content(address, timeout=DOWNLOAD_SECONDS)) as stream:
        async for chunk in stream:
            content += chunk
            if len(content) > most:
                raise TooLarge
    return bytes(content)


def said_of(problem: TelegramAPIError | ClientDecodeError) -> str:
    """One line on what Telegram answered."""
    return " ".join(problem.message.split())[:200]


class NoToken(logging.Filter):
    """Takes the token out of what is logged, tracebacks included.

    Args:
        token: What nobody may read.
    """

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record; none is dropped."""
        record.msg, record.args = self._clean(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:  # formatters take this one where there is one
            record.exc_text = self._clean(record.exc_text)
        return True

    def _clean(self, text: str) -> str:
        return text.replace(self._token, "<token>")


SPEAKERS = (
    "aiogram", "aiogram.dispatcher", "aiogram.event", "aiogram.middlewares", "aiogram.webhook",
    "aiohttp.client", "asyncio", "pipeline.serving.bot.desk", "pipeline.serving.bot.running",
    "pipeline.serving.bot.transport",
)  # fmt: skip
"""Loggers of whoever knows the token; a filter works for its own logger alone."""


def keep_secret(token: str) -> NoToken:
    """Put the filter before all of them; `speak_freely` takes it away."""
    guard = NoToken(token)
    for name in SPEAKERS:
        logging.getLogger(name).addFilter(guard)
    return guard


def speak_freely(guard: NoToken) -> None:
    """Take a filter away."""
    for name in SPEAKERS:
        logging.getLogger(name).removeFilter(guard)
