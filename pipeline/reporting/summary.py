"""Scores beside what they have to be compared with: a table of all networks, and of groups."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from pipeline.evaluation import KINDS, OURS, TRUE_MAPS, Kind, higher_is_better
from pipeline.evaluation.groups import group_pictures
from pipeline.evaluation.judging import Judged, ranking, rivals
from pipeline.metrics.statistics import bootstrap_interval, paired_comparison
from pipeline.params import Report
from pipeline.published import PUBLISHED

COLUMNS = (
    "network", "metric", "value", "low", "high", "baseline", "reference", "source",
    "baseline_name", "informed", "informed_name", "better", "verdict", "comparable",
)  # fmt: skip
"""Of `summary.csv`. `informed` is the score of a baseline that is told what the network has to find
out; `verdict` compares the main score with the baseline's, picture by picture."""
GROUP_COLUMNS = (
    "grouping", "group", "pictures", "metric", "value", "low", "high", "baseline", "from", "to",
)  # fmt: skip
"""Of `groups.csv`; `baseline` is the mean over the group of what is strongest over all pictures."""


def summary_table(reports: Path, how: Report) -> pd.DataFrame:
    """`summary.csv`: the rows of every network that has reports, in the order of their names."""
    folders = sorted(file.parent for file in reports.glob("*/metrics.json"))
    rows = [row for folder in folders for row in summary_rows(folder.name, folder, how)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def summary_rows(network: str, folder: Path, how: Report) -> list[dict[str, Any]]:
    """A row per metric: our mean and its interval beside the strongest baseline's and theirs.

    A network that was skipped has one row, whose source says why.

    Args:
        network: Trained network.
        folder: Its reports.
        how: Intervals.
    """
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if "skipped" in metrics:
        return [{"network": network, "metric": "skipped", "source": metrics["skipped"]}]
    scores = pd.read_csv(folder / "scores.csv")
    kind, published = KINDS[network], PUBLISHED[network]
    ranked_by = ranked(scores, kind)
    rival, informed = (kind.strongest(metrics["baseline"], told) for told in (False, True))

    def of(baseline: str | None, metric: str) -> float | None:
        # A baseline sees no maps, neither true ones nor others.
        scores = metrics["baseline"].get(baseline, {})
        return cast("float | None", scores.get(metric.removesuffix(TRUE_MAPS)))

    return [
        {
            "network": network,
            "metric": metric,
            "value": metrics[metric],
            **interval(scores[metric], how),
            "baseline": of(rival, metric),
            "reference": published.scores.get(metric),
            "source": published.source,
            "baseline_name": rival,
            "informed": of(informed, metric),
            "informed_name": informed,
            "better": "higher" if higher_is_better(metric) else "lower",
            "verdict": verdict(scores, kind, rival, how) if metric == ranked_by else None,
            "comparable": published.comparable,
        }
        for metric in summarised(kind, metrics)
    ]


def summarised(kind: Kind, metrics: dict[str, Any]) -> list[str]:
    """What of `metrics.json` the summary holds: what the kind names, and LPIPS where it was had."""
    return [*kind.summarised, *(name for name in metrics if name.startswith("lpips"))]


def ranked(scores: pd.DataFrame, kind: Kind) -> str:
    """The score that stands for the network, see `Kind.ranked_by`."""
    return kind.ranked_by(lambda score: bool(scores[score].notna().any()))


def verdict(scores: pd.DataFrame, kind: Kind, rival: str | None, how: Report) -> str | None:
    """In words, whether the network beats a baseline on the same pictures."""
    ranked_by = ranked(scores, kind)
    if rival is None:
        return None
    compared = paired_comparison(
        np.asarray(scores[kind.versus(rival)], np.float64),
        np.asarray(scores[ranked_by], np.float64),
        kind.higher_is_better, how.interval, how.resamples, seed=0,
    )  # fmt: skip
    return compared.in_words(kind.title_of(ranked_by), rival.replace("_", " "), "the network")


def interval(values: Iterable[float], how: Report) -> dict[str, float | None]:
    """`low` and `high` of the mean over the pictures in which it could be measured.

    Of fewer than two nothing can be said.
    """
    measured = np.asarray([value for value in values if not np.isnan(value)], np.float64)
    if measured.size < 2:
        return {"low": None, "high": None}
    low, high = bootstrap_interval(measured, how.interval, how.resamples, seed=0)
    return {"low": round(low, 6), "high": round(high, 6)}


def group_rows(judged: Sequence[Judged], kind: Kind, how: Report) -> list[dict[str, Any]]:
    """The main score by what is known of the pictures; those it cannot be measured in are out."""
    score, known = ranking(judged, kind)
    rival = _strongest(known, kind)
    traits = [{name: one.traits.get(name, "") for name in kind.traits} for one in known]
    return [
        {
            "grouping": group.grouping,
            "group": group.name,
            "pictures": len(group.places),
            "metric": score,
            "value": _mean(values := [known[place].scores[OURS][score] for place in group.places]),
            **interval(values, how),
            "baseline": _mean(known[place].scores[rival][kind.main] for place in group.places)
            if rival
            else None,
            "from": group.start,
            "to": group.end,
        }
        for group in group_pictures([one.group for one in known], traits)
    ]


def _strongest(judged: Sequence[Judged], kind: Kind) -> str | None:
    names = rivals(judged[0]) if judged else []
    means = {
        name: {kind.main: _mean(one.scores[name][kind.main] for one in judged)} for name in names
    }
    return kind.strongest(means)


def _mean(values: Iterable[float]) -> float:
    return round(float(np.nanmean(list(values))), 6)
