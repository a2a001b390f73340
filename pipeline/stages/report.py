"""Stage `report`: one table and one page over all networks."""

from __future__ import annotations

import logging

from pipeline.params import load_params
from pipeline.paths import REPORTS
from pipeline.reporting.page import write_page
from pipeline.reporting.summary import summary_table
from pipeline.stages.door import run_stage
from pipeline.workspace import write_whole

log = logging.getLogger(__name__)


def main() -> None:
    """Run the stage."""
    table = summary_table(REPORTS, load_params().report)
    write_whole(REPORTS / "summary.csv", table.to_csv(index=False).encode())
    write_page(REPORTS)
    shown = table[["network", "metric", "value", "low", "high", "baseline", "baseline_name"]]
    log.info("report:\n%s", shown.to_string(index=False, na_rep=""))


if __name__ == "__main__":
    run_stage("report", main)
