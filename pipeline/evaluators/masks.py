"""Scoring a network that gives one mask, beside the mean mask and GrabCut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.baselines import grabcut_mask, mean_mask
from pipeline.card import Card
from pipeline.evaluation import OURS
from pipeline.evaluation.groups import subject_traits
from pipeline.evaluation.judging import judge_masks
from pipeline.evaluators.scoring import Examined
from pipeline.images import (
    RGB,
    Mask,
    read_mask,
    read_picture,
    resize_mask,
    resize_picture,
    resize_probability,
)  # fmt: skip
from pipeline.inference.choosing import Category
from pipeline.metrics.curves import level_counts
from pipeline.params import Evaluate
from pipeline.sheets import TILE, show_mask

GRID = 128
"""Side of the grid on which masks are averaged; a mean of many holds no finer detail."""


class MaskCase(NamedTuple):
    """A test picture.

    Attributes:
        name: Distinct within the test part.
        group: Where it comes from.
        mean: The mean mask of the training pictures like it, GRID×GRID in [0, 1].
        read: Opens picture and true mask.
        traits: What is known of it besides what the mask tells.
    """

    name: str
    group: str
    mean: NDArray[np.float32]
    read: Callable[[], tuple[RGB, Mask]]
    traits: Mapping[str, float | str] = {}


class Finder(Protocol):
    """Finds one mask in a picture."""

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """H×W in [0, 1], as large as the picture."""
        ...


class Predictor(Finder, Protocol):
    """A mask network of ours with its weights."""

    @property
    def card(self) -> Card:
        """Of the weights."""
        ...


class MaskJudge:
    """The network and its baselines; see `scoring.Judge`.

    Args:
        predictor: The network.
        how: Thresholds.
        others: More baselines by name.
    """

    def __init__(
        self, predictor: Predictor, how: Evaluate, others: Mapping[str, Finder] | None = None
    ) -> None:
        self.predictor, self.how, self.others = predictor, how, others or {}
        self.card = predictor.card
        self.columns = ("picture", OURS, "grabcut", "mean_mask", *self.others, "truth")

    def examine(self, case: MaskCase) -> Examined:
        """Count every method's mask against the truth, and show what each leaves of the picture."""
        picture, truth = case.read()
        probability = self.predictor.probability(picture)
        masks = self._masks(case, picture, probability)
        judged = judge_masks(case.name, case.group, masks, truth)._replace(
            traits={**subject_traits(picture, truth), **case.traits},
            levels=level_counts(probability, truth),
        )
        # As small as sheets show it: drawing on whole photos would take gigabytes.
        height, width = picture.shape[:2]
        scale = min(1.0, TILE / max(height, width))
        frame = max(1, round(height * scale)), max(1, round(width * scale))
        small = resize_picture(picture, *frame)
        shown = [show_mask(small, resize_mask(mask, *frame)) for mask in [*masks.values(), truth]]
        return Examined(judged, [small, *shown])

    def _masks(
        self, case: MaskCase, picture: RGB, probability: NDArray[np.float32]
    ) -> dict[str, Mask]:
        """H×W by method, in the order of `columns`."""
        grabcut, threshold = self.how.grabcut, self.how.threshold
        return {
            OURS: probability >= threshold,
            "grabcut": grabcut_mask(picture, grabcut.box_share, grabcut.iterations),
            "mean_mask": resize_probability(case.mean, *picture.shape[:2]) >= threshold,
            **{
                name: other.probability(picture) >= threshold for name, other in self.others.items()
            },
        }


def off_the_shelf(how: Evaluate, category: Category, *names: str) -> dict[str, Finder]:
    """Torchvision's networks for a category, if they are wanted.

    Args:
        how: Says whether.
        category: What to find.
        names: Keys of `OFF_THE_SHELF`.

    Raises:
        PipelineError: Their weights cannot be had.
    """
    if not how.off_the_shelf:
        return {}
    from pipeline.inference.off_the_shelf import OFF_THE_SHELF, published_state  # takes seconds

    otherwise = "set evaluate.off_the_shelf: false"
    states = {
        kind: published_state(kind, otherwise=otherwise)
        for kind in {name.partition("_")[0] for name in names}
    }
    return {name: OFF_THE_SHELF[name](category, states[name.partition("_")[0]]) for name in names}


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
