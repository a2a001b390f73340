"""Frames with those around them, in a memory that does not grow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def windows(items: Iterable[Item], reach: int) -> Iterator[tuple[Sequence[Item], int]]:
    """For each item those around it, and its place among them; at the ends there are fewer.

    Args:
        items: Frames in their order.
        reach: How many before and after; 2 × reach + 1 are held.
    """
    window: deque[Item] = deque(maxlen=2 * reach + 1)
    waiting = 0
    for item in items:
        window.append(item)
        waiting += 1
        if waiting > reach:
            yield window, len(window) - 1 - reach
            waiting -= 1
    for place in range(len(window) - waiting, len(window)):
        yield window, place
