"""How far scores lie apart that differ by the seed of the training alone."""

from __future__ import annotations

import csv
import io
from math import isnan
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import PipelineError
from pipeline.evaluation import KINDS
from pipeline.metrics.statistics import mean_and_sd
from pipeline.paths import REPORTS
from pipeline.runs.git import experiment
from pipeline.runs.seeds import Plan
from pipeline.runs.source import CommitRun, read_scores
from pipeline.tables import csv_text
from pipeline.workspace import write_whole

SEEDS_FILE = REPORTS / "seeds.csv"
COLUMNS = [
    "network", "metric", "seeds", "mean", "sd", "lowest", "highest", "values", "name", "changes",
]  # fmt: skip


class Spread(NamedTuple):
    """One metric of one network.

    Attributes:
        values: By seed; test means over pictures.
    """

    network: str
    metric: str
    values: dict[int, float]

    def shown(self) -> dict[str, str]:
        """Cells for people."""
        mean, sd = mean_and_sd(list(self.values.values()))
        lowest, highest = min(self.values.values()), max(self.values.values())
        return {
            "network": self.network,
            "metric": self.metric,
            "mean ± sd": f"{mean:.4f}" + ("" if isnan(sd) else f" ± {sd:.4f}"),
            "lowest to highest": f"{lowest:.4f} to {highest:.4f}",
            "seeds": " ".join(map(str, self.values)),
        }

    def row(self, plan: Plan) -> dict[str, str]:
        """Of `seeds.csv`; `values` stand in the order of `seeds`."""
        numbers = list(self.values.values())
        mean, sd = mean_and_sd(numbers)
        cells = [
            self.network, self.metric, " ".join(map(str, self.values)), f"{mean:.6g}",
            "" if isnan(sd) else f"{sd:.6g}", f"{min(numbers):.6g}", f"{max(numbers):.6g}",
            " ".join(f"{number:.6g}" for number in numbers), plan.name,
            " ".join(f"{key}={value}" for key, value in plan.changes.items()),
        ]  # fmt: skip
        return dict(zip(COLUMNS, cells, strict=True))


def spreads(plan: Plan) -> list[Spread]:
    """What the experiments hold, of the metrics that the summary has too.

    A metric that a run could not measure is of the other runs; one that none could is left out.

    Raises:
        PipelineError: An experiment is not there, or it has no scores of its network.
    """
    found = []
    for network in plan.networks:
        means = {seed: _means(plan.experiment(network, seed), network) for seed in plan.seeds}
        for metric in KINDS[network].summarised:
            values = {seed: each[metric] for seed, each in means.items() if metric in each}
            if values:
                found.append(Spread(network, metric, values))
    return found


def _means(name: str, network: str) -> dict[str, float]:
    commit = experiment(name)
    scores = read_scores(CommitRun(name, commit), network) if commit else None
    if scores is None:
        raise PipelineError(f"{name}: no such experiment with scores of {network}")
    if scores.skipped:
        raise PipelineError(f"{name}: {network} was skipped, {scores.skipped}")
    return {
        metric: value for metric, value in scores.means.items() if isinstance(value, int | float)
    }


def write_spreads(found: list[Spread], plan: Plan, file: Path = SEEDS_FILE) -> None:
    """Write `seeds.csv`; rows of other networks, and under other names, stay."""
    mine = {(one.network, plan.name) for one in found}
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    kept = [
        {name: row.get(name) or "" for name in COLUMNS}
        for row in csv.DictReader(io.StringIO(text))
        if (row.get("network"), row.get("name")) not in mine
    ]
    rows = [*kept, *(one.row(plan) for one in found)]
    if rows:
        write_whole(file, csv_text(rows).encode())
