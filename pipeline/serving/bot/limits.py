"""What the bot takes, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BotLimits:
    """Limits of the bot; the first and the last are Telegram's own.

    Attributes:
        file_bytes: Largest file that a bot may fetch.
        pixels: Largest picture, told before it is decoded.
        per_minute: Pictures that one chat may send in a minute; an album is up to ten.
        waiting: Pictures of all chats that may wait; what comes then is refused at once.
        chats: Whose choices are remembered; of more, those that were silent longest are forgotten.
        sent_bytes: Largest file that a bot may send.
    """

    file_bytes: int = 20 * 1024 * 1024
    pixels: int = 50_000_000
    per_minute: int = 20
    waiting: int = 40
    chats: int = 10_000
    sent_bytes: int = 50_000_000


DEFAULT_LIMITS = BotLimits()
