"""What people send: pictures go to the desk, everything else gets a friendly word."""

from __future__ import annotations

import math
import time
from pathlib import PurePath

from aiogram import F, Router
from aiogram.types import Document, Message

from pipeline.serving.bot import texts
from pipeline.serving.bot.chats import Chat, Chats
from pipeline.serving.bot.desk import Desk, Full, Job
from pipeline.serving.bot.limits import BotLimits

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif", ".bmp")
)
"""Of files that Telegram gives no picture's type, such as HEIC from some phones."""


class Pictures:
    """Takes pictures.

    Args:
        chats: Who sends them.
        desk: Who edits them.
        limits: How large and how many they may be.
    """

    def __init__(self, chats: Chats, desk: Desk, limits: BotLimits) -> None:
        self._chats, self._desk, self._limits = chats, desk, limits

    def register(self, router: Router) -> None:
        """Take all messages that nobody took before."""
        router.message.register(self.photo, F.photo)
        router.message.register(self.document, F.document, ~F.animation)
        router.message.register(self.anything)

    async def photo(self, message: Message) -> None:
        """A photo, which Telegram has shrunk: the largest of its sizes."""
        chat = self._chats[message.chat.id]
        remark = "" if chat.told_of_files else texts.FILES_ARE_BETTER
        size = (message.photo or [])[-1]
        taken = await self._take(message, size.file_id, "photo.jpg", size.file_size, remark)
        chat.told_of_files |= taken

    async def document(self, message: Message) -> None:
        """A file, if it may be a picture; what it is its bytes will tell."""
        document = message.document
        if document is None:
            return
        name = document.file_name or "picture"
        if not _may_be_a_picture(document):
            await message.reply(texts.not_a_picture(name))
            return
        await self._take(message, document.file_id, name, document.file_size)

    async def anything(self, message: Message) -> None:
        """What is no picture."""
        is_command = bool(message.text and message.text.startswith("/"))
        kind = texts.UNKNOWN if is_command else texts.NO_PICTURE
        await message.reply(texts.WRONG_KIND.get(message.content_type, kind))

    async def _take(
        self, message: Message, file_id: str, name: str, size: int | None, remark: str = ""
    ) -> bool:
        """Put a picture in the queue, or say why not."""
        if size and size > self._limits.file_bytes:
            await message.reply(texts.too_large(self._limits.file_bytes))
            return False
        chat = self._chats[message.chat.id]
        if not await self._is_in_time(message, chat):
            return False
        job = Job(message.chat.id, message.message_id, file_id, name, chat.choices, remark)
        try:
            before = self._desk.submit(job)
        except Full:
            await message.reply(texts.FULL)
            return False
        if before and not chat.joins(message.media_group_id):
            await message.reply(texts.place(before))
        return True

    async def _is_in_time(self, message: Message, chat: Chat) -> bool:
        """Whether a chat may send a picture now; it is told once that it may not."""
        wait = chat.admit(time.monotonic(), self._limits.per_minute)
        if wait and not chat.told_to_wait:
            chat.told_to_wait = True
            text = texts.SLOWER.format(most=self._limits.per_minute, seconds=math.ceil(wait))
            await message.reply(text)
        return not wait


def _may_be_a_picture(document: Document) -> bool:
    suffix = PurePath(document.file_name or "").suffix.lower()
    return (document.mime_type or "").startswith("image/") or suffix in SUFFIXES
