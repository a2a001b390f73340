"""Round-robin timing of ways to do one job."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Timing(NamedTuple):
    """One way of doing a job.

    Attributes:
        job: What is done.
        way: How.
        milliseconds: Median of one call.
        ratio: How many times as fast as the first way.
    """

    job: str
    way: str
    milliseconds: float
    ratio: float


def compare(
    job: str,
    ways: Mapping[str, Callable[[], Any]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Timing]:
    """Call each way in turn, `rounds` times after a first one that warms up; medians.

    The first way is the naive one that the others are compared with. `time.process_time` as clock
    counts the processor's time of this process alone, which other work on the machine leaves.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = clock()
            way()
            if number:
                taken[name].append(clock() - began)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    naive = next(iter(medians.values()))
    return [
        Timing(job, name, round(1000 * median, 4), round(naive / median, 2))
        for name, median in medians.items()
    ]
