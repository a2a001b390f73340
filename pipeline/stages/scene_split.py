"""Stage `scene_split`: deal cutouts and backgrounds out to three parts, each kind by itself."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import pandas as pd

from pipeline.datasets.splits import PARTS, deal_out, look_alikes
from pipeline.params import Splits, load_params
from pipeline.paths import BACKGROUNDS, CUTOUTS, SCENE_SPLIT
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data
from pipeline.workspace import whole_directory

log = logging.getLogger(__name__)

KINDS = {"background": BACKGROUNDS, "cutout": CUTOUTS}
COLUMNS = ["part", "kind", "file", "group"]


def deal(kind: str, folder: Path, how: Splits) -> pd.DataFrame:
    """Rows of split.csv for one kind of picture, sorted by file; none where there are none."""
    table = pd.read_csv(folder / "manifest.csv", dtype=str, keep_default_na=False)
    phashes = dict(zip(table["file"], table["phash"], strict=True))
    if not phashes:
        return pd.DataFrame(columns=COLUMNS)
    together = look_alikes(phashes, how.near_duplicate_bits)
    part_of = deal_out(phashes, how.seed, how.test_share, how.val_share, together)
    table["part"], table["kind"] = table["file"].map(part_of), kind
    return table[COLUMNS].sort_values("file")


def main() -> None:
    """Run the stage."""
    splits = load_params().splits
    table = pd.concat([deal(kind, folder, splits) for kind, folder in KINDS.items()])
    with whole_directory(SCENE_SPLIT) as output:
        table.to_csv(output / "split.csv", index=False, lineterminator="\n")
    for kind in KINDS:
        sizes = Counter(table.loc[table["kind"] == kind, "part"])
        log.info("scene_split: %ss: %s", kind, ", ".join(f"{sizes[part]} {part}" for part in PARTS))
        log_data("scene_split", splits.model_dump(), {f"{kind}_{p}": sizes[p] for p in PARTS})


if __name__ == "__main__":
    run_stage("scene_split", main)
