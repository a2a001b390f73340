"""Two runs on the same pictures, network by network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UsageError
from pipeline.evaluation import KINDS, Kind, higher_is_better
from pipeline.metrics.statistics import PairedComparison, paired_comparison
from pipeline.runs.source import Run, Scores, read_scores

UNTAUGHT = ("unchanged", "grabcut", "opencv_inpainting")
"""Baselines that see nothing but the picture: where they score otherwise, it is another picture."""


class How(NamedTuple):
    """How two runs are compared.

    Attributes:
        metric: A column of `scores.csv`; None is the main score of each network.
        level: Coverage of intervals.
        resamples: Of intervals and tests.
    """

    metric: str | None = None
    level: float = 0.95
    resamples: int = 10_000


class Row(NamedTuple):
    """One network.

    Attributes:
        comparison: None where there is nothing to compare; `words` says why.
        words: The verdict for a table that holds the numbers.
        sentence: The same for those who see no numbers beside it.
    """

    network: str
    metric: str
    comparison: PairedComparison | None
    words: str
    sentence: str

    def shown(self) -> dict[str, str]:
        """Cells for people."""
        cells = {"network": self.network, "metric": self.metric}
        names = ("A", "B", "B − A", "p", "better/worse/equal")
        values = [""] * len(names) if self.comparison is None else _shown(self.comparison)
        return {**cells, **dict(zip(names, values, strict=True)), "verdict": self.words}

    def exact(self) -> dict[str, str]:
        """Cells for programs, numbers to six digits."""
        found = self.comparison
        cells = {"network": self.network, "metric": self.metric}
        for name in ("mean_a", "mean_b", "difference", "low", "high", "p_value"):
            cells[name] = "" if found is None else f"{getattr(found, name):.6g}"
        for name in ("better", "worse", "equal", "left_out", "outcome"):
            cells[name] = "" if found is None else str(getattr(found, name))
        return {**cells, "verdict": self.sentence}


def _shown(found: PairedComparison) -> list[str]:
    return [
        f"{found.mean_a:.4f}",
        f"{found.mean_b:.4f}",
        f"{found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f})",
        f"{found.p_value:.2g}",
        f"{found.better}/{found.worse}/{found.equal}",
    ]


def compare_runs(a: Run, b: Run, networks: Sequence[str], how: How) -> list[Row]:
    """A row for each network that is asked for; if none is, for each that either run reports on.

    Raises:
        UsageError: An unknown network, or a metric that none of them has.
        PipelineError: A report cannot be read.
    """
    unknown = [name for name in networks if name not in KINDS]
    if unknown:
        raise UsageError(f"unknown network {unknown[0]!r}; there are {', '.join(KINDS)}")
    found = {name: (read_scores(a, name), read_scores(b, name)) for name in networks or KINDS}
    asked = {name: pair for name, pair in found.items() if networks or any(pair)}
    _check_metric(asked, how.metric)
    return [compare_network(name, *pair, how) for name, pair in asked.items()]


def _check_metric(
    found: dict[str, tuple[Scores | None, Scores | None]], metric: str | None
) -> None:
    known = {
        column: None
        for name, pair in found.items()
        for column in _columns(*pair)
        if column in KINDS[name].scores
    }
    if metric and known and metric not in known:
        raise UsageError(f"unknown metric {metric!r}; there are {', '.join(known)}")


def _columns(*pair: Scores | None) -> list[str]:
    return [
        column
        for scores in pair
        if scores
        for row in list(scores.pictures.values())[:1]
        for column in row
    ]


def compare_network(network: str, a: Scores | None, b: Scores | None, how: How) -> Row:
    """B against A; where that cannot be, the row says why."""
    kind = KINDS[network]
    metric = how.metric or kind.main
    problem = _missing(a, b, metric)
    if problem or a is None or b is None:
        return Row(network, metric, None, problem, problem)
    names = [name for name in a.pictures if name in b.pictures]
    first, second = (_column(scores, names, metric) for scores in (a, b))
    found = paired_comparison(
        first, second, higher_is_better(metric), how.level, how.resamples, seed=0
    )
    notes = [*_only_in_one(a, b), *_other_pictures(kind, a, b, names)]
    title = kind.title if metric == kind.main else metric
    words = found.conclusion()
    if found.left_out:
        words += f"; not measured in both: {found.left_out}"
    return Row(
        network, metric, found, "; ".join([words, *notes]),
        "; ".join([found.in_words(title), *notes]),
    )  # fmt: skip


def _missing(a: Scores | None, b: Scores | None, metric: str) -> str:
    for name, scores in (("A", a), ("B", b)):
        if scores is None:
            return f"no report in {name}"
        if scores.skipped:
            return f"skipped in {name}: {scores.skipped}"
        if not scores.pictures:
            return f"no scores by picture in {name}"
        if metric not in _columns(scores):
            return f"no {metric} in {name}"
    if a and b and not a.pictures.keys() & b.pictures.keys():
        return "no picture is in both: they were scored on different test pictures"
    return ""


def _column(scores: Scores, names: Sequence[str], metric: str) -> NDArray[np.float64]:
    return np.array([scores.pictures[name][metric] for name in names], np.float64)


def _only_in_one(a: Scores, b: Scores) -> list[str]:
    extra = {
        "A": len(a.pictures.keys() - b.pictures.keys()),
        "B": len(b.pictures.keys() - a.pictures.keys()),
    }
    return [f"{count} pictures are only in {name}" for name, count in extra.items() if count]


def _other_pictures(kind: Kind, a: Scores, b: Scores, names: Sequence[str]) -> list[str]:
    """A warning where a picture has its name in both, and yet seems to be another one."""
    for baseline in kind.baselines:
        column = kind.versus(baseline)
        if baseline in UNTAUGHT and column in _columns(a) and column in _columns(b):
            moved = np.abs(_column(b, names, column) - _column(a, names, column))
            moved = moved[~np.isnan(moved)]
            if moved.size and np.median(moved) > 1e-3:
                return [f"the baseline {baseline} differs too: are these the same pictures?"]
    return []
