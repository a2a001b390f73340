"""The Telegram bot: a photo in, a cutout out. Only this package imports aiogram.

    updates -> Pictures (what may be sent, and how often) -> Desk (one queue, one worker)
                                                               -> Studio -> a file back

Picture bytes are held in memory, one picture at a time; what waits is known by its number at
Telegram alone. What a chat has chosen is in memory too, and gone after a restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.serving.bot.limits import DEFAULT_LIMITS, BotLimits

if TYPE_CHECKING:
    from pipeline.editing.studio import Studio

__all__ = ["DEFAULT_LIMITS", "TOKEN_VARIABLE", "BotLimits", "run"]

TOKEN_VARIABLE = "CLEARSCENE_BOT_TOKEN"
"""In the environment: an argument would show in the list of processes."""


def run(
    studio: Studio, token: str, limits: BotLimits = DEFAULT_LIMITS, server: str | None = None
) -> None:
    """Answer until SIGINT or SIGTERM; the picture in work is finished before it returns.

    Args:
        studio: What edits the pictures.
        token: From @BotFather; it appears in no log.
        limits: What a chat may ask for.
        server: Address of a Bot API server such as http://127.0.0.1:8081; Telegram's without it.

    Raises:
        UsageError: aiogram is not installed, or Telegram refuses the token.
        PipelineError: The server cannot be reached.
    """
    try:
        from pipeline.serving.bot.running import PictureBot
    except ModuleNotFoundError as problem:
        if problem.name != "aiogram":
            raise
        raise UsageError("the bot needs aiogram: pip install 'clearscene[bot]'") from None
    PictureBot(studio, token, limits, server).run()
