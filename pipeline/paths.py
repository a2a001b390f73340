"""Where stages write, as dvc.yaml declares it."""

from __future__ import annotations

import csv
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.sections import base

NOTHING, WEB = Path(base.NOTHING), Path(base.WEB_ROOT)
SCRAPE = Path("data/scrape")
FRAMES = Path("data/frames")
ARCHIVES = Path("data/archives")
BACKGROUNDS = Path("data/backgrounds")
COCO_SPLIT = Path("data/coco_split")
PERSON_SPLIT = Path("data/person_split")
CUTOUTS = Path("data/cutouts")
SCENE_SPLIT = Path("data/scene_split")
SHADOW_SET = Path("data/shadow_set")
MODELS = Path("models")
REPORTS = Path("reports")
DATA_REPORTS = REPORTS / "data"
"""Contact sheets and scores of what the data stages made."""


def read_table(file: Path, stage: str) -> list[dict[str, str]]:
    """The rows of a CSV table that a stage leaves.

    Raises:
        PipelineError: It is not there.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except FileNotFoundError:
        raise PipelineError(f"{file}: no such file; `dvc repro {stage}` makes it") from None
