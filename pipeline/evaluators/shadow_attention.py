"""`shadow_attention`: the occluders of a scene and their shadows, as one mask of two parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.baselines import grabcut_mask, mean_mask
from pipeline.datasets.shadows.files import ShadowScene, read_shadow_scenes, read_soft_mask
from pipeline.evaluation import MAPS, OURS
from pipeline.evaluation.groups import subject_traits
from pipeline.evaluation.judging import judge_masks
from pipeline.evaluators.masks import GRID
from pipeline.evaluators.scoring import Examined, Scored, score
from pipeline.images import RGB, Mask, read_picture, resize_probability
from pipeline.inference.shadows import AttentionPredictor
from pipeline.metrics.curves import level_counts
from pipeline.params import Evaluate, Params
from pipeline.paths import SHADOW_SET
from pipeline.sheets import show_mask, show_object

SPLIT = SHADOW_SET / "split.csv"


class AttentionJudge:
    """The network and its baselines; see `scoring.Judge`.

    Masks are stacks 2×H×W: the occluders, then their shadows. The mean mask is one for each, and
    GrabCut's is taken for both.
    """

    columns = (
        "picture and object", "occluders found", "true occluders", "shadows found", "true shadows",
    )  # fmt: skip

    def __init__(
        self, predictor: AttentionPredictor, means: list[NDArray[np.float32]], how: Evaluate
    ) -> None:
        self.predictor, self.means, self.how = predictor, means, how
        self.card = predictor.card

    def examine(self, case: ShadowScene) -> Examined:
        """Count every method's masks against the truth."""
        picture, truth = read_picture(case.noshadow), true_maps(case)
        inserted = read_soft_mask(case.mask)
        probability = np.stack(self.predictor.maps(picture, inserted))
        found = probability >= self.how.threshold
        masks = {
            OURS: found,
            "grabcut": self._grabcut(picture),
            "mean_mask": self._mean(*picture.shape[:2]),
        }
        judged = judge_masks(case.name, case.group, masks, truth, MAPS)._replace(
            traits=subject_traits(picture, np.any(truth, axis=0)),
            levels=level_counts(probability, truth),
        )
        shown = [
            show_mask(picture, mask) for both in zip(found, truth, strict=True) for mask in both
        ]
        return Examined(judged, [show_object(picture, inserted), *shown])

    def _grabcut(self, picture: RGB) -> Mask:
        grabcut = self.how.grabcut
        return np.stack([grabcut_mask(picture, grabcut.box_share, grabcut.iterations)] * 2)

    def _mean(self, height: int, width: int) -> Mask:
        larger = [resize_probability(mean, height, width) for mean in self.means]
        return np.stack(larger) >= self.how.threshold


def true_maps(scene: ShadowScene) -> Mask:
    """The occluders and their shadows, 2×H×W."""
    return np.stack([read_soft_mask(scene.robject), read_soft_mask(scene.rshadow)])


def evaluate(network: str, weights: Path, params: Params) -> Scored:
    """Score the weights beside the baselines."""
    train = read_shadow_scenes(SPLIT, "train")
    means = [
        mean_mask((read_soft_mask(file) for file in files), GRID)
        for files in ([one.robject for one in train], [one.rshadow for one in train])
    ]
    judge = AttentionJudge(AttentionPredictor(weights), means, params.evaluate)
    return score(network, judge, read_shadow_scenes(SPLIT, "test"))
