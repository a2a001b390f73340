"""Stage `coco_annotations`: the instances files of COCO out of their archive."""

from __future__ import annotations

import logging

from pipeline.params import load_params
from pipeline.paths import WEB
from pipeline.sources.coco.annotations import fetch_annotations
from pipeline.sources.http.session import PoliteSession
from pipeline.stages.door import run_stage
from pipeline.workspace import STATE, repository_root, whole_directory

log = logging.getLogger(__name__)

OUTPUT = WEB / "coco" / "annotations"


def main() -> None:
    """Run the stage."""
    params = load_params()
    if not params.coco.annotations:
        reason = "skipped, coco.annotations in params.yaml is empty"
        log.info("coco_annotations: %s", reason)
        with whole_directory(OUTPUT) as folder:
            (folder / "about.txt").write_text(f"{reason}\n", encoding="utf-8")
        return
    with PoliteSession(params.http) as session:
        fetch_annotations(session, params.coco, OUTPUT, repository_root() / STATE / "coco")


if __name__ == "__main__":
    run_stage("coco_annotations", main)
