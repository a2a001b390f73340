"""Stages `person_split` and `scene_split`, in this process, on tiny real files."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.datasets.pairs.scenes import read_scene_files
from pipeline.errors import NothingToLearnFrom
from pipeline.images import read_picture
from pipeline.stages import person_split, scene_split
from pipeline.workspace import file_hash

OFFLINE = {"person_split.multiply": "offline", "person_split.size": 32}


@pytest.fixture
def pictures(people_root: Path, tmp_path: Path) -> Path:
    shutil.copytree(people_root, tmp_path / "pictures")
    return tmp_path / "pictures"


@pytest.fixture
def here(
    pictures: Path,
    mini_params: Callable[..., str],
    migrated_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """An empty workspace; call it to write its params.yaml with changes."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    monkeypatch.chdir(workspace)
    shutil.copy(migrated_store, "mlflow.db")

    def set_params(**changes: object) -> None:
        Path("params.yaml").write_text(mini_params(pictures, changes), encoding="utf-8")

    set_params()
    return set_params


def split() -> pd.DataFrame:
    return pd.read_csv("data/person_split/split.csv", keep_default_na=False)


def hashes(folder: str) -> dict[str, str]:
    return {file.name: file_hash(file) for file in sorted(Path(folder).iterdir())}


@pytest.mark.usefixtures("here")
def test_pictures_that_look_alike_never_straddle_parts(pictures: Path) -> None:
    """Each of the tests' pictures has a twin of another size and quality."""
    person_split.main()
    tests = set(split().query("part == 'test'").name)
    for name in split().name:
        with Image.open(pictures / "people" / "images" / f"{name}.jpg") as picture:
            twin = picture.resize((2 * picture.width, 2 * picture.height))
        twin.save(pictures / "people" / "images" / f"{name}_again.jpg", quality=80)
        with Image.open(pictures / "people" / "masks" / f"{name}.png") as mask:
            mask.resize(twin.size, Image.Resampling.NEAREST).save(
                pictures / "people" / "masks" / f"{name}_again.png"
            )
    person_split.main()
    part_of = dict(zip(split().name, split().part, strict=True))
    assert len(part_of) == 48
    assert all(part_of[name] == part_of[f"{name}_again"] for name in tests)
    assert [n for n in part_of if part_of[n] != part_of[n.removesuffix("_again")]] == []


def test_only_the_training_part_is_multiplied(here: Callable[..., None]) -> None:
    here(**OFFLINE)
    person_split.main()
    train = set(split().query("part == 'train'").name)
    with zipfile.ZipFile("data/person_split/shards/00000.zip") as archive:
        names = archive.namelist()
    assert {name.partition(".")[0] for name in names} == train
    assert len(names) == 6 * 2 * len(train)
    assert not list(Path(".clearscene").rglob("*.zip"))


def test_the_number_of_workers_changes_no_byte(here: Callable[..., None]) -> None:
    written = []
    for workers in (1, 2):
        here(**OFFLINE, **{"parallel.workers": workers})
        person_split.main()
        written.append(
            hashes("data/person_split/shards") | hashes("reports/data") | {"": str(split())}
        )
    assert written[0] == written[1]


def test_nothing_is_written_for_training_online(here: Callable[..., None]) -> None:
    here(**{"person_split.multiply": "online"})
    person_split.main()
    assert sorted(hashes("data/person_split")) == ["rejects.csv", "split.csv"]


@pytest.mark.usefixtures("here")
def test_the_sheet_shows_all_six_variants() -> None:
    person_split.main()
    sheet = read_picture(Path("reports/data/person_split.png"))
    height, width = sheet.shape[:2]
    assert width > 6 * 192
    assert height > 8 * 192
    assert len(np.unique(sheet)) > 100


def manifest(folder: str, phashes: list[str]) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    rows = [
        {"file": f"images/{i:02d}.png", "group": "ab"[i % 2], "phash": phash, "licence": ""}
        for i, phash in enumerate(phashes)
    ]
    table = pd.DataFrame(rows, columns=["file", "group", "phash", "licence"])
    table.to_csv(f"{folder}/manifest.csv", index=False)


def far_apart(count: int) -> list[str]:
    rng = np.random.default_rng(5)
    return [f"{int(rng.integers(0, 2**63)):016x}" for _ in range(count)]


@pytest.mark.usefixtures("here")
def test_cutouts_and_backgrounds_are_dealt_out_each_by_itself() -> None:
    manifest("data/cutouts", far_apart(20))
    manifest("data/backgrounds", far_apart(30) + ["0" * 16] * 4)
    scene_split.main()
    rows = pd.read_csv("data/scene_split/split.csv")
    assert list(rows.columns) == ["part", "kind", "file", "group"]
    sizes = rows.groupby(["kind", "part"]).size().to_dict()
    assert sizes["cutout", "test"] == 2
    assert sizes["background", "test"] == 3
    alike = rows[(rows["kind"] == "background") & (rows["file"] >= "images/30.png")]
    assert alike["part"].nunique() == 1
    files = read_scene_files(
        Path("data/scene_split/split.csv"), Path("data/cutouts"), Path("data/backgrounds"), "test"
    )
    assert [len(one) for one in files] == [2, 3]
    assert files.cutouts[0].file.is_relative_to(Path("data/cutouts").absolute())
    assert files.cutouts[0].group in "ab"


@pytest.mark.usefixtures("here")
def test_without_cutouts_the_split_has_backgrounds_alone() -> None:
    manifest("data/cutouts", [])
    manifest("data/backgrounds", far_apart(30))
    scene_split.main()
    rows = pd.read_csv("data/scene_split/split.csv")
    assert set(rows["kind"]) == {"background"}
    with pytest.raises(NothingToLearnFrom, match=r"there is no cutout: scrape\.cars in params"):
        read_scene_files(Path("data/scene_split/split.csv"), Path(), Path(), "train")
