"""How every stage begins and ends: log, lock, one line for a user's mistake."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import nullcontext

from pipeline.errors import PipelineError
from pipeline.workspace import is_main_process, single_process

log = logging.getLogger("clearscene")


def run_stage(stage: str, work: Callable[[], None]) -> None:
    """Run a stage's work under its lock; a PipelineError becomes one line and its exit code."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(levelname)s: %(message)s", force=True
    )
    try:
        # The other processes of a training over several devices work for the one with the lock.
        with single_process(stage) if is_main_process() else nullcontext():
            work()
    except PipelineError as problem:
        log.error("%s: %s", stage, problem)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        log.error("%s: interrupted; start again to go on", stage)
        sys.exit(130)


def only_argument(known: str) -> str:
    """The one argument of a stage that is run for several things."""
    if len(sys.argv) != 2:
        log.error("usage: %s NAME (%s)", sys.argv[0], known)
        sys.exit(2)
    return sys.argv[1]
