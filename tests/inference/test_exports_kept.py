"""Exports are made once, in a process of their own, and never beside the weights."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.inference.cache import cache_folder
from pipeline.inference.engines.exported import exported, kept_file
from pipeline.inference.weights import card_of
from tests.tiny import write

NAME = "deeplab_v3_plus"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Weights, and a cache in which their export is."""
    weights, cache = write(NAME, tmp_path_factory.mktemp("n")), tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEARSCENE_CACHE", str(cache))
        file = exported(weights, card_of(weights))
    assert file.is_relative_to(cache)
    return weights, cache


@pytest.fixture
def again(
    kept: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """The weights and their export in a cache that the test may spoil."""
    weights, cache = kept
    shutil.copytree(cache, tmp_path / "again")
    monkeypatch.setenv("CLEARSCENE_CACHE", str(tmp_path / "again"))
    return weights, kept_file(card_of(weights))


def test_an_export_is_used_again(again: tuple[Path, Path]) -> None:
    weights, file = again
    before = file.stat().st_mtime_ns
    assert exported(weights, card_of(weights)) == file
    assert file.stat().st_mtime_ns == before


def test_beside_the_weights_nothing_is_written(kept: tuple[Path, Path]) -> None:
    assert {file.name for file in kept[0].parent.iterdir()} == {"best.pt", "best.json"}


@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_a_damaged_export_is_made_anew(again: tuple[Path, Path], damage: str) -> None:
    weights, file = again
    whole = bytearray(file.read_bytes())
    spoilt = whole[: len(whole) // 2]
    if damage == "changed":  # a single bit among the weights, which no runtime would notice
        spoilt = whole.copy()
        spoilt[len(whole) // 2] ^= 1
    file.write_bytes(spoilt)
    assert exported(weights, card_of(weights)).read_bytes() == whole


def test_other_weights_have_another_export(kept: tuple[Path, Path], tmp_path: Path) -> None:
    other = write(NAME, tmp_path, seed=2)
    assert kept_file(card_of(other)) != kept_file(card_of(kept[0]))


def test_an_export_beside_the_weights_is_taken_if_it_is_theirs(
    small: Callable[[str], Path], again: tuple[Path, Path], tmp_path: Path
) -> None:
    theirs = small(NAME)
    assert exported(theirs, card_of(theirs)) == theirs.with_suffix(".onnx")
    card, cached = card_of(again[0]), again[1]
    for suffix in (".pt", ".json"):
        shutil.copyfile(again[0].with_suffix(suffix), (tmp_path / "best").with_suffix(suffix))
    other = write(NAME, tmp_path / "other", seed=2)
    shutil.copyfile(other, tmp_path / "best.onnx")  # a file of PyTorch under that name
    assert exported(tmp_path / "best.pt", card) == cached


def test_weights_that_cannot_be_exported_say_why(tmp_path: Path) -> None:
    weights = write(NAME, tmp_path)
    card = card_of(weights)
    weights.write_bytes(b"nothing of the kind")
    with pytest.raises(PipelineError, match=r"could not be exported to ONNX: .*damaged weights"):
        exported(weights, card)
    assert not kept_file(card).exists()


def test_a_cache_that_cannot_be_written_to_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CLEARSCENE_CACHE", str(tmp_path / "file" / "below"))
    weights = write(NAME, tmp_path)
    with pytest.raises(PipelineError, match=r"cannot be written to .*CLEARSCENE_CACHE"):
        exported(weights, card_of(weights))


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CLEARSCENE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "clearscene"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "clearscene"


TWICE = """
import sys
from pathlib import Path
from pipeline.inference.engines import exported
from pipeline.inference.weights import card_of

made = exported._export
exported._export = lambda *given: (sys.stdout.write("made\\n"), made(*given))
weights = Path(sys.argv[1])
sys.stdout.write(f"{exported.exported(weights, card_of(weights))}\\n")
"""


@pytest.mark.long
def test_two_processes_at_once_export_once(tmp_path: Path) -> None:
    weights = write(NAME, tmp_path)
    command = [sys.executable, "-c", TWICE, str(weights)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(map(len, said)) == [1, 2]
    assert said[0][-1] == said[1][-1] == str(kept_file(card_of(weights)))
