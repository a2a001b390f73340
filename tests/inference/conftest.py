"""Tiny networks of every architecture, exported once, and a cache of each test's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from pipeline.inference.export import export_onnx
from tests.tiny import write

# ONNX Runtime's telemetry speaks from C++, where the guard against other machines does not reach.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is read from the user's cache, nor written to it."""
    monkeypatch.setenv("CLEARSCENE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`best.pt` of an architecture with `best.json` and `best.onnx` beside it; leave them alone."""

    @cache
    def made(name: str) -> Path:
        weights = write(name, tmp_path_factory.mktemp(name))
        export_onnx(weights, weights.with_suffix(".onnx"))
        return weights

    return made
