"""Scoring a network that gives one mask, beside the mean mask and GrabCut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.baselines import grabcut_mask, mean_mask
from pipeline.checkpoint import Card
from pipeline.evaluation import OURS, Judged, judge_masks
from pipeline.images import RGB, Mask, read_mask, read_picture, resize_probability
from pipeline.params import Evaluate
from pipeline.sheets import show_mask

GRID = 128
"""Side of the grid on which masks are averaged; a mean of many holds no finer detail."""


class MaskCase(NamedTuple):
    """A test picture.

    Attributes:
        name: Distinct within the test part.
        group: Where it comes from.
        mean: The mean mask of the training pictures like it, GRID×GRID in [0, 1].
        read: Opens picture and true mask.
    """

    name: str
    group: str
    mean: NDArray[np.float32]
    read: Callable[[], tuple[RGB, Mask]]


class Predictor(Protocol):
    """A mask network with its weights."""

    @property
    def card(self) -> Card:
        """Of the weights."""
        ...

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """H×W in [0, 1], as large as the picture."""
        ...


class MaskJudge:
    """The network and its baselines; see `scoring.Judge`."""

    columns = ("picture", OURS, "grabcut", "mean_mask", "truth")

    def __init__(self, predictor: Predictor, how: Evaluate) -> None:
        self.predictor, self.how = predictor, how
        self.card = predictor.card

    def judge(self, case: MaskCase) -> Judged:
        """Count every method's mask against the truth."""
        picture, truth = case.read()
        return judge_masks(case.name, case.group, self.masks(case, picture), truth)

    def draw(self, case: MaskCase) -> list[RGB]:
        """The picture, then what each mask leaves of it."""
        picture, truth = case.read()
        masks = [*self.masks(case, picture).values(), truth]
        return [picture, *(show_mask(picture, mask) for mask in masks)]

    def masks(self, case: MaskCase, picture: RGB) -> dict[str, Mask]:
        """H×W masks by method, in the order of `columns`."""
        grabcut, threshold = self.how.grabcut, self.how.threshold
        return {
            OURS: self.predictor.probability(picture) >= threshold,
            "grabcut": grabcut_mask(picture, grabcut.box_share, grabcut.iterations),
            "mean_mask": resize_probability(case.mean, *picture.shape[:2]) >= threshold,
        }


class MaskedFile(Protocol):
    """A row of a split that names a picture and its mask."""

    @property
    def name(self) -> str:
        """Distinct within its part."""
        ...

    @property
    def group(self) -> str:
        """Where it comes from."""
        ...

    @property
    def picture(self) -> Path:
        """File."""
        ...

    @property
    def mask(self) -> Path:
        """File."""
        ...


def mean_of_files(rows: Iterable[MaskedFile]) -> NDArray[np.float32]:
    """The mean of their masks, GRID×GRID in [0, 1]."""
    return mean_mask((read_mask(row.mask) for row in rows), GRID)


def file_cases(rows: Iterable[MaskedFile], mean: NDArray[np.float32]) -> list[MaskCase]:
    """Pictures and masks on disk as test pictures."""

    def opener(row: MaskedFile) -> Callable[[], tuple[RGB, Mask]]:
        return lambda: (read_picture(row.picture), read_mask(row.mask))

    return [MaskCase(row.name, row.group, mean, opener(row)) for row in rows]
