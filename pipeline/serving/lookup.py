"""The MLflow run of weights, asked in the background of a process that does not import MLflow."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
import time

log = logging.getLogger(__name__)

COMMAND = ("-m", "pipeline.tracking.lookup")
AGAIN = 600.0
"""Seconds after which what was not known is asked again."""
PATIENCE = 60
"""Seconds that an answer may take."""
_HASH = re.compile("[0-9a-f]{64}")


class RunLookup:
    """Tells the run that wrote weights, as soon as it is known; may be called from any thread.

    A call never waits: the first one for new weights answers None and starts a process that looks.
    Where there is no store of runs, the answer stays None, and the log says once why.

    Args:
        again: Seconds after which what was not known is asked again.
    """

    def __init__(self, again: float = AGAIN) -> None:
        self._again = again
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}
        self._asked: dict[str, float] = {}
        self._wanted: set[str] = set()
        self._is_asking = False
        self._reasons: set[str] = set()

    def __call__(self, weights_sha256: str) -> str | None:
        """The run's identity; None while it is not known.

        Args:
            weights_sha256: As the card of the weights has it; anything else has no run.
        """
        if not _HASH.fullmatch(weights_sha256):
            return None
        with self._lock:
            known = self._known.get(weights_sha256)
            if known is None and self._is_due(weights_sha256):
                self._wanted.add(weights_sha256)
                self._start()
        return known

    def _is_due(self, sha: str) -> bool:
        asked = self._asked.get(sha)
        return asked is None or time.monotonic() - asked >= self._again

    def _start(self) -> None:
        """Have one thread that asks; the lock is held."""
        if not self._is_asking:
            self._is_asking = True
            threading.Thread(target=self._ask_all, name="run-lookup", daemon=True).start()

    def _ask_all(self) -> None:
        while True:
            with self._lock:
                hashes = sorted(self._wanted)
                self._wanted.clear()
                self._asked.update(dict.fromkeys(hashes, time.monotonic()))
                self._is_asking = bool(hashes)
            if not hashes:
                return
            found = self._ask(hashes)
            with self._lock:
                self._known.update(found)

    def _ask(self, hashes: list[str]) -> dict[str, str]:
        """The runs that are known; none, with a line in the log, if nobody can tell."""
        try:
            done = subprocess.run(
                [sys.executable, *COMMAND, *hashes],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                text=True,
                timeout=PATIENCE,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            self._say(type(problem).__name__)
            return {}
        if done.returncode:
            self._say((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1])
            return {}
        return {sha: run for sha, run in json.loads(done.stdout).items() if run}

    def _say(self, reason: str) -> None:
        if reason not in self._reasons:
            self._reasons.add(reason)
            log.info("runs of the weights are not shown: %s", reason)
