"""`person_se` and `person_bce_dice` on the test part of the split of persons."""

from __future__ import annotations

from pathlib import Path

from pipeline.datasets.people.pictures import read_split
from pipeline.evaluators.masks import MaskJudge, file_cases, mean_of_files, off_the_shelf
from pipeline.evaluators.scoring import Scored, score
from pipeline.inference.masks import MaskPredictor
from pipeline.params import Params
from pipeline.paths import PERSON_SPLIT

SPLIT = PERSON_SPLIT / "split.csv"


def evaluate(network: str, weights: Path, params: Params) -> Scored:
    """Score the weights beside the baselines."""
    people = Path(params.inputs.people)
    mean = mean_of_files(read_split(SPLIT, people, "train"))
    cases = file_cases(read_split(SPLIT, people, "test"), mean)
    others = off_the_shelf(params.evaluate, "person", "deeplabv3", "maskrcnn")
    return score(network, MaskJudge(MaskPredictor(weights), params.evaluate, others), cases)
