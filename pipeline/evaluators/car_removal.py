"""`car_removal` on pairs of the test part, as a whole and inside the car.

Baselines: leaving the picture as it is; and OpenCV's inpainting, which is told where the car is,
what the network has to find out: its true mask, grown by the rim that soft edges and the weather's
blur give it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pipeline.baselines import inpainted
from pipeline.datasets.pairs.composites import Composite
from pipeline.evaluation import OURS, Judged, judge_pictures
from pipeline.evaluators.pairs import FixedPairs, fixed_pairs
from pipeline.evaluators.scoring import Scored, score
from pipeline.images import RGB
from pipeline.inference.removal import CarRemover
from pipeline.params import Params

RIM = 2
"""Pixels of a cutout's edge that are less than half opaque, at most."""


class PairCase(NamedTuple):
    """A test pair, made when it is needed."""

    name: str
    group: str
    pairs: FixedPairs
    place: int

    def make(self) -> Composite:
        """The pair."""
        return self.pairs.make(self.place)


class RemovalJudge:
    """The network and its baselines; see `scoring.Judge`."""

    columns = ("with car", OURS, "opencv_inpainting", "truth")

    def __init__(self, remover: CarRemover) -> None:
        self.remover, self.card = remover, remover.card

    def judge(self, case: PairCase) -> Judged:
        """Compare every method's picture with the one without the car."""
        pair = case.make()
        return judge_pictures(case.name, case.group, self._results(pair), pair.y, pair.mask)

    def draw(self, case: PairCase) -> list[RGB]:
        """The picture with the car, what became of it, the one without."""
        pair = case.make()
        results = self._results(pair)
        return [pair.x, results[OURS], results["opencv_inpainting"], pair.y]

    def _results(self, pair: Composite) -> dict[str, RGB]:
        return {
            OURS: self.remover.remove(pair.x),
            "unchanged": pair.x,
            "opencv_inpainting": inpainted(pair.x, pair.mask, RIM + pair.effects.radius),
        }


def evaluate(network: str, weights: Path, params: Params) -> Scored:
    """Score the weights beside the baselines."""
    pairs = fixed_pairs(params, "test")
    cases = [
        PairCase(pairs.name(index), pairs.group(index), pairs, index)
        for index in range(pairs.count)
    ]
    return score(network, RemovalJudge(CarRemover(weights)), cases)
