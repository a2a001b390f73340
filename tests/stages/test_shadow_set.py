"""Stage `shadow_set`: rendering and listing, in this process and in others."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.datasets.shadows import render as shadow_render
from pipeline.datasets.shadows.files import KINDS, read_shadow_scenes
from pipeline.datasets.shadows.render import Job
from pipeline.errors import BadPicture, ParamsError, PipelineError
from pipeline.images import read_mask, read_picture
from pipeline.rendering.scenes import Quintuple
from pipeline.stages import shadow_set
from pipeline.workspace import file_hash
from tests.datasets.shadow_files import write_set
from tests.rendering.objects import car, open_ground

SMALL = {
    "shadow_set.source": "render",
    "shadow_set.size": 64,
    "shadow_set.count.train": 5,
    "shadow_set.count.val": 2,
    "shadow_set.count.test": 2,
    "parallel.workers": 1,
}


@pytest.fixture
def here(
    people_root: Path,
    mini_params: Callable[..., str],
    migrated_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """A workspace with cutouts and backgrounds; call it to write its params.yaml with changes."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(migrated_store, "mlflow.db")
    _write_cutouts_and_backgrounds()

    def set_params(**changes: object) -> None:
        changed = {key.replace("__", "."): value for key, value in changes.items()}
        Path("params.yaml").write_text(mini_params(people_root, {**SMALL, **changed}))

    set_params()
    return set_params


def _write_cutouts_and_backgrounds() -> None:
    rows = []
    for folder in ("data/cutouts/images", "data/backgrounds/images", "data/scene_split"):
        Path(folder).mkdir(parents=True)
    for number in range(9):
        part = ("train", "train", "train", "val", "test")[number % 5]
        cutout, background = f"images/car_{number}.png", f"images/road_{number}.jpg"
        Image.fromarray(car(30 + 2 * number, 90)).save(f"data/cutouts/{cutout}")
        scene = open_ground(120, 40 + number)
        Image.fromarray(scene).save(f"data/backgrounds/{background}", quality=95)
        rows += [(part, "cutout", cutout, "make"), (part, "background", background, "road")]
    table = pd.DataFrame(rows, columns=["part", "kind", "file", "group"])
    table.to_csv("data/scene_split/split.csv", index=False)


def hashes() -> dict[str, str]:
    files = sorted(file for file in Path("data/shadow_set").rglob("*") if file.is_file())
    return {str(file): file_hash(file) for file in files}


@pytest.mark.usefixtures("here")
def test_a_rendered_set_is_whole_and_consistent() -> None:
    shadow_set.main()
    split = Path("data/shadow_set/split.csv")
    table = pd.read_csv(split)
    assert table.part.tolist() == ["train"] * 5 + ["val"] * 2 + ["test"] * 2
    assert list(table.columns[:8]) == ["part", "name", "group", *KINDS]
    assert table.elevation.between(15, 50).all()
    assert table.shadow_area.min() >= 0.25
    for part in ("train", "val", "test"):
        for scene in read_shadow_scenes(split, part):
            noshadow, shadow = read_picture(scene.noshadow), read_picture(scene.shadow)
            masks = [read_mask(getattr(scene, kind)) for kind in KINDS[2:]]
            assert {noshadow.shape, shadow.shape} == {(64, 64, 3)}
            assert {mask.shape for mask in masks} == {(64, 64)}
            assert (shadow <= noshadow).all()
            assert (noshadow.astype(int) - shadow).max() > 12
            assert not (masks[0] & masks[1]).any()
            assert not (masks[2] & (masks[0] | masks[1])).any()
    assert pd.read_csv("data/shadow_set/rejects.csv").empty
    assert read_picture(Path("reports/data/shadow_set.png")).shape[1] > 900


@pytest.mark.usefixtures("here")
def test_parts_are_made_from_their_own_files_alone() -> None:
    shadow_set.main()
    made = pd.read_csv("data/shadow_set/split.csv")
    split = pd.read_csv("data/scene_split/split.csv")
    owned = {Path(file).name: part for part, file in zip(split.part, split.file, strict=True)}
    for row in made.to_dict("records"):
        used = [row["background"], row["cutout"], *row["occluders"].split(";")]
        assert {owned[name] for name in used} == {row["part"]}


def test_the_same_seed_gives_the_same_bytes_for_any_number_of_workers(
    here: Callable[..., None],
) -> None:
    shadow_set.main()
    alone = hashes()
    here(parallel__workers=2)
    shadow_set.main()
    assert hashes() == alone
    here(shadow_set__seed=2)
    shadow_set.main()
    other = hashes()
    assert other.keys() == alone.keys()
    assert all(other[f] != alone[f] for f in alone if "noshadow" in f)


def test_more_scenes_leave_the_first_ones_as_they_are(here: Callable[..., None]) -> None:
    shadow_set.main()
    few = hashes()
    here(shadow_set__count__train=7)
    shadow_set.main()
    more = hashes()
    assert all(more[file] == few[file] for file in few if file.endswith(".png"))
    assert len(more) == len(few) + 2 * len(KINDS)


