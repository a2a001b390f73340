"""Where things are kept that can be made again: exports, compiled networks, measured choices."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import PipelineError

PATIENCE = 600.0
"""Seconds to wait for another process that makes the same thing; an export takes some ten."""


def cache_folder() -> Path:
    """`CLEARSCENE_CACHE`, else `clearscene` in the user's cache folder; it may not exist yet."""
    own = os.environ.get("CLEARSCENE_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clearscene"


@contextmanager
def made_once(file: Path) -> Iterator[None]:
    """Hold the right to make a file of the cache, so that two processes never make it at once.

    Raises:
        PipelineError: The folder cannot be written to, or another process does not come to an end.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file.with_name(f"{file.name}.lock"))
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise PipelineError(
            f"{file}: another process has been making it for {PATIENCE:.0f} s; end that one"
        ) from None
    except OSError as problem:
        raise PipelineError(
            f"{file.parent}: cannot be written to ({problem.strerror}); "
            "name another folder in CLEARSCENE_CACHE"
        ) from None
    try:
        yield
    finally:
        lock.release()
