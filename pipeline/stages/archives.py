"""Stage `archives`: pictures of roads and streets out of published archives."""

from __future__ import annotations

import logging

from pipeline.params import load_params
from pipeline.paths import ARCHIVES
from pipeline.sources.archives.collect import collect_archives
from pipeline.sources.http.session import PoliteSession
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data
from pipeline.workspace import STATE, repository_root

log = logging.getLogger(__name__)


def main() -> None:
    """Run the stage."""
    params = load_params()
    with PoliteSession(params.http) as session:
        summary = collect_archives(
            session, params.archives, ARCHIVES, repository_root() / STATE / "archives"
        )
    log.info(
        "archives: %d pictures kept, %d unwanted, %d failed",
        summary.pictures, summary.unwanted, summary.failed,
    )  # fmt: skip
    if any(archive.url for archive in params.archives.entries.values()):
        log_data("archives", {}, summary._asdict())


if __name__ == "__main__":
    run_stage("archives", main)
