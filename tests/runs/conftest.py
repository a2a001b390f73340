"""Where tests of runs stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs.reports import Checkout, make_checkout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """One commit, no reports; it is where one stands."""
    monkeypatch.chdir(tmp_path)
    made = make_checkout(tmp_path / "checkout")
    monkeypatch.chdir(made.root)
    return made
