"""Stage `report`: one table over all networks, with intervals, baselines and published figures."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from pipeline.evaluation import KINDS, TRUE_MAPS
from pipeline.metrics.statistics import bootstrap_interval
from pipeline.params import Report, load_params
from pipeline.paths import REPORTS
from pipeline.published import PUBLISHED
from pipeline.stages.door import run_stage
from pipeline.workspace import write_whole

COLUMNS = [
    "network", "metric", "value", "low", "high", "baseline", "reference", "source",
    "baseline_name", "informed", "informed_name", "better",
]  # fmt: skip
"""`informed` is the score of a baseline that is told what the network has to find out."""
log = logging.getLogger(__name__)


def summary_rows(network: str, folder: Path, how: Report) -> list[dict[str, Any]]:
    """A row per metric: our mean and its interval beside the strongest baseline's and theirs.

    A network that was skipped has one row, whose source says why.
    """
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if "skipped" in metrics:
        return [{"network": network, "metric": "skipped", "source": metrics["skipped"]}]
    scores = pd.read_csv(folder / "scores.csv")
    kind, published = KINDS[network], PUBLISHED[network]
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
            "better": "lower" if metric.startswith("rmse") else "higher",
        }
        for metric in kind.summarised
    ]


def interval(values: pd.Series[float], how: Report) -> dict[str, float]:
    """`low` and `high` of the mean over the pictures in which it could be measured, if any."""
    measured = np.asarray(values.dropna(), np.float64)
    if not measured.size:
        return {}
    low, high = bootstrap_interval(measured, how.interval, how.resamples, seed=0)
    return {"low": round(low, 6), "high": round(high, 6)}


def main() -> None:
    """Run the stage."""
    params = load_params()
    folders = sorted(file.parent for file in REPORTS.glob("*/metrics.json"))
    rows = [row for folder in folders for row in summary_rows(folder.name, folder, params.report)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    write_whole(REPORTS / "summary.csv", table.to_csv(index=False).encode())
    shown = table[["network", "metric", "value", "low", "high", "baseline", "baseline_name"]]
    log.info("report:\n%s", shown.to_string(index=False, na_rep=""))


if __name__ == "__main__":
    run_stage("report", main)
