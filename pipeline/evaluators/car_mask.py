"""`car_mask` on pairs, whose masks are exact, and on photos of cars that have a mask.

The mean mask of a pair is that of the training pairs, the mean mask of a photo that of the training
photos: one mean over both, which lie quite differently, would be no rival.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.baselines import mean_mask
from pipeline.datasets.pairs.car_photos import CarPhoto, read_car_photos
from pipeline.evaluators.masks import (
    GRID,
    MaskCase,
    MaskJudge,
    file_cases,
    mean_of_files,
    off_the_shelf,
)
from pipeline.evaluators.pairs import SPLIT, fixed_pairs
from pipeline.evaluators.scoring import Scored, score
from pipeline.images import RGB, Mask
from pipeline.inference.masks import MaskPredictor
from pipeline.params import Params
from pipeline.paths import CUTOUTS, SCRAPE

PAIR, PHOTO = "pair", "photo"
"""Groups."""


def evaluate(network: str, weights: Path, params: Params) -> Scored:
    """Score the weights beside the baselines."""
    others = off_the_shelf(params.evaluate, "car", "deeplabv3", "maskrcnn")
    judge = MaskJudge(MaskPredictor(weights), params.evaluate, others)
    return score(network, judge, mask_cases(params))


def mask_cases(params: Params) -> list[MaskCase]:
    """The pairs and the photos of the test part."""
    return [*_pairs(params), *_photos(params)]


def _pairs(params: Params) -> list[MaskCase]:
    train, test = fixed_pairs(params, "train"), fixed_pairs(params, "test")
    mean = mean_mask((train.make(index).mask for index in range(train.count)), GRID)

    def case(index: int) -> MaskCase:
        def read() -> tuple[RGB, Mask]:
            pair = test.make(index)
            return pair.x, pair.mask

        pasted = {"make": test.make_of(index), "weather": test.make(index).effects.name}
        return MaskCase(f"pair_{test.name(index)}", PAIR, mean, read, pasted)

    return [case(index) for index in range(test.count)]


def _photos(params: Params) -> list[MaskCase]:
    masks = Path(params.inputs.car_masks)

    def read(part: str) -> list[CarPhoto]:
        return read_car_photos(SPLIT, CUTOUTS, SCRAPE / "cars", masks, part)

    train, test = read("train"), read("test")
    if not (train and test):
        return []
    cases = file_cases(test, mean_of_files(train))
    return [
        case._replace(name=f"photo_{case.name}", group=PHOTO, traits={"make": case.group})
        for case in cases
    ]
