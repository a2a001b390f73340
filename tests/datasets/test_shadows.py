"""Reading shadow sets, and checking a folder in Shadow-AR's layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.datasets.shadows.files import KINDS, read_shadow_scenes, read_soft_mask
from pipeline.datasets.shadows.index import IndexRow, index_shadows, missing_set, with_validation
from pipeline.datasets.shadows.report import write_tables
from pipeline.errors import BadPicture, PipelineError
from pipeline.parallel import HERE
from pipeline.sources.folder import Reject
from tests.datasets.shadow_files import write_scene, write_set


@pytest.fixture(scope="module")
def whole_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("set") / "shadows")


@pytest.fixture
def shadows(whole_set: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole_set, tmp_path / "shadows")
    return tmp_path / "shadows"


def indexed(folder: Path) -> tuple[list[IndexRow], list[Reject]]:
    return index_shadows(folder, folder, HERE)


def test_every_quintuple_is_listed_once_in_its_part(shadows: Path) -> None:
    rows, rejects = indexed(shadows)
    assert rejects == []
    assert [row.name for row in rows if row.part == "train"] == sorted(
        f"train_{'ab'[number % 2]}_{number:03d}" for number in range(12)
    )
    assert sum(row.part == "test" for row in rows) == 3
    assert {row.group for row in rows} == {"a", "b"}
    assert all(row.coverage == pytest.approx(200 / 48**2, abs=0.01) for row in rows)
    assert len({row.sha256 for row in rows}) == 15


def test_what_is_listed_can_be_read_again(shadows: Path, tmp_path: Path) -> None:
    rows, _ = indexed(shadows)
    write_tables(tmp_path, rows, [])
    scenes = read_shadow_scenes(tmp_path / "split.csv", "train")
    assert [scene.name for scene in scenes] == [row.name for row in rows if row.part == "train"]
    assert scenes[0].rshadow == shadows / "train" / "rshadow" / "a_000.jpg"
    assert all(getattr(scene, kind).is_file() for scene in scenes for kind in KINDS)
    with pytest.raises(PipelineError, match=r"split\.csv: holds no scene of the part val"):
        read_shadow_scenes(tmp_path / "split.csv", "val")


def test_a_set_in_the_workspace_is_listed_relative_to_its_split(
    shadows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the same split holds in the copy that an experiment runs in."""
    monkeypatch.chdir(tmp_path)
    rows, _ = index_shadows(Path("shadows"), Path("data/shadow_set"), HERE)
    assert rows[0].mask == "../../shadows/train/mask/a_000.jpg"
    assert (tmp_path / "data" / "shadow_set" / rows[0].mask).resolve() == (
        shadows / "train" / "mask" / "a_000.jpg"
    )


def test_a_wrapped_set_is_found_and_one_that_is_none_is_named(
    shadows: Path, tmp_path: Path
) -> None:
    shadows.rename(tmp_path / "wrapped")
    (tmp_path / "outer").mkdir()
    (tmp_path / "wrapped").rename(tmp_path / "outer" / "Shadow-AR")
    assert len(indexed(tmp_path / "outer")[0]) == 15
    shutil.rmtree(tmp_path / "outer" / "Shadow-AR" / "test" / "mask")
    with pytest.raises(PipelineError, match="these folders are missing: test/mask"):
        indexed(tmp_path / "outer")


def test_what_cannot_be_used_is_listed_with_its_reason(shadows: Path) -> None:
    train = shadows / "train"
    Image.new("RGB", (40, 48)).save(train / "shadow" / "a_000.jpg")
    (train / "rshadow" / "b_001.jpg").unlink()
    (train / "noshadow" / "a_002.jpg").write_text("<html>")
    Image.new("L", (48, 48), 127).save(train / "mask" / "b_003.jpg")
    shutil.copy(train / "noshadow" / "a_004.jpg", train / "shadow" / "a_004.jpg")
    Image.new("L", (48, 48)).save(train / "mask" / "b_005.png")
    rows, rejects = indexed(shadows)
    reasons = {
        Path(one.file).parent.name + "/" + Path(one.file).name: one.reason for one in rejects
    }
    assert "is 40×48, its scene a_000.jpg is 48×48" in reasons["shadow/a_000.jpg"]
    assert "no file of that name in rshadow" in reasons["noshadow/b_001.jpg"]
    assert "not a picture" in reasons["noshadow/a_002.jpg"]
    assert "no pixel of the inserted object is white" in reasons["mask/b_003.jpg"]
    assert "is the same picture" in reasons["shadow/a_004.jpg"]
    assert "has the same stem" in reasons["mask/b_005.png"]
    assert len(rejects) == 6
    assert len(rows) == 10


def test_validation_is_drawn_from_training_and_the_test_part_stays(shadows: Path) -> None:
    rows, _ = indexed(shadows)
    dealt = with_validation(rows, 1, 0.25, 0)
    before = {row.name: row.part for row in rows}
    assert sorted(row.part for row in dealt) == ["test"] * 3 + ["train"] * 9 + ["val"] * 3
    assert all((before[row.name] == "test") == (row.part == "test") for row in dealt)
    assert dealt != with_validation(rows, 2, 0.25, 0)
    assert [row.part for row in dealt] == sorted(
        (row.part for row in dealt), key=["train", "val", "test"].index
    )


def test_scenes_that_look_alike_stay_together(shadows: Path) -> None:
    for number in range(12):
        write_scene(shadows / "train", f"twin_{number:03d}", 5000 + number)
    rows, _ = indexed(shadows)
    for seed in range(4):
        part_of = {row.name: row.part for row in with_validation(rows, seed, 0.3, 4)}
        for number in range(12):
            twin = part_of[f"train_twin_{number:03d}"]
            assert part_of[f"train_{'ab'[number % 2]}_{number:03d}"] == twin


@pytest.mark.parametrize(("level", "white"), [(127, False), (128, True)])
def test_a_mask_is_white_from_128_on(tmp_path: Path, level: int, white: bool) -> None:
    Image.fromarray(np.full((4, 4), level, np.uint8)).save(tmp_path / "mask.png")
    mask = read_soft_mask(tmp_path / "mask.png")
    assert mask.dtype == bool
    assert mask.all() == mask.any() == white
    with pytest.raises(BadPicture, match="no such file"):
        read_soft_mask(tmp_path / "gone.png")


def test_a_set_that_is_not_there_is_told_from_one_that_is_broken(tmp_path: Path) -> None:
    assert missing_set(Path("data/nothing")) == "inputs.shadows is data/nothing"
    assert missing_set(tmp_path) is None
    (tmp_path / "about.txt").write_text("skipped, shadows.source in params.yaml is empty\n")
    why = missing_set(tmp_path)
    assert why is not None
    assert "shadows.source in params.yaml is empty" in why
    (tmp_path / "train").mkdir()
    assert missing_set(tmp_path) is None
