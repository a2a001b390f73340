"""What the two recipes of persons share: DeepLabV3+ on squares from stage `person_split`."""

from __future__ import annotations

from pathlib import Path

from pipeline.datasets.people.pictures import PersonMasks, read_split
from pipeline.datasets.people.shards import training_samples
from pipeline.params import Params
from pipeline.paths import PERSON_SPLIT
from pipeline.recipes.segmentation import SegmentationRecipe
from pipeline.sections.networks import PersonSegmenter
from pipeline.training.module import Datasets


class PersonRecipe(SegmentationRecipe):
    """DeepLabV3+ for persons."""

    uses = ("inputs.people", "splits", "person_split")
    split = PERSON_SPLIT / "split.csv"

    def __init__(self, params: Params, settings: PersonSegmenter) -> None:
        super().__init__(params, settings, (settings.size, settings.size))

    def datasets(self) -> Datasets:
        people, size = Path(self.params.inputs.people), self.frame[0]
        multiply, seed = self.params.person_split.multiply, self.params.splits.seed
        return Datasets(
            training_samples(self.split, people, size, multiply, seed),
            PersonMasks(read_split(self.split, people, "val"), size),
        )
