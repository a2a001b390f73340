"""Judging test pictures: the same scores for a network and for the baselines it has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import NamedTuple

from pipeline.images import RGB, Mask
from pipeline.metrics.masks import (
    Counts,
    confusion_counts,
    jaccard_score,
    mask_scores,
    pooled_scores,
    total,
)
from pipeline.metrics.pictures import picture_scores
from pipeline.metrics.statistics import mean_scores
from pipeline.sheets import evenly

OURS = "prediction"
TRUE_MAPS = "_true_maps"
"""Ends the name of a score of the shadow network when it is shown the true occluders."""


class Kind(NamedTuple):
    """How networks that give the same kind of thing are scored.

    Attributes:
        scores: The network's columns in `scores.csv`.
        summarised: Those of them that the summary over all networks holds.
        main: The score that ranks pictures and tells the strongest baseline.
        title: How `main` is written for people.
        higher_is_better: Of `main`.
        baselines: Their names; `scores.csv` ends with the main score of each.
        informed: Those of them that are told what the network has to find out. They are a
            landmark: the network has to beat the others.
    """

    scores: tuple[str, ...]
    summarised: tuple[str, ...]
    main: str
    title: str
    higher_is_better: bool
    baselines: tuple[str, ...]
    informed: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Of `scores.csv`."""
        return ["picture", "group", *self.scores, *map(self.versus, self.baselines)]

    def versus(self, baseline: str) -> str:
        """Column of the main score of a baseline."""
        return f"{self.main}_{baseline}"

    def strongest(
        self, scores: Mapping[str, Mapping[str, float]], informed: bool = False
    ) -> str | None:
        """The baseline with the best main score, of their means by name; None if there is none.

        Args:
            scores: Of every baseline.
            informed: Take one of those that are told more than the network, or one of the others.
        """
        names = [name for name in scores if (name in self.informed) == informed]
        best = max if self.higher_is_better else min
        return best(names, key=lambda name: scores[name][self.main], default=None)


MASK_SCORES = ("jaccard", "f1", "accuracy", "precision", "recall")
MAPS = ("occluders", "shadows")
PICTURE_SCORES = ("psnr", "ssim", "rmse", "psnr_inside", "rmse_inside")

_masks = Kind(MASK_SCORES, MASK_SCORES, "jaccard", "Jaccard", True, ("grabcut", "mean_mask"))
_maps = _masks._replace(scores=(*MASK_SCORES, *(f"jaccard_{name}" for name in MAPS)))
_removal = Kind(
    PICTURE_SCORES, PICTURE_SCORES, "psnr_inside", "PSNR inside", True,
    ("unchanged", "opencv_inpainting"), informed=("opencv_inpainting",),
)  # fmt: skip
_shadow = Kind(
    (*PICTURE_SCORES, *(f"{name}{TRUE_MAPS}" for name in PICTURE_SCORES)),
    (*PICTURE_SCORES, f"rmse{TRUE_MAPS}", f"rmse_inside{TRUE_MAPS}"),
    "rmse_inside", "RMSE inside", False, ("unchanged",),
)  # fmt: skip

KINDS = {
    "car_removal": _removal,
    "person_se": _masks,
    "person_bce_dice": _masks,
    "central_person": _masks,
    "shadow_attention": _maps,
    "shadow": _shadow,
    "car_mask": _masks,
}
"""By trained network."""


class Judged(NamedTuple):
    """One test picture.

    Attributes:
        picture: Its name.
        group: Where it comes from.
        scores: By method; OURS is the network. What cannot be measured is not a number.
        counts: Of masks, also by method.
    """

    picture: str
    group: str
    scores: Mapping[str, Mapping[str, float]]
    counts: Mapping[str, Counts] = {}

    def rank(self, kind: Kind) -> float:
        """The network's main score; with the true maps where it has no other."""
        ours = self.scores[OURS]
        value = ours[kind.main]
        return ours.get(f"{kind.main}{TRUE_MAPS}", value) if isnan(value) else value


