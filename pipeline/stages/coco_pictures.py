"""Stage `coco_pictures`: fetch what the COCO split selects; check it in a folder of one's own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.images import read_mask, read_picture, write_png
from pipeline.params import Params, load_params
from pipeline.paths import COCO_SPLIT, DATA_REPORTS, WEB
from pipeline.sheets import Tile, evenly, gallery, show_mask
from pipeline.sources.coco.pictures import (
    Wanted,
    check_pictures,
    fetch_pictures,
    refuse_if_too_many_missing,
)
from pipeline.sources.folder import Reject
from pipeline.sources.http.addresses import zones_of
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.progress import Meter
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data
from pipeline.workspace import STATE, repository_root, write_whole

log = logging.getLogger(__name__)

IMAGES, REJECTS = WEB / "coco" / "images", WEB / "coco" / "rejects.csv"


def fetch(rows: Sequence[Wanted], params: Params) -> list[Reject]:
    """Fetch the pictures; addresses may lead where the annotations came from, and to the public."""
    work = repository_root() / STATE / "coco_pictures"
    zones, share = zones_of([params.coco.annotations]), params.coco.max_bad_share
    with PoliteSession(params.http) as session, Meter("coco_pictures", len(rows)) as meter:
        return fetch_pictures(
            rows, IMAGES, session, zones, work, max_bad_share=share, on_progress=meter.step
        )


def draw(rows: Sequence[Any], folder: Path) -> None:
    """The contact sheet: a dozen of the pictures that are there, as their masks cut them out."""
    tiles = [
        Tile(
            f"{row.image_id}  {row.score:.1e}  {row.coverage:.2f}",
            show_mask(read_picture(folder / row.file_name), read_mask(COCO_SPLIT / row.mask)),
        )
        for row in evenly(rows, 12)
    ]
    sheet = gallery(tiles, "image id, area / d^4, coverage", "no picture of COCO is selected")
    DATA_REPORTS.mkdir(parents=True, exist_ok=True)
    write_png(DATA_REPORTS / "coco_split.png", sheet)


def main() -> None:
    """Run the stage."""
    params, text = load_params(), {"file_name": str, "coco_url": str}
    table = pd.read_csv(COCO_SPLIT / "split.csv", dtype=text, keep_default_na=False)
    rows: list[Any] = list(table.itertuples(index=False))
    folder = Path(params.inputs.coco_images)
    IMAGES.mkdir(parents=True, exist_ok=True)
    rejects = fetch(rows, params) if folder == IMAGES else check_pictures(rows, folder)
    write_whole(REJECTS, pd.DataFrame(rejects, columns=Reject._fields).to_csv(index=False).encode())
    log.info("coco_pictures: %d of %d are there", len(rows) - len(rejects), len(rows))
    if rows:
        log_data("coco_pictures", {}, {"pictures": len(rows), "rejected": len(rejects)})
    missing = {reject.file for reject in rejects}
    draw([row for row in rows if row.file_name not in missing], folder)
    refuse_if_too_many_missing(rejects, len(rows), params.coco.max_bad_share)


if __name__ == "__main__":
    run_stage("coco_pictures", main)
