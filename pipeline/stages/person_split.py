"""Stage `person_split`: check every pair of picture and mask, and deal them out to three parts."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import pandas as pd

from pipeline.datasets.splits import PARTS, deal_out
from pipeline.params import load_params
from pipeline.sources.folder import Reject, inspect_pairs, list_pairs, refuse_if_too_many
from pipeline.stages.door import run_stage
from pipeline.stages.paths import PERSON_SPLIT
from pipeline.tracking import log_data
from pipeline.workspace import whole_directory

log = logging.getLogger(__name__)


def main() -> None:
    """Run the stage."""
    params = load_params()
    folder = Path(params.inputs.people)
    pairs, unpaired = list_pairs(folder)
    facts, unreadable = inspect_pairs(pairs, folder)
    rejects = unpaired + unreadable
    refuse_if_too_many(
        rejects,
        len(facts) + len(rejects),
        params.person_split.max_bad_share,
        "person_split.max_bad_share",
    )
    splits = params.splits
    part_of = deal_out(
        (pair.name for pair in facts), splits.seed, splits.test_share, splits.val_share
    )
    table = pd.DataFrame(facts)
    table.insert(0, "part", [part_of[pair.name] for pair in facts])
    with whole_directory(PERSON_SPLIT) as output:
        table.to_csv(output / "split.csv", index=False)
        pd.DataFrame(rejects, columns=Reject._fields).to_csv(output / "rejects.csv", index=False)
    sizes = Counter(part_of.values())
    log.info(
        "person_split: %s, %d rejected", ", ".join(f"{sizes[p]} {p}" for p in PARTS), len(rejects)
    )
    log_data("person_split", splits.model_dump(), {**sizes, "rejected": len(rejects)})


if __name__ == "__main__":
    run_stage("person_split", main)
