"""One queue of pictures and the one worker who edits them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from html import escape

from aiogram import Bot
from aiogram.enums import ChatAction
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import BufferedInputFile, ReplyParameters

from pipeline.editing.studio import Studio
from pipeline.errors import BadPicture, PipelineError
from pipeline.serving.bot import texts
from pipeline.serving.bot.choices import Choices
from pipeline.serving.bot.editing import Made, Nothing, edit
from pipeline.serving.bot.limits import BotLimits
from pipeline.serving.bot.transport import TooLarge, Unreachable, fetch, said_of

log = logging.getLogger(__name__)

FAREWELL = 60.0
"""Seconds that the picture in work has when the bot is stopped."""


class Full(Exception):
    """No more pictures may wait."""


@dataclass(frozen=True)
class Job:
    """A picture to edit; its bytes are still at Telegram.

    Attributes:
        chat: Who sent it.
        message: Which the answer is a reply to.
        file_id: Where it is.
        name: Of its file.
        choices: How, at the time when it was sent.
        remark: What there is to say with the result.
    """

    chat: int
    message: int
    file_id: str
    name: str
    choices: Choices
    remark: str = ""

    @property
    def reply(self) -> ReplyParameters:
        """To the message, also after its deletion."""
        return ReplyParameters(message_id=self.message, allow_sending_without_reply=True)


class Desk:
    """Edits one picture after the other.

    Args:
        bot: Where they come from and go to.
        studio: What edits them.
        limits: How many may wait, and how large they may be.
    """

    def __init__(self, bot: Bot, studio: Studio, limits: BotLimits) -> None:
        self._bot, self._studio, self._limits = bot, studio, limits
        self._waiting: deque[Job] = deque()
        self._news = asyncio.Event()
        self._busy = self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bot-picture")

    def submit(self, job: Job) -> int:
        """Put a picture in the queue.

        Returns:
            How many come before it.

        Raises:
            Full: It must not wait.
        """
        if self._closed or len(self._waiting) >= self._limits.waiting:
            raise Full
        before = len(self._waiting) + self._busy
        self._waiting.append(job)
        self._news.set()
        return before

    async def work(self) -> None:
        """Until the desk is closed: a picture that fails is told, and the next one comes."""
        while not self._closed:
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
                continue
            self._busy = True
            try:
                await self._serve(self._waiting.popleft())
            except (TelegramAPIError, ClientDecodeError) as problem:
                log.warning("an answer was not delivered: %s", said_of(problem))
            finally:
                self._busy = False

    async def close(self, worker: asyncio.Task[None]) -> None:
        """Finish the picture in work, and tell those who wait that theirs will not come."""
        self._closed = True
        self._news.set()
        log.info("stopping: %d in work, %d waiting", self._busy, len(self._waiting))
        with suppress(TimeoutError):
            await asyncio.wait_for(worker, FAREWELL)
        for chat in {job.chat for job in self._waiting}:
            with suppress(TelegramAPIError, ClientDecodeError):
                await self._bot.send_message(chat, texts.STOPPING)
        self._waiting.clear()
        self._thread.shutdown(wait=False)

    async def _serve(self, job: Job) -> None:
        started = time.monotonic()
        await self._bot.send_chat_action(job.chat, ChatAction.UPLOAD_DOCUMENT)
        try:
            made = await self._made(job)
        except Nothing as nothing:
            answer = str(nothing)
        except BadPicture as problem:
            answer = texts.UNREADABLE.format(reason=escape(problem.reason))
        except TooLarge:
            answer = texts.too_large(self._limits.file_bytes)
        except Unreachable:
            answer = texts.UNREACHABLE
        except PipelineError as problem:
            log.warning("%s cannot be done here: %s", job.choices.mode, problem)
            answer = texts.NOT_HERE
        except Exception:  # a defect of ours may cost one picture, not the bot
            log.exception("a picture could not be edited")
            answer = texts.DEFECT
        else:
            await self._send(job, made)
            log.info("%s in %.1f s", job.choices.mode, time.monotonic() - started)
            return
        log.info("%s: answered with words", job.choices.mode)
        await self._bot.send_message(job.chat, answer, reply_parameters=job.reply)

    async def _made(self, job: Job) -> Made:
        content = await fetch(self._bot, job.file_id, self._limits.file_bytes)
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, edit, self._studio, content, job.name, job.choices, self._limits
        )

    async def _send(self, job: Job, made: Made) -> None:
        """As a file: Telegram makes JPEGs of photos, which have no transparency."""
        remarks = "\n".join(filter(None, (made.remark, job.remark)))
        await self._bot.send_document(
            job.chat,
            BufferedInputFile(made.content, made.name),
            caption=remarks or None,
            disable_content_type_detection=True,
            reply_parameters=job.reply,
        )
