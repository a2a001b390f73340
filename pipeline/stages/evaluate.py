"""Stage `evaluate@NETWORK`: score the best weights on the test part, beside their baselines."""

from __future__ import annotations

import logging
from typing import Any

from pipeline.evaluation import KINDS
from pipeline.evaluation.judging import summarise
from pipeline.evaluators import EVALUATORS, evaluator
from pipeline.evaluators.scoring import skip_reason
from pipeline.params import load_params
from pipeline.paths import MODELS, REPORTS
from pipeline.reporting.files import write_reports, write_skipped
from pipeline.reporting.tracked import describe, track_evaluation
from pipeline.stages.door import only_argument, run_stage
from pipeline.workspace import whole_directory

log = logging.getLogger(__name__)


def evaluate(network: str) -> None:
    """Score, draw and write `reports/<network>/`, and add it to the MLflow run of the weights."""
    params, reports = load_params(), REPORTS / network
    why = skip_reason(MODELS / network)
    scored = None if why else evaluator(network)(network, MODELS / network / "best.pt", params)
    metrics: dict[str, Any] = {"skipped": why}
    if scored:
        metrics = {**summarise(scored.judged), **scored.notes}
    reports.mkdir(parents=True, exist_ok=True)
    with whole_directory(reports / "new") as new:
        if scored:
            write_reports(new, network, scored, metrics, params)
        else:
            write_skipped(new, network, str(why))
    files = [file.replace(reports / file.name) for file in sorted((reports / "new").iterdir())]
    (reports / "new").rmdir()
    log.info("evaluate@%s: %s", network, describe(metrics, KINDS[network]))
    if scored:
        track_evaluation(network, scored, metrics, files)


if __name__ == "__main__":
    name = only_argument(", ".join(EVALUATORS))
    run_stage(f"evaluate@{name}", lambda: evaluate(name))