def test_scenes_for_which_nothing_fits_are_counted_and_refused(here: Callable[..., None]) -> None:
    here(shadow_set__min_shadow=1.0, shadow_set__draws=1)
    with pytest.raises(PipelineError, match=r"nothing fitted in 1 draws .*max_bad_share"):
        shadow_set.main()
    assert not Path("data/shadow_set").exists()
    here(shadow_set__min_shadow=0.15, shadow_set__draws=1, shadow_set__max_bad_share=0.95)
    shadow_set.main()
    rejects = pd.read_csv("data/shadow_set/rejects.csv")
    kept = pd.read_csv("data/shadow_set/split.csv")
    assert len(rejects) + len(kept) == 9
    assert 0 < len(rejects) < 9
    assert rejects.file.str.match(r"(train|val|test)_\d{5}").all()


@pytest.mark.usefixtures("here")
def test_an_empty_cutout_is_named() -> None:
    for file in Path("data/cutouts/images").iterdir():
        Image.new("RGBA", (30, 20)).save(file)
    with pytest.raises(BadPicture, match=r"car_\d\.png: has no opaque pixel"):
        shadow_set.main()


@pytest.mark.usefixtures("here")
def test_without_cutouts_the_set_is_empty_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    split = pd.read_csv("data/scene_split/split.csv")
    split[split.kind == "background"].to_csv("data/scene_split/split.csv", index=False)
    with caplog.at_level(logging.INFO):
        shadow_set.main()
    assert "shadow_set: skipped" in caplog.text
    assert "holds no cutout" in caplog.text
    table = pd.read_csv("data/shadow_set/split.csv")
    assert table.empty
    assert list(table.columns) == ["part", "name", "group", *KINDS]
    assert Path("data/shadow_set/rejects.csv").is_file()
    assert Path("reports/data/shadow_set.png").is_file()


def test_a_folder_of_the_user_is_listed_and_not_copied(
    here: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_set(tmp_path_factory.mktemp("user") / "shadows")
    (folder / "train" / "mask" / "a_000.jpg").unlink()
    here(shadow_set__source="index", inputs__shadows=str(folder))
    with pytest.raises(PipelineError, match="allow 1 of 15 to be left out"):
        shadow_set.main()
    here(shadow_set__source="index", inputs__shadows=str(folder), shadow_set__max_bad_share=0.1)
    shadow_set.main()
    split = Path("data/shadow_set/split.csv")
    parts = {part: read_shadow_scenes(split, part) for part in ("train", "val", "test")}
    assert {part: len(scenes) for part, scenes in parts.items()} == {
        "train": 10,
        "val": 1,
        "test": 3,
    }
    assert all(scene.shadow.is_relative_to(folder) for scenes in parts.values() for scene in scenes)
    assert sorted(file.name for file in Path("data/shadow_set").iterdir()) == [
        "rejects.csv", "split.csv",
    ]  # fmt: skip
    assert pd.read_csv("data/shadow_set/rejects.csv").reason.tolist() == [
        "no file of that name in mask; add it or remove these"
    ]


def test_no_folder_of_the_user_is_no_error(
    here: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    here(shadow_set__source="index", inputs__shadows="data/nothing")
    with caplog.at_level(logging.INFO):
        shadow_set.main()
    assert "skipped, inputs.shadows is data/nothing" in caplog.text
    assert pd.read_csv("data/shadow_set/split.csv").empty


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("shadow_set__elevation", [50.0, 20.0], "50 to 20 is no range"),
        ("shadow_set__elevation", [0.0, 20.0], "must lie between 5 and 90"),
        ("shadow_set__occluders", [3, 1], "3 to 1 is no range"),
        ("shadow_set__size", 63, "shadow_set.size"),
    ],
)
def test_ranges_that_are_none_are_refused(
    here: Callable[..., None], key: str, value: object, message: str
) -> None:
    here(**{key: value})
    with pytest.raises(ParamsError, match=message):
        shadow_set.main()


def test_the_size_is_a_parameter(here: Callable[..., None]) -> None:
    here(shadow_set__size=128, shadow_set__count__train=1)
    shadow_set.main()
    scene = read_shadow_scenes(Path("data/shadow_set/split.csv"), "train")[0]
    assert read_picture(scene.shadow).shape == (128, 128, 3)
    assert 0.03 < np.mean(read_mask(scene.mask)) < 0.2


def test_an_interrupted_rendering_goes_on_where_it_was(
    here: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow_set.main()
    undisturbed, written, write = hashes(), list[str](), shadow_render._write

    def write_or_stop(job: Job, folder: Path, quintuple: Quintuple) -> dict[str, str]:
        if len(written) == 3:
            written.append("interrupted")
            raise KeyboardInterrupt
        written.append(job.name)
        return write(job, folder, quintuple)

    monkeypatch.setattr(shadow_render, "_write", write_or_stop)
    with pytest.raises(KeyboardInterrupt):
        shadow_set.main()
    assert hashes() == undisturbed
    shadow_set.main()
    assert len(written) == len(set(written)) == 9 + 1
    assert hashes() == undisturbed
    assert not list(Path(".clearscene").rglob("*.png"))
    here(shadow_set__seed=2)
    shadow_set.main()
    assert hashes() != undisturbed
