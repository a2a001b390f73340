"""Test pairs with and without a car: always the same, whatever the training's seed is."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.datasets.pairs.composites import CarPairs, Composite
from pipeline.datasets.pairs.scenes import SceneFiles, read_scene_files
from pipeline.params import Params
from pipeline.paths import BACKGROUNDS, CUTOUTS, SCENE_SPLIT
from pipeline.sheets import evenly

SPLIT = SCENE_SPLIT / "split.csv"
MOST, OF_EACH, SEED = 64, 4, 0
"""Pairs at most, pairs of each background at most, and the seed of all that is drawn."""


@dataclass(frozen=True)
class FixedPairs:
    """Pairs of one part.

    Attributes:
        pairs: Make them by index.
        count: How many indices, from 0 on, count.
    """

    pairs: CarPairs
    count: int

    def name(self, index: int) -> str:
        """Of a pair: its number, and the name of its background."""
        return f"{index:03d}_{self.pairs.made_from(index)[1].file.stem}"

    def group(self, index: int) -> str:
        """That of its background."""
        return self.pairs.made_from(index)[1].group

    def make_of(self, index: int) -> str:
        """The make of its car, as the collection of cars groups them."""
        return self.pairs.made_from(index)[0].group

    def make(self, index: int) -> Composite:
        """The pair."""
        return self.pairs.composite(index)


def fixed_pairs(params: Params, part: str) -> FixedPairs:
    """Each background of a part so many times, in new weather with another car each time.

    Raises:
        PipelineError: The part has no cutout or no background.
    """
    files = read_scene_files(SPLIT, CUTOUTS, BACKGROUNDS, part)
    backgrounds = evenly(files.backgrounds, MOST)
    # Each background once an "epoch", however many pairs an epoch of the training has.
    how = params.pairs.model_copy(update={"per_epoch": 0})
    count = len(backgrounds) * max(1, min(OF_EACH, MOST // len(backgrounds)))
    return FixedPairs(CarPairs(SceneFiles(files.cutouts, backgrounds), how, SEED), count)
