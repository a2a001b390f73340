"""`shadow`: the shadow of an inserted object, as a whole and inside the true shadow.

Once with what the attention network finds, as in use, and once with the true occluders and their
shadows (`…_true_maps`), as in training. Baseline: the scene without the shadow, as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.datasets.shadows.files import ShadowScene, read_shadow_scenes, read_soft_mask
from pipeline.evaluation import OURS, TRUE_MAPS
from pipeline.evaluation.groups import subject_traits
from pipeline.evaluation.judging import judge_pictures
from pipeline.evaluators.scoring import Distance, Examined, Scored, perceptual, score, skip_reason
from pipeline.evaluators.shadow_attention import SPLIT, true_maps
from pipeline.images import RGB, Mask, read_picture
from pipeline.inference.shadows import FOUND, AttentionPredictor, ShadowCaster
from pipeline.metrics.shadows import balanced_errors, shadow_mask
from pipeline.params import Params
from pipeline.paths import MODELS
from pipeline.sheets import show_object

ATTENTION = "shadow_attention"


class ShadowJudge:
    """The network and its baseline; see `scoring.Judge`.

    Args:
        caster: The network.
        attention: Finds the maps; None where it is skipped.
        lpips: Distance of two pictures, if it is wanted.
    """

    def __init__(
        self,
        caster: ShadowCaster,
        attention: AttentionPredictor | None,
        lpips: Distance | None = None,
    ) -> None:
        self.caster, self.attention, self.lpips = caster, attention, lpips
        self.card = caster.card
        ours = ("with true maps",) if attention is None else (OURS, "with true maps")
        self.columns = ("scene and object", *ours, "truth")

    def examine(self, case: ShadowScene) -> Examined:
        """Compare every method's picture with the scene with its shadow."""
        scene, truth = read_picture(case.noshadow), read_picture(case.shadow)
        inserted = read_soft_mask(case.mask)
        ours = self._results(case, scene, inserted)
        results, shadow = {**ours, "unchanged": scene}, shadow_mask(scene, truth)
        judged = judge_pictures(case.name, case.group, results, truth, shadow, self.lpips)
        scores = {
            method: {**found, **balanced_errors(shadow_mask(scene, results[method]), shadow)}
            for method, found in judged.scores.items()
        }
        judged = judged._replace(scores=_both_ways(scores), traits=subject_traits(scene, shadow))
        return Examined(judged, [show_object(scene, inserted), *ours.values(), truth])

    def _results(self, case: ShadowScene, scene: RGB, inserted: Mask) -> dict[str, RGB]:
        results = {}
        if self.attention:
            occluders, shadows = self.attention.maps(scene, inserted)
            found = occluders >= FOUND, shadows >= FOUND
            results[OURS] = self.caster.cast(scene, inserted, *found)
        return {**results, TRUE_MAPS: self.caster.cast(scene, inserted, *true_maps(case))}


def _both_ways(
    scores: Mapping[str, Mapping[str, float]],
) -> dict[str, Mapping[str, float]]:
    """Make one method of our two; without attention its scores are not numbers."""
    true = scores[TRUE_MAPS]
    found = scores.get(OURS, dict.fromkeys(true, float("nan")))
    ours = {**found, **{f"{name}{TRUE_MAPS}": value for name, value in true.items()}}
    baselines = {name: scores[name] for name in scores if name not in (OURS, TRUE_MAPS)}
    return {OURS: ours, **baselines}


def evaluate(network: str, weights: Path, params: Params) -> Scored:
    """Score the weights both ways, beside the baseline."""
    why = skip_reason(MODELS / ATTENTION)
    attention = None if why else AttentionPredictor(MODELS / ATTENTION / "best.pt")
    judge = ShadowJudge(ShadowCaster(weights), attention, perceptual(params.evaluate))
    notes = {"attention": f"skipped: {why}"} if why else {}
    return score(network, judge, read_shadow_scenes(SPLIT, "test"), notes)
