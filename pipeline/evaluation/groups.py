"""Where a network fails: test pictures by what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.images import RGB, Mask

Traits = Mapping[str, float | str]
"""Of one picture: `size`, the subject's share of it; `position`, how far the subject's centre of
mass is from its middle, as a share of half the diagonal; `brightness`, its mean luma (0 to 255);
`make` and `weather` of a pasted car. What is not known is not a number or empty."""

THIRDS = {
    "size": ("small", "middle", "large"),
    "position": ("central", "between", "off centre"),
    "brightness": ("dark", "middle", "bright"),
}
"""Numbers are grouped in thirds of the test part, so every group says something."""


class Group(NamedTuple):
    """Some of the test pictures.

    Attributes:
        grouping: A trait, or `source`.
        name: Of the group.
        start: The smallest value in it, where the trait is a number.
        end: The largest.
        places: Which of the pictures.
    """

    grouping: str
    name: str
    start: float | None
    end: float | None
    places: list[int]


def subject_traits(picture: RGB, subject: Mask) -> dict[str, float | str]:
    """Size and position of what a mask holds, and the brightness of the whole picture.

    Args:
        picture: H×W×3.
        subject: H×W.
    """
    height, width = subject.shape
    down, across = np.nonzero(subject)
    centre = (np.array([down.mean(), across.mean()]) + 0.5) if down.size else np.full(2, np.nan)
    away = np.hypot(*(centre - np.array([height, width]) / 2)) / (np.hypot(height, width) / 2)
    return {
        "size": round(down.size / subject.size, 6),
        "position": round(float(away), 6),
        "brightness": round(float(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).mean()), 3),
    }


def group_pictures(sources: Sequence[str], traits: Sequence[Traits]) -> list[Group]:
    """By source, then by each trait; a grouping that does not tell any apart is left out.

    Args:
        sources: Of each picture.
        traits: Of each picture, all of the same names.
    """
    names = list(traits[0]) if traits else []
    groupings: dict[str, list[float | str]] = {"source": [*sources]}
    for name in names:
        groupings[name] = [one[name] for one in traits]
    groups = [list(_grouped(name, values)) for name, values in groupings.items()]
    return [group for some in groups if len(some) > 1 for group in some]


def _grouped(grouping: str, values: Sequence[float | str]) -> Iterator[Group]:
    if grouping in THIRDS:
        yield from _thirds(grouping, [float(value) for value in values])
        return
    for name in sorted({str(value) for value in values} - {""}):
        places = [place for place, value in enumerate(values) if value == name]
        yield Group(grouping, name, None, None, places)


def _thirds(grouping: str, values: Sequence[float]) -> Iterator[Group]:
    known = [value for value in values if not isnan(value)]
    edges = np.quantile(known or [0.0], [1 / 3, 2 / 3])
    thirds = np.searchsorted(edges, values, side="left")  # a value on an edge is below it
    for number, name in enumerate(THIRDS[grouping]):
        places = [
            place for place, third in enumerate(thirds)
            if third == number and not isnan(values[place])
        ]  # fmt: skip
        inside = [values[place] for place in places]
        if inside:
            yield Group(grouping, name, min(inside), max(inside), places)
