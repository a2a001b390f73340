"""Commands and buttons: what a chat chooses."""

from __future__ import annotations

import logging

from aiogram import Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from pipeline.errors import UsageError
from pipeline.serving.bot import texts
from pipeline.serving.bot.chats import Chats
from pipeline.serving.bot.choices import CHOOSABLE, Choices

log = logging.getLogger(__name__)

COLOURS = ("#00b140", "#0047bb")
"""Green and blue of studios, offered beside the words."""


class Commands:
    """Answers commands.

    Args:
        chats: Where choices are kept.
    """

    def __init__(self, chats: Chats) -> None:
        self._chats = chats

    def register(self, router: Router) -> None:
        """Take what is theirs."""
        router.message.register(self.start, CommandStart())
        router.message.register(self.help, Command("help"))
        router.message.register(self.choose, Command(*CHOOSABLE))
        router.callback_query.register(self.press)

    async def start(self, message: Message) -> None:
        """Greet."""
        name = message.from_user.full_name if message.from_user else ""
        await message.answer(texts.greeting(name))

    async def help(self, message: Message) -> None:
        """Say what there is, and what is chosen."""
        choices = self._chats[message.chat.id].choices
        await message.answer(f"{texts.HELP}\n\n{texts.chosen(choices)}")

    async def choose(self, message: Message, command: CommandObject) -> None:
        """`/mode mask` chooses, `/mode` shows buttons."""
        chat, name = self._chats[message.chat.id], command.command
        if not command.args:
            await message.answer(texts.QUESTIONS[name], reply_markup=keyboard(name, chat.choices))
            return
        try:
            chat.choices = chat.choices.with_choice(name, command.args)
        except UsageError as problem:
            await message.answer(texts.refusal(problem))
        else:
            await message.answer(texts.chosen(chat.choices))

    async def press(self, query: CallbackQuery) -> None:
        """A button was pressed: choose, and mark it."""
        name, _, word = (query.data or "").partition(":")
        if query.message is None or name not in CHOOSABLE:
            await query.answer(texts.OLD_BUTTON)
            return
        chat = self._chats[query.message.chat.id]
        try:
            chat.choices = chat.choices.with_choice(name, word)
        except UsageError:
            await query.answer(texts.OLD_BUTTON)
            return
        await query.answer(f"{name}: {chat.choices.shown(name)}")
        if isinstance(query.message, Message):  # older ones are out of reach
            await _mark(query.message, name, chat.choices)


async def _mark(message: Message, name: str, choices: Choices) -> None:
    text = f"{texts.QUESTIONS[name]}\n\n{texts.chosen(choices)}"
    try:
        await message.edit_text(text, reply_markup=keyboard(name, choices))
    except TelegramBadRequest as problem:  # the same button twice changes nothing
        log.debug("the buttons stay as they are: %s", problem.message)


def keyboard(name: str, choices: Choices) -> InlineKeyboardMarkup:
    """Buttons of one command, what is chosen marked."""
    words = [*CHOOSABLE[name], *(COLOURS if name == "background" else ())]
    chosen = choices.shown(name)
    if chosen not in words:
        words.append(chosen)
    buttons = [
        InlineKeyboardButton(
            text=f"✓ {word}" if word == chosen else word, callback_data=f"{name}:{word}"
        )
        for word in words
    ]
    across = 1 if name == "model" else 3
    rows = [buttons[at : at + across] for at in range(0, len(buttons), across)]
    return InlineKeyboardMarkup(inline_keyboard=rows)
