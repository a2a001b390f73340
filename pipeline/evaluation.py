"""Scoring masks: the same counts for a network and for the baselines it has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.images import RGB, Mask
from pipeline.metrics import (
    Counts,
    confusion_counts,
    jaccard_score,
    mask_scores,
    mean_scores,
    pooled_scores,
    total,
)  # fmt: skip
from pipeline.sheets import Row, contact_sheet, evenly, show_mask

OURS = "prediction"


class Judged(NamedTuple):
    """One test picture: which, and the counts of each method's mask on it.

    Attributes:
        picture: Its name.
        group: Where it comes from.
        counts: By method; OURS is the network.
    """

    picture: str
    group: str
    counts: Mapping[str, Counts]

    @property
    def jaccard(self) -> float:
        """Of the network."""
        return jaccard_score(self.counts[OURS])


def judge(picture: str, group: str, masks: Mapping[str, Mask], truth: Mask) -> Judged:
    """Count each method's mask against the truth; all H×W of one size."""
    return Judged(
        picture, group, {method: confusion_counts(mask, truth) for method, mask in masks.items()}
    )


def score_table(judged: Sequence[Judged]) -> list[dict[str, object]]:
    """Rows of `scores.csv`: the network's scores, picture by picture."""
    return [
        {"picture": one.picture, "group": one.group, **_rounded(mask_scores(one.counts[OURS]))}
        for one in judged
    ]


def summarise(judged: Sequence[Judged]) -> dict[str, object]:
    """`metrics.json`: the network's means and pooled scores, and the same of each baseline."""
    scores = {
        method: _summary([one.counts[method] for one in judged]) for method in judged[0].counts
    }
    ours = scores.pop(OURS)
    return {**ours, "pictures": len(judged), "baseline": scores}


def representative(judged: Sequence[Judged], spread: int, worst: int) -> list[tuple[str, Judged]]:
    """Pictures for a contact sheet: evenly from best to worst by Jaccard, then the worst ones."""
    ranked = sorted(judged, key=lambda one: (-one.jaccard, one.picture))
    places = evenly(range(len(ranked)), spread)
    worst_places = [place for place in reversed(range(len(ranked))) if place not in places][:worst]
    return [
        *((f"rank {place + 1} of {len(ranked)}", ranked[place]) for place in places),
        *((f"among the worst, rank {place + 1}", ranked[place]) for place in worst_places),
    ]


def sheet_row(caption: str, one: Judged, picture: RGB, masks: Mapping[str, Mask]) -> Row:
    """The picture, then each mask over it, with the network's Jaccard below."""
    return Row(
        f"{caption}: {one.picture}, Jaccard {one.jaccard:.3f}",
        [picture, *(show_mask(picture, mask) for mask in masks.values())],
    )


def sheet(rows: Sequence[Row], methods: Sequence[str]) -> RGB:
    """`examples.png`: what went in, what came out, what was wanted."""
    return contact_sheet(["picture", *methods], rows)


def _summary(counts: Sequence[Counts]) -> dict[str, float]:
    means = mean_scores([mask_scores(one) for one in counts])
    return _rounded({**means, **pooled_scores(total(counts))})


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in scores.items()}
