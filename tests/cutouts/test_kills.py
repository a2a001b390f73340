"""A stage killed at any moment goes on where it was, and ends with the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipeline.stages import cutouts
from tests.cutouts.conftest import CARS, Garage

SLOWLY = """
import sys, time
from pipeline.cutouts import cut
from pipeline.stages import cutouts
quick = cut._cut
def slow(*args):
    time.sleep(0.4)
    print("begun", file=sys.stderr, flush=True)
    return quick(*args)
cut._cut = slow
cutouts.main()
"""


def records(garage: Garage) -> dict[Path, int]:
    """Finished pictures, and when they were."""
    work = garage.root / ".clearscene" / "cutouts"
    return {file: file.stat().st_mtime_ns for file in work.glob("*/[!.]*.json")}


def test_after_a_kill_only_what_is_missing_is_done(garage: Garage) -> None:
    cutouts.main()
    undisturbed = garage.bytes()
    (garage.root / ".clearscene").rename(garage.root / "elsewhere")
    repository = Path(cutouts.__file__).parents[2]
    run = subprocess.Popen(
        [sys.executable, "-c", SLOWLY],
        env={**os.environ, "PYTHONPATH": str(repository)},
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while len(records(garage)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    done = records(garage)
    assert 2 <= len(done) < CARS
    cutouts.main()
    after = records(garage)
    assert len(after) == CARS
    assert {file: after[file] for file in done} == done
    assert garage.bytes() == undisturbed
