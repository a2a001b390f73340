"""Stage `frames`: pictures out of the videos of a folder and of addresses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from pipeline.params import load_params
from pipeline.paths import FRAMES
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import refuse_if_too_many_failed
from pipeline.sources.progress import Meter
from pipeline.sources.video.films import fetch_films, list_films
from pipeline.sources.video.frames import write_frames
from pipeline.stages.door import run_stage
from pipeline.tracking import log_data
from pipeline.workspace import STATE, repository_root

log = logging.getLogger(__name__)


def main() -> None:
    """Run the stage."""
    params = load_params()
    limits, work = params.frames, repository_root() / STATE / "frames"
    films = list_films(Path(params.inputs.video))
    with PoliteSession(params.http) as session:
        fetched = fetch_films(session, limits, work / "videos")
    with Meter("frames, seconds of video") as meter:
        tally = write_frames(FRAMES, [*films, *fetched], limits, work, _bar(meter))
    log.info(
        "frames: %d videos (%d failed), %d frames kept, %d blurred, %d near-equal or too small",
        tally.videos, tally.failed, tally.frames, tally.blurred, tally.alike,
    )  # fmt: skip
    log_data("frames", limits.choice, tally._asdict())
    refuse_if_too_many_failed(tally.of_videos, FRAMES, limits.max_bad_share, "frames.max_bad_share")


def _bar(meter: Meter) -> Callable[[float, float], None]:
    """Whole seconds of video as steps."""

    def tell(done: float, total: float) -> None:
        if not meter.total:
            meter.more(int(total))
        for _ in range(int(done) - meter.done):
            meter.step()

    return tell


if __name__ == "__main__":
    run_stage("frames", main)
