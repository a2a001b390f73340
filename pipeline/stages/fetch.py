"""Stage `fetch@people` and `fetch@shadows`: sets that need an account or a pointer of the user."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.params import load_params
from pipeline.paths import WEB
from pipeline.sources.sets.kaggle import fetch_person_segmentation
from pipeline.sources.sets.shadow_ar import fetch_shadow_ar
from pipeline.stages.door import only_argument, run_stage
from pipeline.workspace import STATE, repository_root, whole_directory

log = logging.getLogger(__name__)

SETS = ("people", "shadows")


def fetch(name: str) -> None:
    """Fetch one set into `data/web/<name>/`; nothing, if the parameters name no source."""
    if name not in SETS:
        raise UsageError(f"unknown set {name!r}; known are {', '.join(SETS)}")
    params, output = load_params(), WEB / name
    if name == "people" and params.people.source:
        count = fetch_person_segmentation(output)
    elif name == "shadows" and params.shadows.source:
        count = fetch_shadow_ar(params.shadows.source, output, _work())
    else:
        reason = f"skipped, {name}.source in params.yaml is empty"
        log.info("fetch@%s: %s", name, reason)
        with whole_directory(output) as folder:
            (folder / "about.txt").write_text(f"{reason}\n", encoding="utf-8")
        return
    log.info("fetch@%s: %d files", name, count)


def _work() -> Path:
    return repository_root() / STATE / "shadow_ar"


if __name__ == "__main__":
    wanted = only_argument(" or ".join(SETS))
    run_stage(f"fetch@{wanted}", lambda: fetch(wanted))
