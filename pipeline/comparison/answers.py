"""Folders of masks that methods and other tools leave: read, made comparable, or counted as failed.

```
FOLDER/NAME.png       for the picture NAME.*: grey levels are probabilities, 0 to 255 (or 65535);
                      of a picture with transparency its alpha counts (a cutout)
FOLDER/times.csv      picture,seconds: a row each, the first with the loading of the tool
FOLDER/peak_mb.txt    the most memory of its process, MiB
```
The last two are optional.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.comparison.running import PEAK, TIMES
from pipeline.errors import BadPicture, PipelineError
from pipeline.images import Mask, open_picture, read_rgba, resize_probability

SAME_PROPORTIONS = 0.02
"""By how much, as a share, height to width of an answer may differ from that of the picture."""


class Answer(NamedTuple):
    """What a method says of one picture.

    Attributes:
        mask: As large as the picture.
        failed: Why there is no usable mask; empty if there is one.
        resized: Its file had another size.
    """

    mask: Mask
    failed: str = ""
    resized: bool = False


class Cost(NamedTuple):
    """What a method needs; not a number where it is not known.

    Attributes:
        seconds: Median over pictures but the first.
        first: Loading and the first picture.
        peak_mb: MiB.
    """

    seconds: float
    first: float
    peak_mb: float


def read_answer(folder: Path, name: str, truth: Mask, threshold: float) -> Answer:
    """The mask of a picture; where there is none, one that earns nothing.

    That is an empty mask, and a full one where there is nothing to find: a failure never scores.
    """
    failure = np.full(truth.shape, not truth.any())
    file = folder / f"{name}.png"
    try:
        levels = _levels(file)
        resized = levels.shape != truth.shape
        if resized:
            levels = _resized(levels, truth.shape[0], truth.shape[1], file)
    except BadPicture as problem:
        return Answer(failure, problem.reason)
    return Answer(levels >= threshold, resized=resized)


def _levels(file: Path) -> NDArray[np.float32]:
    """H×W in [0, 1]: of a cutout its alpha, of anything opaque its grey levels."""
    try:
        levels = read_rgba(file)[..., 3]
    except BadPicture:
        levels = np.full(1, 255)
    if levels.min() == 255:
        levels = np.asarray(open_picture(file).convert("L"))
    return np.divide(levels, 255, dtype=np.float32)


def _resized(
    levels: NDArray[np.float32], height: int, width: int, file: Path
) -> NDArray[np.float32]:
    found = f"{levels.shape[1]}×{levels.shape[0]}"
    stretch = levels.shape[0] * width / (levels.shape[1] * height)
    if abs(stretch - 1) > SAME_PROPORTIONS:
        raise BadPicture(
            file,
            f"the mask is {found}, its picture {width}×{height} once it stands upright; "
            "write masks of the picture's own size",
        )
    return resize_probability(levels, height, width)


def read_seconds(folder: Path) -> dict[str, float]:
    """By picture, in the order of `times.csv`; empty without one.

    Raises:
        PipelineError: It is no such table.
    """
    file = folder / TIMES
    if not file.is_file():
        return {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return {row["picture"]: float(row["seconds"]) for row in csv.DictReader(stream)}
    except (KeyError, TypeError, ValueError) as problem:
        raise PipelineError(
            f"{file}: cannot be read ({problem}); it needs the columns picture and seconds"
        ) from None


def read_cost(folder: Path) -> Cost:
    """Times and memory of a folder.

    Raises:
        PipelineError: A file is there and cannot be read.
    """
    first, rest = _first_and_rest(list(read_seconds(folder).values()))
    try:
        peak = float((folder / PEAK).read_text(encoding="utf-8"))
    except FileNotFoundError:
        peak = float("nan")
    except ValueError:
        raise PipelineError(f"{folder / PEAK}: holds no number; write MiB, such as 512") from None
    return Cost(rest, first, peak)


def _first_and_rest(seconds: Sequence[float]) -> tuple[float, float]:
    unknown = float("nan")
    first = seconds[0] if seconds else unknown
    return first, median(seconds[1:]) if len(seconds) > 1 else unknown
