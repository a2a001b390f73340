"""The same scores for the answers of every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.comparison.answers import Answer, Cost, read_answer, read_cost, read_seconds
from pipeline.comparison.cases import Case
from pipeline.images import Mask, read_mask
from pipeline.metrics.masks import (
    Counts,
    boundary_f_score,
    confusion_counts,
    mask_scores,
    pooled_scores,
    total,
)
from pipeline.metrics.statistics import (
    PairedComparison,
    bootstrap_interval,
    mean_scores,
    paired_comparison,
)

LEVEL, RESAMPLES, SEED = 0.95, 2000, 0
"""Of the interval of the mean Jaccard."""

SCORES = ("jaccard", "f1", "accuracy", "precision", "recall", "boundary_f")


class Scored(NamedTuple):
    """One method on one picture.

    Attributes:
        name: Of the picture.
        scores: By the names in SCORES.
        counts: In pixels.
        seconds: Not a number if they are not known.
        failed: Why it has no mask; empty if it has one.
        resized: Its mask had another size.
    """

    name: str
    scores: Mapping[str, float]
    counts: Counts
    seconds: float
    failed: str
    resized: bool


class Result(NamedTuple):
    """One method on all pictures."""

    method: str
    pictures: Sequence[Scored]
    cost: Cost

    @property
    def jaccards(self) -> NDArray[np.float64]:
        """By picture."""
        return np.array([one.scores["jaccard"] for one in self.pictures])

    @property
    def failures(self) -> list[Scored]:
        """Pictures without a usable mask."""
        return [one for one in self.pictures if one.failed]

    def summary(self) -> dict[str, object]:
        """Its row of `summary.csv`: means over pictures, pooled scores, cost, failures."""
        means = mean_scores(one.scores for one in self.pictures)
        low, high = bootstrap_interval(self.jaccards, LEVEL, RESAMPLES, SEED)
        return {
            "method": self.method,
            "pictures": len(self.pictures),
            "jaccard": means.pop("jaccard"),
            "low": low,
            "high": high,
            **means,
            **pooled_scores(total(one.counts for one in self.pictures)),
            "seconds": self.cost.seconds,
            "first_seconds": self.cost.first,
            "peak_mb": self.cost.peak_mb,
            "failed": len(self.failures),
        }

    def rows(self) -> list[dict[str, object]]:
        """Its rows of `scores.csv`."""
        return [
            {
                "method": self.method,
                "picture": one.name,
                **one.scores,
                "seconds": one.seconds,
                "failed": one.failed,
            }
            for one in self.pictures
        ]


def against(first: Result, other: Result) -> PairedComparison:
    """The Jaccard of another method against the first's, picture by picture."""
    return paired_comparison(first.jaccards, other.jaccards, True, LEVEL, RESAMPLES, SEED)


def judge(method: str, folder: Path, cases: Sequence[Case], threshold: float) -> Result:
    """Score the masks of a folder.

    Raises:
        PipelineError: Its times or memory cannot be read.
    """
    seconds, cost = read_seconds(folder), read_cost(folder)
    by_stem = {Path(name).stem: value for name, value in seconds.items()}
    scored = []
    for case in cases:
        truth = read_mask(case.truth)
        answer = read_answer(folder, case.name, truth, threshold)
        took = seconds.get(case.name, by_stem.get(case.name, float("nan")))
        scored.append(_scored(case.name, answer, truth, took))
    return Result(method, scored, cost)


def _scored(name: str, answer: Answer, truth: Mask, seconds: float) -> Scored:
    counts = confusion_counts(answer.mask, truth)
    scores = {**mask_scores(counts), "boundary_f": boundary_f_score(answer.mask, truth)}
    return Scored(name, scores, counts, seconds, answer.failed, answer.resized)
