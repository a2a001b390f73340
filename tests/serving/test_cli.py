"""The command `clearscene`, as it is typed."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline.params import load_params
from pipeline.presets import PRESETS, preset_text
from tests.serving.conftest import COMMAND, Clearscene, assert_one_line

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one stands: the root of a repository without params.yaml, beside `pictures/`."""
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_installed_command_says_its_version() -> None:
    run = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"clearscene {version('clearscene')}\n"


COMMANDS = (
    "cutout", "remove-cars", "cast-shadow", "serve", "bot", "doctor", "preset", "export", "versus",
    "seeds", "compare",
)  # fmt: skip
HEAVY = (
    "aiogram", "av", "cv2", "fastapi", "joblib", "mlflow", "numpy", "onnxruntime", "openvino",
    "pandas", "PIL", "pydantic", "ruamel", "torch", "uvicorn",
)  # fmt: skip


def test_the_command_line_itself_loads_nothing_heavy() -> None:
    """So `--help` and `--version` take half a second; a time would depend on the machine."""
    program = (
        "import sys, pipeline.serving.cli; "
        f"print(*sorted(set({HEAVY!r}) & {{name.partition('.')[0] for name in sys.modules}}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "\n"


def test_help_names_every_command_and_preset(clearscene: Clearscene) -> None:
    shown = clearscene("--help").out
    assert all(f" {name} " in shown for name in COMMANDS)
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


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, clearscene: Clearscene) -> None:
    outcome = clearscene(command, "--help")
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert f"Usage: clearscene {command} " in outcome.out


@pytest.mark.parametrize(
    "command", ["cutout", "remove-cars", "cast-shadow", "serve", "bot", "doctor"]
)
def test_the_help_of_what_people_use_has_examples(command: str, clearscene: Clearscene) -> None:
    assert outcome_has_example(clearscene(command, "--help").out, command)


def outcome_has_example(shown: str, command: str) -> bool:
    examples = shown.partition("Examples:")[2].splitlines()
    return sum(f"clearscene {command}" in line for line in examples) >= 2


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
