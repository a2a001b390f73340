"""Stage `person_split`: check pairs of picture and mask, deal out, multiply the training part."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.datasets.people.pictures import PersonPicture, make_variant, read_split, read_square
from pipeline.datasets.people.shards import plan_shards, write_shards
from pipeline.datasets.splits import PARTS, deal_out, look_alikes
from pipeline.datasets.transforms import VARIANTS
from pipeline.images import write_png
from pipeline.params import Params, load_params
from pipeline.paths import DATA_REPORTS, NOTHING, PERSON_SPLIT
from pipeline.sheets import Row, contact_sheet, evenly, show_mask
from pipeline.sources.folder import (
    PairFacts,
    Reject,
    inspect_pairs,
    list_pairs,
    refuse_if_too_many,
)  # fmt: skip
from pipeline.sources.progress import Meter
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data
from pipeline.workspace import (
    STATE,
    code_hash,
    file_hash,
    only_user,
    repository_root,
    whole_directory,
    work_key,
)  # fmt: skip

log = logging.getLogger(__name__)

SHEET_ROWS = 8
DECIDE_VARIANTS = "datasets", "images.py"
"""Parts of `pipeline` whose change makes other variants."""


def deal(facts: Sequence[PairFacts], params: Params) -> pd.DataFrame:
    """The rows of split.csv; pictures that look alike share a part."""
    splits = params.splits
    if not facts:
        return pd.DataFrame(columns=["part", *PairFacts._fields])
    together = look_alikes({one.name: one.phash for one in facts}, splits.near_duplicate_bits)
    part_of = deal_out(together, splits.seed, splits.test_share, splits.val_share, together)
    table = pd.DataFrame(facts, columns=PairFacts._fields)
    table.insert(0, "part", [part_of[one.name] for one in facts])
    return table


def multiply(output: Path, train: list[PersonPicture], params: Params) -> None:
    """Write all variants of the training part; what an interrupted run wrote is used again."""
    size, seed = params.person_split.size, params.splits.seed
    data, code = file_hash(output / "split.csv"), code_hash(*DECIDE_VARIANTS)
    work = _state() / work_key(data=data, code=code, size=size, seed=seed)
    (output / "shards").mkdir()
    with Meter("person_split: files of variants", len(plan_shards(work, train))) as meter:
        for written in write_shards(
            output / "shards", work, train, size=size, seed=seed, how=params.parallel
        ):
            meter.step(written)


def _state() -> Path:
    return repository_root() / STATE / "person_split"


def draw(train: list[PersonPicture], params: Params) -> None:
    """The contact sheet: a few training pictures in all their variants."""
    rows = []
    for row in evenly(train, SHEET_ROWS):
        square = read_square(row, params.person_split.size)
        variants = [make_variant(square, row.name, one, params.splits.seed) for one in VARIANTS]
        rows.append(Row(row.name, [show_mask(picture, mask) for picture, mask in variants]))
    DATA_REPORTS.mkdir(parents=True, exist_ok=True)
    write_png(DATA_REPORTS / "person_split.png", contact_sheet(tuple(VARIANTS), rows))


def main() -> None:
    """Run the stage."""
    params = load_params()
    folder = Path(params.inputs.people).absolute()
    pairs, unpaired = list_pairs(folder) if folder != NOTHING.absolute() else ([], [])
    facts, unreadable = inspect_pairs(pairs, folder)
    rejects, share = unpaired + unreadable, params.person_split.max_bad_share
    refuse_if_too_many(rejects, len(pairs) + len(unpaired), share, "person_split.max_bad_share")
    table = deal(facts, params)
    with only_user(_state()):
        with whole_directory(PERSON_SPLIT) as output:
            table.to_csv(output / "split.csv", index=False, lineterminator="\n")
            reasons = pd.DataFrame(rejects, columns=Reject._fields)
            reasons.to_csv(output / "rejects.csv", index=False)
            train = read_split(output / "split.csv", folder, "train") if facts else []
            if params.person_split.multiply == "offline":
                multiply(output, train, params)
        shutil.rmtree(_state(), ignore_errors=True)
    draw(train, params)
    sizes = Counter(table["part"])
    dealt = ", ".join(f"{sizes[part]} {part}" for part in PARTS)
    log.info("person_split: %s, %d rejected", dealt, len(rejects))
    log_data("person_split", params.splits.model_dump(), {**sizes, "rejected": len(rejects)})


if __name__ == "__main__":
    run_stage("person_split", main)
