"""Judging test pictures: the same scores for a network and for the baselines it has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isnan, nan
from typing import NamedTuple

import numpy as np

from pipeline.evaluation import OURS, Kind
from pipeline.images import RGB, Mask
from pipeline.metrics.curves import Levels
from pipeline.metrics.masks import (
    Counts,
    boundary_f_score,
    confusion_counts,
    jaccard_score,
    mask_scores,
    pooled_scores,
    total,
)  # fmt: skip
from pipeline.metrics.pictures import picture_scores
from pipeline.metrics.statistics import mean_scores
from pipeline.sheets import evenly


class Judged(NamedTuple):
    """One test picture.

    Attributes:
        picture: Its name.
        group: Where it comes from.
        scores: By method; OURS is the network. What cannot be measured is not a number.
        counts: Of masks, also by method.
        traits: What else is known of it.
        levels: Of the network's map of probability, where it gives one.
    """

    picture: str
    group: str
    scores: Mapping[str, Mapping[str, float]]
    counts: Mapping[str, Counts] = {}
    traits: Mapping[str, float | str] = {}
    levels: Levels | None = None


def judge_masks(
    picture: str, group: str, masks: Mapping[str, Mask], truth: Mask, parts: Sequence[str] = ()
) -> Judged:
    """Score each method's mask against the truth; all H×W of one size.

    With `parts` each is a stack P×H×W: the scores are those of the stack as one mask (its boundary
    F is the mean over the parts), and each part has a Jaccard of its own.
    """
    counts = {method: confusion_counts(mask, truth) for method, mask in masks.items()}
    scores = {
        method: mask_scores(counts[method])
        | {"boundary_f": _boundary_f(mask, truth)}
        | _jaccard_of_parts(mask, truth, parts)
        for method, mask in masks.items()
    }
    return Judged(picture, group, scores, counts)


def _boundary_f(mask: Mask, truth: Mask) -> float:
    """Of a stack the mean over its parts."""
    if truth.ndim == 2:
        return boundary_f_score(mask, truth)
    return float(np.mean([boundary_f_score(*both) for both in zip(mask, truth, strict=True)]))


def _jaccard_of_parts(masks: Mask, truths: Mask, parts: Sequence[str]) -> dict[str, float]:
    return {
        f"jaccard_{part}": jaccard_score(confusion_counts(masks[place], truths[place]))
        for place, part in enumerate(parts)
    }


def judge_pictures(
    picture: str,
    group: str,
    results: Mapping[str, RGB],
    truth: RGB,
    inside: Mask,
    lpips: Callable[[RGB, RGB], float] | None = None,
) -> Judged:
    """Score each method's picture against the truth, as a whole, inside a mask and outside.

    With `lpips`, a distance of two pictures, each has that as well.
    """
    scores = {method: picture_scores(one, truth, inside) for method, one in results.items()}
    if lpips:
        for method, one in results.items():
            scores[method]["lpips"] = lpips(one, truth)
    return Judged(picture, group, scores)


def confusion_table(judged: Sequence[Judged]) -> list[dict[str, object]]:
    """Rows of `confusion.csv`: the pixels of all pictures, and their share of those truly alike."""
    if not any(one.counts for one in judged):
        return []
    tp, fp, fn, tn = total(one.counts[OURS] for one in judged)
    cells = (("inside", "inside", tp, tp + fn), ("inside", "outside", fn, tp + fn),
             ("outside", "inside", fp, fp + tn), ("outside", "outside", tn, fp + tn))  # fmt: skip
    return [
        {
            "actual": actual,
            "predicted": predicted,
            "pixels": pixels,
            "share": round(pixels / of, 6) if of else 0.0,
        }
        for actual, predicted, pixels, of in cells
    ]


def score_table(judged: Sequence[Judged], kind: Kind) -> list[dict[str, object]]:
    """Rows of `scores.csv`: the network's scores, picture by picture, beside its baselines'."""
    return [
        {
            "picture": one.picture,
            "group": one.group,
            **_rounded(one.scores[OURS]),
            **_rounded({kind.versus(name): one.scores[name][kind.main] for name in rivals(one)}),
            **{name: one.traits.get(name, "") for name in kind.traits},
        }
        for one in judged
    ]


def rivals(judged: Judged) -> list[str]:
    """The baselines that a picture was judged with."""
    return [method for method in judged.scores if method != OURS]


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
    score, ranked = ranking(judged, kind)
    places = evenly(range(len(ranked)), spread)
    worst_places = [place for place in reversed(range(len(ranked))) if place not in places][:worst]
    captions = [
        *((place, f"rank {place + 1} of {len(ranked)}") for place in places),
        *((place, f"among the worst, rank {place + 1}") for place in worst_places),
    ]
    return [(_caption(text, ranked[place], kind, score), ranked[place]) for place, text in captions]


def worst_first(judged: Sequence[Judged], kind: Kind, count: int) -> list[tuple[str, Judged]]:
    """The worst pictures of all with their captions, the very worst first."""
    score, ranked = ranking(judged, kind)
    last = list(enumerate(ranked, 1))[::-1][:count]
    return [
        (_caption(f"rank {rank} of {len(ranked)}", one, kind, score), one) for rank, one in last
    ]


def ranking(judged: Sequence[Judged], kind: Kind) -> tuple[str, list[Judged]]:
    """The score that ranks the pictures, and they from best to worst.

    It is one score for all of them (see `Kind.ranked_by`); pictures without it are left out.
    """

    def measured(score: str) -> list[Judged]:
        return [one for one in judged if not isnan(one.scores[OURS].get(score, nan))]

    score = kind.ranked_by(lambda name: bool(measured(name)))
    better = -1 if kind.higher_is_better else 1
    ranked = sorted(
        measured(score), key=lambda one: (better * one.scores[OURS][score], one.picture)
    )
    return score, ranked


def _caption(text: str, one: Judged, kind: Kind, score: str) -> str:
    return f"{text}: {one.picture}, {kind.title_of(score)} {one.scores[OURS][score]:.3f}"


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
