"""Decoded pictures that stay in memory, so that the next epoch need not read them again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

K = TypeVar("K", bound=Hashable)


class Kept(Generic[K]):
    """Reads pictures, and keeps the first of them, as far as there is room.

    Nothing is dropped for a newcomer: an epoch takes every picture once, so that what was used
    longest ago is what comes next.

    Args:
        read: What a key stands for.
        room: Bytes, of each process.
    """

    def __init__(self, read: Callable[[K], NDArray[np.uint8]], room: int) -> None:
        self.read, self.room = read, room
        self.pictures: dict[K, NDArray[np.uint8]] = {}

    def __call__(self, key: K) -> NDArray[np.uint8]:
        if key in self.pictures:
            return self.pictures[key]
        picture = self.read(key)
        if picture.nbytes <= self.room:
            self.room -= picture.nbytes
            self.pictures[key] = picture
        return picture

    def __reduce__(self) -> tuple[type[Kept[K]], tuple[Callable[[K], NDArray[np.uint8]], int]]:
        """Another process begins with nothing."""
        return Kept, (self.read, self.room + sum(one.nbytes for one in self.pictures.values()))
