"""`shadow_attention`: the occluders of a scene and their shadows, as one mask of two parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.baselines import grabcut_mask, mean_mask
from pipeline.datasets.shadows.files import ShadowScene, read_shadow_scenes, read_soft_mask
from pipeline.evaluation import MAPS, OURS, Judged, judge_masks
from pipeline.evaluators.masks import GRID
from pipeline.evaluators.scoring import Scored, score
from pipeline.images import RGB, Mask, read_picture, resize_probability
from pipeline.inference.shadows import AttentionPredictor
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

    def judge(self, case: ShadowScene) -> Judged:
        """Count every method's masks against the truth."""
        picture = read_picture(case.noshadow)
        masks = {
            OURS: self._found(case, picture),
            "grabcut": self._grabcut(picture),
            "mean_mask": self._mean(*picture.shape[:2]),
        }
        return judge_masks(case.name, case.group, masks, true_maps(case), MAPS)

    def draw(self, case: ShadowScene) -> list[RGB]:
        """The scene with its inserted object, then what was found beside what is there."""
        picture = read_picture(case.noshadow)
        shown = [
            show_mask(picture, mask)
            for both in zip(self._found(case, picture), true_maps(case), strict=True)
            for mask in both
        ]
        return [show_object(picture, read_soft_mask(case.mask)), *shown]

    def _found(self, case: ShadowScene, picture: RGB) -> Mask:
        maps = self.predictor.maps(picture, read_soft_mask(case.mask))
        return np.stack([maps.occluders, maps.shadows]) >= self.how.threshold

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
