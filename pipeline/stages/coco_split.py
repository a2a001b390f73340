"""Stage `coco_split`: which pictures of COCO have one person in the middle, and in which part."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import pandas as pd

from pipeline.datasets.central_person import SplitRow, split_rows
from pipeline.datasets.splits import deal_out
from pipeline.errors import PipelineError
from pipeline.params import Params, load_params
from pipeline.sources.coco.instances import instances_files, read_instances
from pipeline.stages.door import run_stage
from pipeline.stages.paths import COCO_SPLIT, NOTHING
from pipeline.tracking import log_data
from pipeline.workspace import whole_directory

log = logging.getLogger(__name__)


def select(folder: Path, params: Params) -> list[SplitRow]:
    """The rows of split.csv; what lies in one file for all is dealt out."""
    files, coverage = instances_files(folder, params.coco), params.coco.coverage
    rows = split_rows({part: read_instances(file) for part, file in files.items()}, coverage)
    if "all" in files and len(rows) < 3:
        raise PipelineError(
            f"{files['all']}: {len(rows)} pictures have a central person of more than "
            f"{coverage:g}, too few to split; lower coco.coverage, or set "
            f"inputs.coco_annotations to {NOTHING}"
        )
    if "all" not in files:
        return rows
    names, splits = [str(row.image_id) for row in rows], params.splits
    parts = deal_out(names, splits.seed, splits.test_share, splits.val_share)
    dealt = [row._replace(split=parts[str(row.image_id)].replace("val", "train")) for row in rows]
    return sorted(dealt, key=lambda row: (row.split, row.image_id))


def main() -> None:
    """Run the stage."""
    params = load_params()
    folder, rows = Path(params.inputs.coco_annotations), list[SplitRow]()
    if folder == NOTHING:
        log.info("coco_split: skipped, inputs.coco_annotations is %s", NOTHING)
    else:
        rows = select(folder, params)
    with whole_directory(COCO_SPLIT) as output:
        pd.DataFrame(rows, columns=SplitRow._fields).to_csv(output / "split.csv", index=False)
    sizes = Counter(row.split for row in rows)
    log.info("coco_split: %s", ", ".join(f"{n} {part}" for part, n in sizes.items()) or "none")
    if rows:
        log_data("coco_split", {"coverage": params.coco.coverage}, sizes)


if __name__ == "__main__":
    run_stage("coco_split", main)
