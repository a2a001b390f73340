"""What is remembered of each chat, in memory and of a bounded number of them."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from pipeline.serving.bot.choices import Choices

MINUTE = 60.0


@dataclass
class Chat:
    """One chat.

    Attributes:
        choices: How its pictures are edited.
        told_of_files: Whether it knows that files keep their quality.
        told_to_wait: Whether it knows that it sends too quickly; until it sends slower.
        album: The last album that it sent a picture of, whose place in the queue was told.
    """

    choices: Choices = field(default_factory=Choices)
    told_of_files: bool = False
    told_to_wait: bool = False
    album: str | None = None
    _arrivals: deque[float] = field(default_factory=deque)

    def admit(self, now: float, per_minute: int) -> float:
        """Count a picture.

        Returns:
            Seconds to wait until one may be sent; 0 if this one may, which alone is counted.
        """
        while self._arrivals and now - self._arrivals[0] >= MINUTE:
            self._arrivals.popleft()
        if len(self._arrivals) >= per_minute:
            return MINUTE - (now - self._arrivals[0])
        self._arrivals.append(now)
        self.told_to_wait = False
        return 0.0

    def joins(self, album: str | None) -> bool:
        """Whether a picture belongs to the album of the one before it."""
        known = album is not None and album == self.album
        self.album = album
        return known


class Chats:
    """The chats that were heard of last.

    Args:
        most: How many are remembered.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._chats: OrderedDict[int, Chat] = OrderedDict()

    def __getitem__(self, number: int) -> Chat:
        """A chat, new if it was never heard of or is forgotten."""
        chat = self._chats.setdefault(number, Chat())
        self._chats.move_to_end(number)
        while len(self._chats) > self._most:
            self._chats.popitem(last=False)
        return chat

    def __len__(self) -> int:
        return len(self._chats)
