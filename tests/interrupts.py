"""Processes that hear Ctrl-C wherever the tests run."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """Undo, as `preexec_fn`, what a shell does to its background: all in it ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
