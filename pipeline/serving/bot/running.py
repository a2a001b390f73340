"""The bot from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import threading

from aiogram import Bot, Dispatcher, F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.filters import Command, ExceptionTypeFilter
from aiogram.types import BotCommand, ErrorEvent, Message
from aiogram.utils.token import TokenValidationError

from pipeline.editing.studio import Studio
from pipeline.errors import PipelineError, UsageError
from pipeline.serving.bot import TOKEN_VARIABLE, texts
from pipeline.serving.bot.chats import Chats
from pipeline.serving.bot.commands import Commands
from pipeline.serving.bot.desk import Desk
from pipeline.serving.bot.limits import DEFAULT_LIMITS, BotLimits
from pipeline.serving.bot.pictures import Pictures
from pipeline.serving.bot.transport import keep_secret, open_bot, said_of, speak_freely

log = logging.getLogger(__name__)

POLL_SECONDS = 25
"""That Telegram keeps a question for updates open."""
AT_ONCE = 64
"""Updates in work: while Telegram is slow, no more are asked for."""


class PictureBot:
    """The bot.

    Args:
        studio: What edits the pictures.
        token: From @BotFather.
        limits: What a chat may ask for.
        server: Address of a Bot API server; Telegram's without it.
    """

    def __init__(
        self,
        studio: Studio,
        token: str,
        limits: BotLimits = DEFAULT_LIMITS,
        server: str | None = None,
    ) -> None:
        self._studio, self._token, self._limits, self._server = studio, token, limits, server
        self._dispatcher = Dispatcher(disable_fsm=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        """Answer until a signal or `stop`; see `pipeline.serving.bot.run`."""
        guard = keep_secret(self._token)
        try:
            asyncio.run(self._run())
        finally:
            speak_freely(guard)

    def stop(self) -> None:
        """End it from another thread; what is in work is finished."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._dispatcher.stop_polling(), self._loop)

    async def _run(self) -> None:
        try:
            bot = open_bot(self._token, self._server)
        except TokenValidationError:
            raise UsageError(_BAD_TOKEN) from None
        try:
            username = await _introduce(bot)
            await self._answer(bot, username)
        finally:
            await bot.session.close()

    async def _answer(self, bot: Bot, username: str) -> None:
        desk = Desk(bot, self._studio, self._limits)
        self._dispatcher.include_router(private_chats(desk, self._limits))
        self._dispatcher.include_router(other_chats(username))
        self._dispatcher.errors.register(
            _note, ExceptionTypeFilter(TelegramAPIError, ClientDecodeError)
        )
        worker = asyncio.create_task(desk.work())
        self._loop = asyncio.get_running_loop()
        log.info("@%s answers", username)
        try:
            await self._dispatcher.start_polling(
                bot,
                polling_timeout=POLL_SECONDS,
                handle_signals=threading.current_thread() is threading.main_thread(),
                close_bot_session=False,
                tasks_concurrency_limit=AT_ONCE,
            )
        finally:
            await desk.close(worker)
            log.info("@%s has stopped", username)


_BAD_TOKEN = f"Telegram does not know this token; copy it from @BotFather into {TOKEN_VARIABLE}"


async def _introduce(bot: Bot) -> str:
    """Take over from whoever answered before, and fill the menu of commands.

    Returns:
        The name that people write to.
    """
    try:
        me = await bot.me()
        await bot.delete_webhook()  # else Telegram hands out no updates
        menu = [BotCommand(command=name, description=what) for name, what in texts.COMMANDS.items()]
        await bot.set_my_commands(menu)
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise UsageError(_BAD_TOKEN) from None
    except (TelegramAPIError, ClientDecodeError) as problem:
        raise PipelineError(
            f"the bot cannot reach Telegram ({said_of(problem)}); check the network and start again"
        ) from None
    return me.username or me.first_name


def private_chats(desk: Desk, limits: BotLimits) -> Router:
    """Everything that the bot does."""
    router = Router(name="private")
    router.message.filter(F.chat.type == ChatType.PRIVATE)
    router.callback_query.filter(F.message.chat.type == ChatType.PRIVATE)
    chats = Chats(limits.chats)
    Commands(chats).register(router)
    Pictures(chats, desk, limits).register(router)
    return router


def other_chats(username: str) -> Router:
    """Groups: whoever calls the bot is told where it works; all else there is not its business."""
    router = Router(name="groups")

    async def point(message: Message) -> None:
        await message.reply(texts.PRIVATE_ONLY.format(username=username))

    router.message.register(point, Command(*texts.COMMANDS))
    return router


async def _note(event: ErrorEvent) -> None:
    """An answer that Telegram refuses, as after the bot was blocked, is one line in the log.

    Any other error aiogram logs with its traceback.
    """
    if isinstance(event.exception, TelegramAPIError | ClientDecodeError):
        log.warning("an answer was not delivered: %s", said_of(event.exception))
