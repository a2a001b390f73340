"""Stage `backgrounds`: the backgrounds of all sources as one collection, without doubles."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.params import load_params
from pipeline.paths import ARCHIVES, BACKGROUNDS, FRAMES, SCRAPE
from pipeline.sections.archives import BackgroundSource
from pipeline.sources.merge import merge_collections
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data

log = logging.getLogger(__name__)

COLLECTIONS: dict[BackgroundSource, Path] = {
    "scrape": SCRAPE / "backgrounds",
    "frames": FRAMES,
    "archives": ARCHIVES,
}


def main() -> None:
    """Run the stage."""
    section = load_params().backgrounds
    folders = [COLLECTIONS[source] for source in section.sources]
    summary = merge_collections(folders, BACKGROUNDS, section)
    log.info("backgrounds: %d kept, %d doubles or too small", summary.pictures, summary.unwanted)
    log_data("backgrounds", section.model_dump(), summary._asdict())


if __name__ == "__main__":
    run_stage("backgrounds", main)
