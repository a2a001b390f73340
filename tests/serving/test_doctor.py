"""`clearscene doctor`: what is here, what is missing, and what is quickest."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from pipeline.serving.commands import installed
from tests.serving.conftest import Clearscene


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured here stays here."""
    monkeypatch.setenv("CLEARSCENE_CACHE", str(tmp_path / "cache"))


def test_versions_machine_and_weights_are_told_without_timing_anything(
    models: Path, tmp_path: Path, clearscene: Clearscene
) -> None:
    outcome = clearscene("doctor", "--quick", "--models", models)
    assert (outcome.exit_code, outcome.err) == (0, "")
    rows = [line.split() for line in outcome.out.splitlines()]
    for package in ("clearscene", "openvino", "onnxruntime", "torch"):
        assert [package, version(package)] in [row[:2] for row in rows]
    assert ["libx264", "yes"] in [row[:2] for row in rows]
    assert f"{models / 'person_se' / 'best.pt'}, trained here" in outcome.out
    assert "dvc repro train@central_person" in outcome.out  # has no weights in that folder
    assert not (tmp_path / "cache").exists()


def test_without_any_weights_it_works_and_says_how_to_get_them(
    tmp_path: Path, clearscene: Clearscene
) -> None:
    outcome = clearscene("doctor", "--models", tmp_path)
    assert outcome.exit_code == 0
    assert outcome.out.count("dvc repro train@") == 7


def test_a_device_that_is_absent_fails(models: Path, clearscene: Clearscene) -> None:
    outcome = clearscene("doctor", "--quick", "--models", models, "--device", "cuda:99")
    assert outcome.exit_code == 1
    assert outcome.err.startswith("clearscene: device cuda:99: ")
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize("device", ["gpu", "cuda:one", "cpu:0"])
def test_a_device_that_there_never_was_fails(device: str) -> None:
    assert "there is no such device" in str(installed.missing_device(device))


def test_the_processor_is_always_there_and_a_gpu_if_pytorch_sees_one() -> None:
    assert installed.missing_device("cpu") is None
    assert (installed.missing_device("cuda") is None) == torch.cuda.is_available()


def test_each_backend_is_timed_and_one_is_used(light_models: Path, clearscene: Clearscene) -> None:
    outcome = clearscene("doctor", "--models", light_models)
    assert outcome.exit_code == 0, outcome.err
    table = outcome.out.partition("ms a picture")[2]
    rows = [line.split() for line in table.splitlines()]
    timed = {row[1]: row for row in rows if row[:1] == ["person_se"]}
    assert {"onnxruntime", "openvino-f32"} <= set(timed)
    assert all(float(row[2]) > 0 for row in timed.values())
    assert sum(row[-1] == "used" for row in timed.values()) == 1


def test_damaged_weights_are_told_and_fail(tmp_path: Path, clearscene: Clearscene) -> None:
    (tmp_path / "person_se").mkdir()
    (tmp_path / "person_se" / "best.pt").write_bytes(b"nothing")
    outcome = clearscene("doctor", "--models", tmp_path)
    assert outcome.exit_code == 1
    assert "clearscene: person_se: " in outcome.err


def test_an_option_that_there_is_not_is_a_wrong_call(clearscene: Clearscene) -> None:
    assert clearscene("doctor", "--nonsense").exit_code == 2


def test_a_cache_that_cannot_be_written_is_one_line(
    models: Path, clearscene: Clearscene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARSCENE_CACHE", "/proc/nothing")
    outcome = clearscene("doctor", "--models", models)
    assert outcome.exit_code == 1
    assert "Traceback" not in outcome.err
    assert "CLEARSCENE_CACHE" in outcome.err
