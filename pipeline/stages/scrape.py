"""Stage `scrape@SOURCE`: from sites, or a folder, to a collection with its manifest."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

from pipeline.params import Params, load_params
from pipeline.paths import SCRAPE
from pipeline.sources.demo.web.sites import SITES
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import (
    MANIFEST,
    read_manifest,
    refuse_if_too_many_failed,
    write_collection,
)
from pipeline.sources.progress import Meter
from pipeline.sources.sites.collect import Entries, collect_folder, collect_sites
from pipeline.sources.sites.store import Store
from pipeline.stages.door import only_argument, run_stage
from pipeline.tracking import log_data
from pipeline.workspace import STATE, repository_root

log = logging.getLogger(__name__)


def scrape(source: str, params: Params) -> None:
    """Collect one source into `data/scrape/<source>/`."""
    section, output = params.scrape[source], SCRAPE / source
    with Meter(f"scrape@{source}") as meter:
        entries = _from_sites(source, params, output, meter)
        if section.folder_is == "taken":
            entries += collect_folder(Path(section.folder), meter)
        line = meter.line()
    summary = write_collection(
        output,
        entries,
        min_side=section.min_side,
        near_duplicate_bits=section.near_duplicate_bits,
    )
    log.info(
        "%s: %d pictures kept, %d unwanted, %d failed",
        line, summary.pictures, summary.unwanted, summary.failed,
    )  # fmt: skip
    log_data(f"scrape@{source}", {}, summary._asdict())
    key = f"scrape.{source}.max_bad_share"
    refuse_if_too_many_failed(summary, output, section.max_bad_share, key)


def _from_sites(source: str, params: Params, output: Path, meter: Meter) -> Entries:
    section, demo = params.scrape[source], ""
    if not section.sites:
        return []
    with ExitStack() as stack:
        if section.folder_is == "served":
            demo = stack.enter_context(SITES[source](Path(section.folder)))
        store = stack.enter_context(Store(repository_root() / STATE / "collect" / source))
        if (output / MANIFEST).exists():
            store.adopt(read_manifest(output))
        session = stack.enter_context(PoliteSession(params.http))
        return collect_sites(section.sites, section.starts(demo), session, store, meter)


if __name__ == "__main__":
    name = only_argument(", ".join(SITES))
    run_stage(f"scrape@{name}", lambda: scrape(name, load_params()))
