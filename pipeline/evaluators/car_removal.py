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
from pipeline.evaluation import OURS
from pipeline.evaluation.groups import subject_traits
from pipeline.evaluation.judging import judge_pictures
from pipeline.evaluators.pairs import FixedPairs, fixed_pairs
from pipeline.evaluators.scoring import Distance, Examined, Scored, perceptual, score
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

    def __init__(self, remover: CarRemover, lpips: Distance | None = None) -> None:
        self.remover, self.card, self.lpips = remover, remover.card, lpips

    def examine(self, case: PairCase) -> Examined:
        """Compare every method's picture with the one without the car."""
        pair = case.make()
        results = self._results(pair)
        judged = judge_pictures(case.name, case.group, results, pair.y, pair.mask, self.lpips)
        pasted = {"make": case.pairs.make_of(case.place), "weather": pair.effects.name}
        traits = {**subject_traits(pair.x, pair.mask), **pasted}
        shown = [pair.x, results[OURS], results["opencv_inpainting"], pair.y]
        return Examined(judged._replace(traits=traits), shown)

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
    return score(network, RemovalJudge(CarRemover(weights), perceptual(params.evaluate)), cases)
