"""What serves: locked dependencies without PyTorch, a container file, units of systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
DEPLOY = REPOSITORY / "deploy"
UNITS = ("clearscene.service", "clearscene-bot.service")
TRAINING = {"dvc", "lightning", "mlflow", "onnx", "torch", "torchvision", "nvidia-ml-py"}


def pins(file: str) -> dict[str, set[str]]:
    """Versions by package."""
    found: dict[str, set[str]] = {}
    for line in (REPOSITORY / file).read_text().splitlines():
        if match := re.match(r"([a-z0-9._-]+)==([^ ;\\]+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


def wanted() -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["serve"], *extras["bot"], *extras["heic"]]
    return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace(".", "-") for line in lines}


def instructions() -> list[tuple[str, str]]:
    """Of the Containerfile, in order: word and arguments."""
    text = re.sub(r"(?m)^#.*\n", "", (DEPLOY / "Containerfile").read_text()).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line]


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / name)
    return parser


def test_everything_that_serving_needs_is_pinned() -> None:
    assert wanted() <= set(pins("requirements-serve.txt"))


def test_nothing_of_training_is_installed_where_is_served() -> None:
    assert not TRAINING & set(pins("requirements-serve.txt"))


def test_serving_and_training_use_the_same_versions() -> None:
    everything = pins("requirements.txt")
    for name, versions in pins("requirements-serve.txt").items():
        assert versions <= everything.get(name, versions), name


def test_every_pin_has_hashes_and_no_index_is_named() -> None:
    text = (REPOSITORY / "requirements-serve.txt").read_text()
    packages = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
    assert len(packages) > 30
    assert all("--hash=sha256:" in package for package in packages)
    assert not re.search(r"(?m)https?://|file:|^--|^-[a-z]", text)


def test_the_image_is_built_of_files_that_there_are_and_that_reach_the_builder() -> None:
    sent = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    copied = [args.split() for word, args in instructions() if word == "COPY"]
    ours = [a for args in copied if "--from=build" not in args for a in args[:-1] if a[:2] != "--"]
    assert {"requirements-serve.txt", "pipeline"} <= set(ours)
    for name in ours:
        assert (REPOSITORY / name).exists(), name
        assert f"!{name}" in sent, name


def test_the_image_runs_as_nobody_and_says_how_it_is() -> None:
    last = [word for word, _ in instructions()].count("FROM")
    assert last == 2
    final = instructions()
    final = final[max(i for i, (word, _) in enumerate(final) if word == "FROM") :]
    (user,) = [args for word, args in final if word == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    (check,) = [args for word, args in final if word == "HEALTHCHECK"]
    assert "/healthz" in check
    assert ("EXPOSE", "8000") in final
    assert not [args for word, args in final if word == "RUN" and "pip" in args]


def test_the_image_installs_by_hash_and_then_the_package_alone() -> None:
    installs = [args for word, args in instructions() if word == "RUN" and " install " in args]
    pip = [args for args in installs if "pip" in args]
    assert "--require-hashes" in pip[0]
    assert "--no-deps" in pip[1]
    assert len(pip) == 2


@pytest.mark.parametrize("name", UNITS)
def test_units_are_hardened_and_come_back(name: str) -> None:
    service = unit(name)["Service"]
    for option in ("NoNewPrivileges", "PrivateTmp", "DynamicUser", "ProtectHome", "PrivateDevices"):
        assert service[option] == "yes", option
    assert service["ProtectSystem"] == "strict"
    assert service["Restart"] == "on-failure"
    assert service["MemoryMax"]
    assert service["CapabilityBoundingSet"] == ""
    assert "EnvironmentFile" in service
    assert "TOKEN" not in service["ExecStart"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    text = (DEPLOY / name).read_text().replace("/opt/clearscene/bin/clearscene", "/bin/true")
    (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / name], capture_output=True, text=True
    )
    assert not [line for line in done.stderr.splitlines() if name in line], done.stderr
    assert "Unknown" not in done.stderr
