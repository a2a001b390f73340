"""The bot in a thread, a Bot API server on loopback, and the real studio behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from pipeline.editing.studio import Studio
from pipeline.serving.bot.limits import DEFAULT_LIMITS, BotLimits
from pipeline.serving.bot.running import PictureBot
from tests.serving.bot.networks import write_models
from tests.serving.bot.telegram import TOKEN, Telegram, telegram


class Answering(Protocol):
    """Start the bot with limits; it answers until the block ends."""

    def __call__(
        self, limits: BotLimits = DEFAULT_LIMITS
    ) -> AbstractContextManager[PictureBot]: ...


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def studio(models: Path) -> Studio:
    return Studio(models, backend="torch", download=False)


@pytest.fixture
def api() -> Iterator[Telegram]:
    with telegram() as server:
        yield server


@pytest.fixture
def answering(api: Telegram, studio: Studio) -> Answering:
    @contextmanager
    def start(limits: BotLimits = DEFAULT_LIMITS) -> Iterator[PictureBot]:
        bot = PictureBot(studio, TOKEN, limits, api.address)
        thread = threading.Thread(target=bot.run, name="bot")  # pytest reports what it raises
        thread.start()
        try:
            api.until(lambda: api.polls > 0 or not thread.is_alive())
            yield bot
        finally:
            bot.stop()
            thread.join(90)
        assert not thread.is_alive()

    return start


@pytest.fixture
def bot(answering: Answering) -> Iterator[PictureBot]:
    with answering() as running:
        yield running
