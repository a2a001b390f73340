"""Stage `pairs`: a sheet of training pairs, to be looked at; training makes its own, as these."""

from __future__ import annotations

import logging

import cv2
import numpy as np
import pandas as pd

from pipeline.datasets.pairs.composites import CarPairs, Composite
from pipeline.datasets.pairs.scenes import read_scene_files
from pipeline.datasets.splits import PARTS
from pipeline.images import RGB, write_png
from pipeline.params import Params, flatten, load_params
from pipeline.paths import BACKGROUNDS, CUTOUTS, DATA_REPORTS, SCENE_SPLIT
from pipeline.sheets import Row, contact_sheet
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data

log = logging.getLogger(__name__)

OUTPUT, SPLIT, SHOWN = DATA_REPORTS / "pairs.png", SCENE_SPLIT / "split.csv", 12
COLUMNS = ["with the car", "without", "mask of the car", "|difference|"]


def draw(params: Params) -> RGB:
    """A sheet of the first training pairs; every part must have a cutout and a background."""
    parts = {part: read_scene_files(SPLIT, CUTOUTS, BACKGROUNDS, part) for part in PARTS}
    pairs = CarPairs(parts["train"], params.pairs, params.seed)
    rows = [_row(index, pairs.composite(index)) for index in range(SHOWN)]
    counts = {
        f"{part}_{kind}": len(found)
        for part, files in parts.items()
        for kind, found in files._asdict().items()
    }
    log.info("pairs: %s", ", ".join(f"{name} {count}" for name, count in counts.items()))
    log_data("pairs", flatten(params.pairs.model_dump()), counts)
    return contact_sheet(COLUMNS, rows)


def _row(index: int, pair: Composite) -> Row:
    mask = np.repeat(pair.mask[..., None] * np.uint8(255), 3, axis=2)
    difference = cv2.absdiff(pair.x, pair.y).astype(np.uint8, copy=False)
    return Row(f"{index}: {pair.effects}", [pair.x, pair.y, mask, difference])


def main() -> None:
    """Run the stage."""
    kinds = set(pd.read_csv(SPLIT)["kind"])
    missing = [kind for kind in ("cutout", "background") if kind not in kinds]
    if missing:
        reason = f"skipped, there is no {' and no '.join(missing)}"
        log.info("pairs: %s", reason)
        sheet = contact_sheet([reason, "", "", ""], [])
    else:
        sheet = draw(load_params())
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    write_png(OUTPUT, sheet)


if __name__ == "__main__":
    run_stage("pairs", main)
