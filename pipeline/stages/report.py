"""Stage `report`: one table over all networks, with intervals, baselines and published figures."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.metrics import bootstrap_interval
from pipeline.params import Report, load_params
from pipeline.published import PUBLISHED
from pipeline.stages.door import run_stage
from pipeline.stages.paths import REPORTS
from pipeline.workspace import write_whole

METRICS = ("jaccard", "f1", "accuracy", "precision", "recall")
log = logging.getLogger(__name__)


def summary_rows(network: str, folder: Path, how: Report) -> list[dict[str, Any]]:
    """A row per metric: our mean and its interval beside the strongest baseline's and theirs."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    scores = pd.read_csv(folder / "scores.csv")
    baselines = metrics["baseline"]
    strongest = max(baselines, key=lambda name: baselines[name]["jaccard"])
    published = PUBLISHED[network]
    rows = []
    for metric in METRICS:
        values = scores[metric].to_numpy(np.float64)
        low, high = bootstrap_interval(values, how.interval, how.resamples, seed=0)
        rows.append(
            {
                "network": network,
                "metric": metric,
                "value": metrics[metric],
                "low": round(low, 6),
                "high": round(high, 6),
                "baseline": baselines[strongest][metric],
                "reference": published.scores[metric],
                "source": published.source,
                "baseline_name": strongest,
            }
        )
    return rows


def main() -> None:
    """Run the stage."""
    params = load_params()
    folders = sorted(file.parent for file in REPORTS.glob("*/metrics.json"))
    table = pd.DataFrame(
        row for folder in folders for row in summary_rows(folder.name, folder, params.report)
    )
    write_whole(REPORTS / "summary.csv", table.to_csv(index=False).encode())
    shown = table[["network", "metric", "value", "low", "high", "baseline", "baseline_name"]]
    log.info("report:\n%s", shown.to_string(index=False))


if __name__ == "__main__":
    run_stage("report", main)
