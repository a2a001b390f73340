"""The stages `coco_split` and `coco_pictures` in this process, on files made here."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.datasets.central.selection import SplitRow
from pipeline.errors import PipelineError
from pipeline.images import read_mask, read_picture
from pipeline.sections.coco import CocoSection
from pipeline.sections.parallel import ParallelSection
from pipeline.stages import coco_pictures, coco_split

COLUMNS = (
    "split", "image_id", "annotation_id", "score", "coverage", "width", "height", "file_name"
)  # fmt: skip
LEFT_HALF = [[0, 0, 20, 0, 20, 30, 0, 30]]
Stage = Callable[..., pd.DataFrame]


def people(*numbers: int, **changes: Any) -> dict[str, Any]:
    """Instances with one large person on the left half of each picture, which has 40×30 pixels."""
    person = {
        "category_id": 1, "area": 600, "bbox": [0, 0, 20, 30], "iscrowd": 0,
        "segmentation": LEFT_HALF, **changes,
    }  # fmt: skip
    return {
        "images": [
            {"id": number, "width": 40, "height": 30, "file_name": f"{number:012d}.jpg"}
            for number in numbers
        ],
        "annotations": [{**person, "id": 10 * number, "image_id": number} for number in numbers],
    }


def write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    """Runs both stages on a folder of annotations and gives the split."""
    (tmp_path / "here" / "images").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")

    def run(folder: str | Path, *, workers: int = 1, **changes: Any) -> pd.DataFrame:
        section = {
            "annotations": "", "sha256": "", "coverage": 0.4, "max_bytes": 1, "max_seconds": 1.0,
            "files": {"train": "a/train.json", "test": "a/test.json"}, "max_bad_share": 0.0,
            "val2017": "", "val2017_archive": "", "val2017_sha256": "", **changes,
        }  # fmt: skip
        params = SimpleNamespace(
            coco=CocoSection(**section),
            inputs=SimpleNamespace(coco_annotations=str(folder), coco_images="images"),
            splits=SimpleNamespace(seed=1, test_share=0.2, val_share=0.25),
            parallel=ParallelSection(backend="loky", workers=workers, address=""),
        )
        for module in (coco_split, coco_pictures):
            monkeypatch.setattr(module, "load_params", lambda: params)
            monkeypatch.setattr(module, "log_data", lambda *_: None)
        coco_split.main()
        table = pd.read_csv(
            "data/coco_split/split.csv", keep_default_na=False, dtype={"in_val2017": str}
        )
        for row in table.itertuples():
            grey = np.full((row.height, row.width, 3), 120, np.uint8)
            Image.fromarray(grey).save(Path("images") / str(row.file_name))
        coco_pictures.main()
        return table

    return run


def test_two_files_are_train_with_a_part_for_validation_and_test(
    stage: Stage, tmp_path: Path
) -> None:
    write(tmp_path / "train.json", people(*range(20, 40)))
    write(tmp_path / "test.json", people(3, 2))
    table = stage(tmp_path)
    assert table.split.value_counts().to_dict() == {"train": 15, "val": 5, "test": 2}
    assert tuple(table.columns) == SplitRow._fields
    assert tuple(table.columns)[:8] == COLUMNS
    order = list(zip(table.split, table.image_id, strict=True))
    assert order == sorted(order)
    assert set(table.in_val2017) == {""}


def test_one_file_is_dealt_out_to_all_parts(stage: Stage, tmp_path: Path) -> None:
    write(tmp_path / "instances.json", people(*range(20)))
    table = stage(tmp_path)
    assert table.split.value_counts().to_dict() == {"train": 12, "val": 4, "test": 4}
    assert sorted(table.image_id) == list(range(20))


def test_the_table_is_the_same_to_the_byte_for_any_order_and_any_workers(
    stage: Stage, tmp_path: Path
) -> None:
    content = people(1, 2, 3, bbox=[0, 0, 33.3, 21.7], area=577.123)
    write(tmp_path / "instances.json", content)
    stage(tmp_path)
    first = Path("data/coco_split/split.csv").read_bytes()
    assert first.splitlines()[1] == (
        b"test,2,20,0.7132741851845402,0.4809358333333334,40,30,000000000002.jpg,,,masks/000000000002.png"
    )
    write(tmp_path / "instances.json", {key: part[::-1] for key, part in content.items()})
    stage(tmp_path, workers=2)
    assert Path("data/coco_split/split.csv").read_bytes() == first


def test_masks_lie_beside_the_table(stage: Stage, tmp_path: Path) -> None:
    write(tmp_path / "instances.json", people(1, 2, 7))
    table = stage(tmp_path)
    for name in table["mask"]:
        mask = read_mask(Path("data/coco_split") / name)
        assert mask.shape == (30, 40)
        assert mask[:, :20].all()
        assert not mask[:, 20:].any()
    assert len(list(Path("data/coco_split/masks").iterdir())) == 3


def test_a_broken_segmentation_is_listed_and_left_out(stage: Stage, tmp_path: Path) -> None:
    content = people(*range(1, 11))
    content["annotations"][3]["segmentation"] = {"size": [30, 40], "counts": [7]}
    write(tmp_path / "instances.json", content)
    table = stage(tmp_path, max_bad_share=0.1)
    assert sorted(table.image_id) == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    rejects = pd.read_csv("data/coco_split/rejects.csv")
    assert rejects.to_numpy().tolist() == [
        ["000000000004.jpg", "its run lengths do not add up to its picture"]
    ]
    with pytest.raises(PipelineError, match=r"0004\.jpg: its run lengths .*coco\.max_bad_share"):
        stage(tmp_path, max_bad_share=0.09)


def test_pictures_of_val2017_are_marked(stage: Stage, tmp_path: Path) -> None:
    write(tmp_path / "instances.json", people(1, 2, 3, 4))
    write(tmp_path / "val.json", {"images": people(3, 9)["images"]})
    table = stage(tmp_path, val2017="annotations/val.json")
    assert dict(zip(table.image_id, table.in_val2017, strict=True)) == {
        1: "false", 2: "false", 3: "true", 4: "false"
    }  # fmt: skip


def test_too_few_to_deal_out_name_the_parameter(stage: Stage, tmp_path: Path) -> None:
    write(tmp_path / "instances.json", people(1, 2))
    with pytest.raises(PipelineError, match=r"2 pictures have .* more than 0\.4.*coco\.coverage"):
        stage(tmp_path)


def test_the_sheet_shows_a_dozen_pictures_as_their_masks_cut_them_out(
    stage: Stage, tmp_path: Path
) -> None:
    write(tmp_path / "instances.json", people(*range(1, 31)))
    stage(tmp_path)
    sheet = read_picture(Path("reports/data/coco_split.png"))
    grey = (np.abs(sheet.astype(int) - 120).max(axis=2) < 3).sum()
    pale = (np.abs(sheet.astype(int) - (234, 18, 234)).max(axis=2) < 3).sum()
    tile = 192 * 192 * 30 / 40  # a picture of 40×30 fitted into a square of 192 pixels
    assert grey == pytest.approx(12 * tile / 2, rel=0.05)
    assert pale == pytest.approx(12 * tile / 2, rel=0.05)


def test_without_coco_there_are_headers_a_sheet_and_a_word_in_the_log(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    table = stage("data/nothing")
    assert table.empty
    assert tuple(table.columns) == SplitRow._fields
    assert pd.read_csv("data/coco_split/rejects.csv").empty
    assert list(Path("data/coco_split/masks").iterdir()) == []
    assert "coco_split: skipped, inputs.coco_annotations is data/nothing" in caplog.text
    sheet = read_picture(Path("reports/data/coco_split.png"))
    assert (sheet < 100).any(), "it says that there is nothing"
