"""Pictures that stay in memory, as far as there is room."""

from __future__ import annotations

import pickle

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.kept import Kept


def plane(level: int) -> NDArray[np.uint8]:
    return np.full((10, 10), level, np.uint8)


def test_what_is_kept_is_not_read_again() -> None:
    kept = Kept(plane, 1000)
    assert kept(3) is kept(3)
    assert (kept(3) == 3).all()


def test_it_keeps_the_first_ones_and_no_more_than_there_is_room_for() -> None:
    kept = Kept(plane, 250)
    first = [kept(level) for level in range(4)]
    again = [kept(level) for level in range(4)]
    assert [one is other for one, other in zip(first, again, strict=True)] == [
        True,
        True,
        False,
        False,
    ]
    assert all((one == level).all() for level, one in enumerate(again))


def test_another_process_begins_with_nothing_and_the_whole_room() -> None:
    kept = Kept(plane, 250)
    empty = len(pickle.dumps(kept))
    kept(1)
    assert len(pickle.dumps(kept)) == empty
    other: Kept[int] = pickle.loads(pickle.dumps(kept))
    assert (other.pictures, other.room) == ({}, 250)
