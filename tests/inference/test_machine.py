"""How many threads a network gets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pipeline.inference.engines import machine


def test_threads_are_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert machine.threads() == 3


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux'")
@pytest.mark.parametrize(
    ("quota", "most"), [("100000 100000", 1), ("50000 100000", 1), ("max 100000", 10_000)]
)
def test_threads_are_no_more_than_a_container_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: str, most: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(machine, "QUOTA", tmp_path / "cpu.max")
    assert 1 <= machine.threads() <= min(most, len(os.sched_getaffinity(0)))


@pytest.mark.skipif(sys.platform != "linux", reason="read from Linux' own files")
def test_two_threads_on_one_core_are_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(machine, "QUOTA", tmp_path / "none")
    monkeypatch.setattr(machine, "CPUS", tmp_path)
    for number in os.sched_getaffinity(0):
        file = tmp_path / f"cpu{number}" / machine.SIBLINGS
        file.parent.mkdir(parents=True)
        file.write_text("0-999\n")
    assert machine.threads() == 1


def test_versions_name_what_is_installed() -> None:
    found = machine.versions("numpy", "no-such-package")
    assert set(found) == {"numpy"}
    assert machine.is_installed("numpy") and not machine.is_installed("numpy", "no_such_package")
