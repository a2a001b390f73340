"""A user's mistakes: one clear line, an exit code, and nothing half written."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.images import read_mask, write_png
from tests.end_to_end.conftest import Repository

LINE = re.compile(r"^ERROR: (?:check_params|person_split): .*", re.MULTILINE)


def refusal(repository: Repository, *command: str) -> str:
    """The one line of ours that a failing command printed."""
    result = repository.run(*command, check=False)
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    (line,) = LINE.findall(result.stderr)
    return str(line)


@pytest.fixture
def unchanged(repository: Repository) -> Repository:
    """The shared repository with its parameters as committed."""
    repository.run("git", "checkout", "--quiet", "params.yaml")
    return repository


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("lr=banana", "lr: must be a valid number, got 'banana'"),
        ("networks.person_se.epochs=-1", "networks.person_se.epochs: must be greater than"),
        ("networks.person_se.size=100", "networks.person_se.size: must be a multiple of 16"),
    ],
)
def test_a_wrong_setting_is_refused_before_any_stage_worked(
    unchanged: Repository, setting: str, says: str
) -> None:
    line = refusal(unchanged, "dvc", "exp", "run", "-S", setting)
    assert says in line
    assert "params.yaml" in line
    assert not (unchanged.root / "data" / "demo").exists()
    assert not (unchanged.root / "models" / "person_se").exists()


def test_an_unknown_key_in_the_file_is_refused(unchanged: Repository) -> None:
    with (unchanged.root / "params.yaml").open("a") as stream:
        stream.write("learning_rate: 0.1\n")
    assert "learning_rate: unknown key" in refusal(unchanged, "dvc", "repro")
    assert not (unchanged.root / "data" / "demo").exists()


def text_named_jpg(root: Path) -> Path:
    file = root / "people/images/a_00.jpg"
    file.write_text("<html>not found</html>")
    return file


def mask_of_another_size(root: Path) -> Path:
    file = root / "people/masks/a_00.png"
    write_png(file, np.full((20, 20), 255, np.uint8))
    return file


def mask_with_grey_levels(root: Path) -> Path:
    file = root / "people/masks/a_00.png"
    write_png(file, read_mask(file).astype(np.uint8) * 127)
    return file


def picture_without_mask(root: Path) -> Path:
    (root / "people/masks/a_00.png").unlink()
    return root / "people/images/a_00.jpg"


@pytest.mark.parametrize(
    "spoil", [text_named_jpg, mask_of_another_size, mask_with_grey_levels, picture_without_mask]
)
def test_a_bad_file_is_named_and_nothing_is_written(
    unchanged: Repository, people_root: Path, tmp_path: Path, spoil: Callable[[Path], Path]
) -> None:
    root = tmp_path / "pictures"
    shutil.copytree(people_root, root)
    bad = spoil(root)
    unchanged.take_pictures(root)
    line = refusal(unchanged, "dvc", "repro", "person_split")
    assert str(bad) in line
    assert "person_split.max_bad_share" in line
    assert not list(unchanged.root.glob("data/*person_split*"))


@pytest.mark.parametrize("missing", [".", "people", "people/masks"])
def test_a_missing_folder_is_named(
    unchanged: Repository, people_root: Path, tmp_path: Path, missing: str
) -> None:
    root = tmp_path / "pictures"
    shutil.copytree(people_root, root)
    unchanged.take_pictures(root)
    shutil.rmtree(root / missing)
    line = refusal(unchanged, "dvc", "repro")
    assert str(root) in line
    assert "no such folder" in line


def test_a_bad_file_is_left_out_where_the_share_allows_it(
    unchanged: Repository, people_root: Path, tmp_path: Path
) -> None:
    root = tmp_path / "pictures"
    shutil.copytree(people_root, root)
    bad = text_named_jpg(root)
    unchanged.take_pictures(root, **{"person_split.max_bad_share": 0.1})
    unchanged.run("dvc", "repro", "person_split")
    rejects = (unchanged.root / "data/person_split/rejects.csv").read_text()
    assert str(bad) in rejects
    assert "a_00" not in (unchanged.root / "data/person_split/split.csv").read_text()
