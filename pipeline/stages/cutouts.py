"""Stage `cutouts`: cars from the collected photos to pictures with transparency."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from pipeline.cutouts import tables
from pipeline.cutouts.collect import cut_all, make_jobs, open_store
from pipeline.cutouts.segmenters import make_segmenter
from pipeline.cutouts.sheet import draw_sheet
from pipeline.cutouts.tables import Done, ScoreRow
from pipeline.images import write_png
from pipeline.params import flatten, load_params
from pipeline.paths import CUTOUTS, DATA_REPORTS, SCRAPE
from pipeline.sources.manifest import read_manifest
from pipeline.sources.masks import match_masks
from pipeline.sources.progress import Meter
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data
from pipeline.workspace import STATE, only_user, repository_root, whole_directory, write_whole

log = logging.getLogger(__name__)


def main() -> None:
    """Run the stage."""
    params = load_params()
    how, work = params.cutouts, repository_root() / STATE / "cutouts"
    pictures = read_manifest(SCRAPE / "cars")
    matches = match_masks(pictures, Path(params.inputs.car_masks))
    with only_user(work), Meter("cutouts") as meter:
        segmenter = make_segmenter(how)
        store, jobs = open_store(work, segmenter, how), make_jobs(pictures, matches.masks)
        records = cut_all(jobs, store, segmenter, how, params.parallel, meter)
        done = [Done(*parts) for parts in zip(pictures, jobs, records, strict=True)]
        rows = tables.manifest_rows(done, how)
        rejects = tables.reject_rows(done, matches.rejects, how)
        with whole_directory(CUTOUTS) as output:
            tables.write_cutouts(output, rows, rejects, tables.images_of(done, store))
        sheet, line = draw_sheet(done, store, how), meter.line()
    summary = tables.summarise(done, rows, rejects, how.segmenter)
    DATA_REPORTS.mkdir(parents=True, exist_ok=True)
    write_png(DATA_REPORTS / "cutouts.png", sheet)
    scores = DATA_REPORTS / "cutouts_scores.csv"
    tables.write_table(scores, tables.score_rows(done, how.segmenter), ScoreRow._fields)
    write_whole(DATA_REPORTS / "cutouts.json", f"{json.dumps(summary, indent=2)}\n".encode())
    log.info("%s; %s; %d masks to spare", line, tables.describe(summary), matches.spare)
    counts = {name: value for name, value in summary.items() if isinstance(value, int | float)}
    log_data("cutouts", flatten(how.model_dump()), counts)
    tables.refuse_if_too_many_failed(summary, how)


if __name__ == "__main__":
    run_stage("cutouts", main)
