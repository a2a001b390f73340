"""Debian's chromium, driven by playwright; its own browsers are never downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ,  # in CI a missing browser is a failure
    reason="needs Debian's chromium; .ci/run installs it",
)

WEBCAM = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""Flags: a camera that shows a moving test picture, and nobody who must allow it."""


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """A browser without a window; `more` are further flags, such as `*WEBCAM`."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*flags, *more])
        yield browser
        browser.close()
