"""Stage `coco_split`: which pictures of COCO have one person in the middle; their parts, masks."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import pandas as pd

from pipeline.datasets.central.selection import ALL, SplitRow, central_persons, deal, draw_masks
from pipeline.errors import PipelineError
from pipeline.params import Params, load_params
from pipeline.paths import COCO_SPLIT, NOTHING
from pipeline.sources.coco.annotations import instances_files, val2017_file
from pipeline.sources.coco.instances import read_images, read_instances
from pipeline.sources.folder import Reject, refuse_if_too_many
from pipeline.sources.progress import Meter
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data
from pipeline.workspace import whole_directory

log = logging.getLogger(__name__)


def select(folder: Path, params: Params) -> list[SplitRow]:
    """The rows of split.csv; what lies in one file for all is dealt out."""
    coco, splits = params.coco, params.splits
    persons = {
        part: central_persons(*read_instances(file), coco.coverage)
        for part, file in instances_files(folder, coco).items()
    }
    if len(persons.get(ALL, range(3))) < 3:
        raise PipelineError(
            f"{folder}: {len(persons[ALL])} pictures have a central person of more than "
            f"{coco.coverage:g}, too few to split; lower coco.coverage, or set "
            f"inputs.coco_annotations to {NOTHING}"
        )
    listed = val2017_file(folder, coco)
    val2017 = frozenset(image.id for image in read_images(listed)) if listed else None
    return deal(persons, splits.seed, splits.test_share, splits.val_share, val2017)


def main() -> None:
    """Run the stage."""
    params, rows, files = load_params(), list[SplitRow](), list[Path]()
    folder, rejects = Path(params.inputs.coco_annotations), list[Reject]()
    if folder == NOTHING:
        log.info("coco_split: skipped, inputs.coco_annotations is %s", NOTHING)
    else:
        rows = select(folder, params)
        files = list(instances_files(folder, params.coco).values())
    with whole_directory(COCO_SPLIT) as output, Meter("coco_split: masks", len(rows)) as meter:
        for row, reason in draw_masks(rows, files, output.absolute(), params.parallel):
            meter.step()
            rejects += [Reject(row.file_name, reason)] if reason else []
        refuse_if_too_many(rejects, len(rows), params.coco.max_bad_share, "coco.max_bad_share")
        kept = [row for row in rows if (output / row.mask).is_file()]
        table = pd.DataFrame(kept, columns=SplitRow._fields)
        table.to_csv(output / "split.csv", index=False, lineterminator="\n")
        pd.DataFrame(rejects, columns=Reject._fields).to_csv(output / "rejects.csv", index=False)
    sizes = Counter(row.split for row in kept)
    log.info("coco_split: %s", ", ".join(f"{n} {part}" for part, n in sizes.items()) or "none")
    if rows:
        counts = {**sizes, "rejected": len(rejects)}
        log_data("coco_split", {"coverage": params.coco.coverage}, counts)


if __name__ == "__main__":
    run_stage("coco_split", main)
