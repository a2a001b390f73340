"""The command `clearscene`, as it is typed."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from pipeline.params import load_params
from pipeline.presets import PRESETS, preset_text
from pipeline.serving import cli

REPOSITORY = Path(__file__).parents[2]


class Outcome(NamedTuple):
    """What a call printed and returned."""

    exit_code: int
    out: str
    err: str


class Clearscene(Protocol):
    """Type `clearscene ARGUMENTS…`."""

    def __call__(self, *arguments: str) -> Outcome: ...


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one stands: the root of a repository without params.yaml, beside `pictures/`."""
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def clearscene(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clearscene:
    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["clearscene", *arguments])
        with pytest.raises(SystemExit) as raised:
            cli.main()
        return Outcome(int(raised.value.code or 0), *capsys.readouterr())

    return call


def assert_one_line(outcome: Outcome, exit_code: int, says: str) -> None:
    assert outcome.exit_code == exit_code
    assert outcome.out == ""
    assert outcome.err.startswith("clearscene: ")
    assert says in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_the_installed_command_says_its_version() -> None:
    command = Path(sys.executable).with_name("clearscene")
    run = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"clearscene {version('clearscene')}\n"


def test_help_names_every_command_and_preset(clearscene: Clearscene) -> None:
    assert "preset" in clearscene("--help").out
    shown = clearscene("preset", "--help").out
    assert all(name in shown for name in PRESETS)


def test_the_preset_demo_writes_complete_parameters(
    repository: Path, clearscene: Clearscene
) -> None:
    outcome = clearscene("preset", "demo")
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert (repository / "params.yaml").read_text(encoding="utf-8") == preset_text("demo")
    assert "+root: data/demo\n" in outcome.out


def test_a_relative_root_is_written_as_an_absolute_path(
    repository: Path, clearscene: Clearscene
) -> None:
    assert clearscene("preset", "photos", "--root", "pictures").exit_code == 0
    assert load_params().root == str(repository / "pictures")


def test_only_what_changes_is_shown(repository: Path, clearscene: Clearscene) -> None:
    clearscene("preset", "demo")
    outcome = clearscene("preset", "photos", "--root", "pictures")
    lines = outcome.out.splitlines()
    assert lines[:2] == ["--- params.yaml before", "+++ params.yaml now"]
    assert "-root: data/demo" in lines
    assert f'+root: "{repository}/pictures"' in lines
    assert not any("threshold" in line for line in lines)


def test_a_preset_that_is_in_place_already_says_so(
    repository: Path, clearscene: Clearscene
) -> None:
    clearscene("preset", "demo")
    assert clearscene("preset", "demo").out == "params.yaml is the preset demo already\n"


def test_a_mistaken_file_is_replaced_not_read(repository: Path, clearscene: Clearscene) -> None:
    (repository / "params.yaml").write_text("lr: banana\n")
    outcome = clearscene("preset", "demo")
    assert outcome.exit_code == 0
    assert "-lr: banana\n" in outcome.out
    assert load_params().uses_demo


def test_a_file_that_is_not_utf8_is_replaced_too(repository: Path, clearscene: Clearscene) -> None:
    (repository / "params.yaml").write_bytes("# мои параметры\n".encode("cp1251"))
    assert clearscene("preset", "demo").exit_code == 0
    assert load_params().uses_demo


def test_an_unknown_preset_is_a_wrong_call(repository: Path, clearscene: Clearscene) -> None:
    assert_one_line(clearscene("preset", "nothing"), 2, "unknown preset 'nothing'; there are demo")


def test_a_preset_without_its_root_is_a_wrong_call(
    repository: Path, clearscene: Clearscene
) -> None:
    assert_one_line(clearscene("preset", "photos"), 2, "preset photos needs --root DIR")


def test_a_root_for_the_demo_is_a_wrong_call(repository: Path, clearscene: Clearscene) -> None:
    outcome = clearscene("preset", "demo", "--root", "pictures")
    assert_one_line(outcome, 2, "preset demo brings its own pictures")


def test_a_root_that_is_missing_or_a_file_fails(repository: Path, clearscene: Clearscene) -> None:
    for root in ("nowhere", "dvc.yaml"):
        outcome = clearscene("preset", "photos", "--root", root)
        assert_one_line(outcome, 1, f"{repository / root}: no such folder")


def test_a_failed_call_leaves_the_parameters_as_they_are(
    repository: Path, clearscene: Clearscene
) -> None:
    (repository / "params.yaml").write_text("mine\n")
    for arguments in (["nothing"], ["photos"], ["photos", "--root", "nowhere"]):
        assert clearscene("preset", *arguments).exit_code != 0
    assert (repository / "params.yaml").read_text() == "mine\n"


def test_outside_a_repository_nothing_is_written(repository: Path, clearscene: Clearscene) -> None:
    (repository / "dvc.yaml").unlink()
    assert_one_line(clearscene("preset", "demo"), 1, "go to the root of the repository")
    assert not (repository / "params.yaml").exists()


@pytest.mark.parametrize("arguments", [["nonsense"], ["preset"], ["preset", "demo", "--what"]])
def test_a_call_that_makes_no_sense_is_a_wrong_call(
    clearscene: Clearscene, arguments: list[str]
) -> None:
    outcome = clearscene(*arguments)
    assert outcome.exit_code == 2
    assert "Usage: clearscene" in outcome.err


def test_the_committed_parameters_are_those_of_the_preset_demo() -> None:
    committed = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")
    assert committed == preset_text("demo")
