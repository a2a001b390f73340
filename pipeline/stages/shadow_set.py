"""Stage `shadow_set`: scenes with and without a shadow, listed from a folder or rendered."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from pathlib import Path

from pipeline.datasets.pairs.scenes import read_scene_files
from pipeline.datasets.shadows.index import IndexRow, index_shadows, missing_set, with_validation
from pipeline.datasets.shadows.render import RenderedRow, missing_kind, render_shadows
from pipeline.datasets.shadows.report import shadow_sheet, write_tables
from pipeline.datasets.splits import PARTS
from pipeline.params import Params, load_params
from pipeline.paths import BACKGROUNDS, CUTOUTS, DATA_REPORTS, SCENE_SPLIT, SHADOW_SET
from pipeline.sources.folder import Reject, refuse_if_too_many
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data
from pipeline.workspace import STATE, only_user, repository_root, whole_directory, write_whole

log = logging.getLogger(__name__)


def listed(params: Params) -> tuple[list[IndexRow], list[Reject]]:
    """The rows of a folder of the user; none if there is no such folder."""
    folder, splits = Path(params.inputs.shadows), params.splits
    if why := missing_set(folder):
        log.info("shadow_set: skipped, %s", why)
        return [], []
    rows, rejects = index_shadows(folder, SHADOW_SET, params.parallel)
    return with_validation(rows, splits.seed, splits.val_share, splits.near_duplicate_bits), rejects


def rendered(params: Params, output: Path) -> tuple[list[RenderedRow], list[Reject]]:
    """The rows of what is made from cutouts on backgrounds; none without either of them."""
    split = SCENE_SPLIT / "split.csv"
    if why := missing_kind(split):
        log.info("shadow_set: skipped, %s", why)
        return [], []
    files = {part: read_scene_files(split, CUTOUTS, BACKGROUNDS, part) for part in PARTS}
    return render_shadows(files, output, _work(), params.shadow_set, params.parallel)


def _work() -> Path:
    return (repository_root() / STATE / "shadow_set").absolute()


def main() -> None:
    """Run the stage."""
    params = load_params()
    source, share = params.shadow_set.source, params.shadow_set.max_bad_share
    with only_user(_work()):
        with whole_directory(SHADOW_SET) as output:
            rows, rejects = listed(params) if source == "index" else rendered(params, output)
            refuse_if_too_many(rejects, len(rows) + len(rejects), share, "shadow_set.max_bad_share")
            write_tables(output, rows, rejects)
            write_whole(DATA_REPORTS / "shadow_set.png", shadow_sheet(rows, SHADOW_SET, output))
        shutil.rmtree(_work(), ignore_errors=True)
    counts = Counter([*(row.part for row in rows), *("rejected" for _ in rejects)])
    log.info("shadow_set: %s", ", ".join(f"{n} {what}" for what, n in counts.items()) or "none")
    if rows:
        log_data("shadow_set", {"source": source}, counts)


if __name__ == "__main__":
    run_stage("shadow_set", main)
