"""The stages that collect, one after another in this process, on a tiny demo world."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.errors import PipelineError
from pipeline.images import read_mask, read_picture
from pipeline.params import load_params
from pipeline.presets import preset_text
from pipeline.sources.manifest import read_manifest
from pipeline.stages import (
    archives,
    backgrounds,
    check_params,
    coco_annotations,
    coco_pictures,
    coco_split,
    demo_world,
    fetch,
    frames,
    scrape,
)

TINY = {"people": 10, "cars": 5, "backgrounds": 6, "films": 1, "coco": 10, "seed": 3}


def write_params(**sections: dict[str, Any]) -> None:
    yaml = YAML()
    params = yaml.load(preset_text("demo"))
    for name, values in {"demo": TINY, **sections}.items():
        params[name].update(values)
    with Path("params.yaml").open("w", encoding="utf-8") as stream:
        yaml.dump(params, stream)


def collect() -> None:
    for source in ("backgrounds", "cars"):
        scrape.scrape(source, load_params())
    for stage in (frames, archives, backgrounds, coco_annotations, coco_split, coco_pictures):
        stage.main()
    for name in fetch.SETS:
        fetch.fetch(name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated_store: Path) -> Path:
    """A folder in which every stage has run once."""
    root = tmp_path_factory.mktemp("world")
    shutil.copy(migrated_store, root / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        write_params()
        check_params.main()
        demo_world.main()
        collect()
    return root


@pytest.fixture(autouse=True)
def here(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    write_params()


def tables() -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(Path("data").rglob("*.csv"))}


def test_everything_that_the_sites_show_is_collected() -> None:
    cars, pictures = read_manifest(Path("data/scrape/cars")), Path("data/demo/cars/images")
    assert {found.file.read_bytes() for found in cars} == {
        file.read_bytes() for file in pictures.iterdir()
    }
    assert len(read_manifest(Path("data/scrape/backgrounds"))) == 6


def test_backgrounds_are_those_of_all_sources_once() -> None:
    merged = {found.facts.sha256 for found in read_manifest(Path("data/backgrounds"))}
    parts = [read_manifest(Path("data", name)) for name in ("scrape/backgrounds", "frames")]
    assert merged == {found.facts.sha256 for part in parts for found in part}
    assert len(parts[1]) >= 3, "a film of three shots"


def test_again_gives_the_same_tables_and_pictures() -> None:
    before = tables()
    pictures = sorted(file.name for file in Path("data").rglob("images/*"))
    collect()
    assert tables() == before
    assert sorted(file.name for file in Path("data").rglob("images/*")) == pictures


def test_what_is_not_there_is_skipped_and_says_so() -> None:
    for folder in ("data/web/people", "data/web/shadows", "data/web/coco/annotations"):
        assert "is empty" in Path(folder, "about.txt").read_text()
    assert read_manifest(Path("data/archives")) == []


def test_the_coco_of_the_demo_is_split_with_masks() -> None:
    with Path("data/coco_split/split.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 5
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    for row in rows:
        mask = read_mask(Path("data/coco_split", row["mask"]))
        picture = read_picture(Path("data/demo/coco/images", row["file_name"]))
        assert mask.shape == picture.shape[:2]
        assert mask.mean() == pytest.approx(float(row["coverage"]))
        assert mask.mean() > 0.4
    assert read_picture(Path("reports/data/coco_split.png")).shape[1] > 700


def test_too_many_failures_stop_the_stage_and_name_the_table() -> None:
    section = load_params().scrape.backgrounds.model_dump()
    write_params(scrape={"backgrounds": {**section, "max_bad_share": 0.0}})
    with pytest.raises(PipelineError, match=r"1 of 7 .*backgrounds/rejects\.csv"):
        scrape.scrape("backgrounds", load_params())


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(PipelineError, match="unknown set 'cats'; known are people, shadows"):
        fetch.fetch("cats")
