"""A card per trained network, made from its run (Mitchell et al.: Model Cards, FAT* 2019)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from pipeline.evaluation import KINDS, Kind
from pipeline.params import Params, flatten
from pipeline.paths import MODELS
from pipeline.reporting.about import ABOUT
from pipeline.reporting.templates import render
from pipeline.sections.base import DEMO_ROOT, NOTHING

if TYPE_CHECKING:  # loads torch
    from pipeline.card import Card


ENOUGH = 5
"""Pictures of a group that may be called the weakest."""


def model_card(
    card: Card,
    params: Params,
    metrics: Mapping[str, Any],
    summary: Sequence[Mapping[str, Any]],
    groups: Sequence[Mapping[str, Any]],
) -> str:
    """Markdown.

    Args:
        card: Of the weights.
        params: Under which they were evaluated.
        metrics: As in `metrics.json`.
        summary: The network's rows of `summary.csv`.
        groups: Rows of `groups.csv`.
    """
    kind = KINDS[card.network]
    section = card.params.get("networks", {}).get(card.network, {})
    return render(
        "model_card.md",
        card=card,
        about=ABOUT[card.network],
        kind=kind,
        metrics=metrics,
        rows=summary,
        weakest=weakest(groups, kind),
        demo=only_drawn(card, params),
        start=section,
        trained_with=flatten(card.params),
    )


def only_drawn(card: Card, params: Params) -> bool:
    """Whether nothing but the embedded demo world has gone into the weights."""
    flat = flatten(card.params)
    inputs = [str(value) for key, value in flat.items() if key.startswith("inputs.")]
    start = [value for key, value in flat.items() if key.endswith(".checkpoint")]
    return (
        params.uses_demo
        and all(place == NOTHING or place.startswith(f"{DEMO_ROOT}/") for place in inputs)
        and not any(value for key, value in flat.items() if key.endswith(".pretrained"))
        and all(file == NOTHING or file.startswith(f"{MODELS}/") for file in start)
    )


def skipped_card(network: str, why: str) -> str:
    """In place of a card where there are no weights."""
    return f"# {network}\n\nSkipped, there are no weights: {why}\n"


def weakest(groups: Iterable[Mapping[str, Any]], kind: Kind) -> list[Mapping[str, Any]]:
    """Of each grouping the group with the worst mean, of those with enough pictures."""
    by_grouping: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        if not isnan(group["value"]) and group["pictures"] >= ENOUGH:
            by_grouping.setdefault(group["grouping"], []).append(group)
    worst = min if kind.higher_is_better else max
    return [worst(some, key=lambda group: group["value"]) for some in by_grouping.values()]
