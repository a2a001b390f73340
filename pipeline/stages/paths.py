"""Where stages write, as dvc.yaml declares it."""

from __future__ import annotations

from pathlib import Path

PERSON_SPLIT = Path("data/person_split")
MODELS = Path("models")
REPORTS = Path("reports")