def judge_masks(
    picture: str, group: str, masks: Mapping[str, Mask], truth: Mask, parts: Sequence[str] = ()
) -> Judged:
    """Score each method's mask against the truth; all H×W of one size.

    With `parts` each is a stack P×H×W: the scores are those of the stack as one mask, and each
    part has a Jaccard of its own.
    """
    counts = {method: confusion_counts(mask, truth) for method, mask in masks.items()}
    scores = {
        method: mask_scores(counts[method]) | _jaccard_of_parts(mask, truth, parts)
        for method, mask in masks.items()
    }
    return Judged(picture, group, scores, counts)


def _jaccard_of_parts(masks: Mask, truths: Mask, parts: Sequence[str]) -> dict[str, float]:
    return {
        f"jaccard_{part}": jaccard_score(confusion_counts(masks[place], truths[place]))
        for place, part in enumerate(parts)
    }


def judge_pictures(
    picture: str, group: str, results: Mapping[str, RGB], truth: RGB, inside: Mask
) -> Judged:
    """Score each method's picture against the truth, as a whole and inside a mask."""
    scores = {method: picture_scores(one, truth, inside) for method, one in results.items()}
    return Judged(picture, group, scores)


def score_table(judged: Sequence[Judged], kind: Kind) -> list[dict[str, object]]:
    """Rows of `scores.csv`: the network's scores, picture by picture, beside its baselines'."""
    return [
        {
            "picture": one.picture,
            "group": one.group,
            **_rounded(one.scores[OURS]),
            **_rounded({kind.versus(name): one.scores[name][kind.main] for name in kind.baselines}),
        }
        for one in judged
    ]


def summarise(judged: Sequence[Judged]) -> dict[str, object]:
    """`metrics.json`: the network's means and pooled scores, and the same of each baseline.

    A mean over nothing is None. `pictures_inside` counts those that have anything inside.
    """
    scores = {method: _summary(judged, method) for method in judged[0].scores}
    ours = scores.pop(OURS)
    numbers: dict[str, object] = {**ours, "pictures": len(judged)}
    if "rmse_inside" in ours:
        numbers["pictures_inside"] = sum(map(_has_inside, judged))
    return {**numbers, "baseline": scores}


def _has_inside(judged: Judged) -> bool:
    return not all(isnan(scores["rmse_inside"]) for scores in judged.scores.values())


def representative(
    judged: Sequence[Judged], kind: Kind, spread: int, worst: int
) -> list[tuple[str, Judged]]:
    """Pictures for a contact sheet with their captions: evenly from best to worst, then the worst.

    Pictures in which the main score cannot be measured are left out.
    """
    better = -1 if kind.higher_is_better else 1
    measured = [one for one in judged if not isnan(one.rank(kind))]
    ranked = sorted(measured, key=lambda one: (better * one.rank(kind), one.picture))
    places = evenly(range(len(ranked)), spread)
    worst_places = [place for place in reversed(range(len(ranked))) if place not in places][:worst]
    captions = [
        *((place, f"rank {place + 1} of {len(ranked)}") for place in places),
        *((place, f"among the worst, rank {place + 1}") for place in worst_places),
    ]
    return [(_caption(text, ranked[place], kind), ranked[place]) for place, text in captions]


def _caption(text: str, one: Judged, kind: Kind) -> str:
    return f"{text}: {one.picture}, {kind.title} {one.rank(kind):.3f}"


def _summary(judged: Sequence[Judged], method: str) -> dict[str, float | None]:
    means = _rounded(mean_scores([one.scores[method] for one in judged]))
    pooled = (
        _rounded(pooled_scores(total(one.counts[method] for one in judged)))
        if judged[0].counts
        else {}
    )
    return {name: None if isnan(value) else value for name, value in {**means, **pooled}.items()}


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in scores.items()}
