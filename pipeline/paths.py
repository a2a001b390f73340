"""Where stages write, as dvc.yaml declares it."""

from __future__ import annotations

from pathlib import Path

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
