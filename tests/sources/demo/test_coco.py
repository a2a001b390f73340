"""The demo world's COCO: pictures whose annotations are right, and enough that the rule selects."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from pipeline.datasets.central.selection import central_persons
from pipeline.images import read_picture
from pipeline.sources.coco.instances import Instances, read_instances
from pipeline.sources.coco.masks import segmentation_mask
from pipeline.sources.demo.art.canvas import Light
from pipeline.sources.demo.art.shapes import box
from pipeline.sources.demo.art.textures import plain
from pipeline.sources.demo.coco.annotating import CAR, PERSON, annotate
from pipeline.sources.demo.coco.pictures import GroupCanvas, draw_coco_picture, write_coco

SEED, COUNT = 5, 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("coco")
    write_coco(root, COUNT, SEED, workers=1)
    return root


@pytest.fixture(scope="module")
def content(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "annotations" / "instances.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def instances(folder: Path) -> Instances:
    return read_instances(folder / "annotations" / "instances.json")


def mask_of(annotation: dict[str, Any], content: dict[str, Any]) -> NDArray[np.bool_]:
    [picture] = [one for one in content["images"] if one["id"] == annotation["image_id"]]
    text = json.dumps(annotation["segmentation"]).encode()
    return segmentation_mask(text, picture["height"], picture["width"])


def test_the_folder_has_coco_s_layout_and_names(folder: Path, content: dict[str, Any]) -> None:
    names = sorted(file.name for file in (folder / "images").iterdir())
    assert names == [one["file_name"] for one in content["images"]]
    assert names[0] == "000000000001.jpg"
    for one in content["images"]:
        height, width = read_picture(folder / "images" / one["file_name"]).shape[:2]
        assert (height, width) == (one["height"], one["width"])
    assert [(one["id"], one["name"]) for one in content["categories"]] == [
        (PERSON, "person"), (CAR, "car")
    ]  # fmt: skip


def test_the_rule_selects_a_good_part(instances: Instances) -> None:
    selected = central_persons(*instances, 0.4)
    assert 0.6 * COUNT <= len(selected) <= 0.9 * COUNT
    shares = [row.coverage for row in selected]
    assert np.std(shares) > 0.05
    assert max(shares) < 0.8


def test_ten_pictures_are_enough_to_split(instances: Instances) -> None:
    assert len(central_persons([one for one in instances.images if one.id <= 10],
                               instances.persons, 0.4)) >= 5  # fmt: skip


def test_every_kind_of_picture_and_of_annotation_is_there(content: dict[str, Any]) -> None:
    annotations = content["annotations"]
    single = [one for one in annotations if one["category_id"] == PERSON and not one["iscrowd"]]
    persons = Counter(one["image_id"] for one in single)
    assert {1, 2, 3} <= set(persons.values())
    cars = {one["image_id"] for one in annotations if one["category_id"] == CAR}
    assert cars
    assert cars.isdisjoint(persons), "pictures without a person"
    crowds = [one for one in annotations if one["iscrowd"]]
    assert crowds
    assert all(isinstance(one["segmentation"]["counts"], list) for one in crowds)
    polygons = [one for one in single if isinstance(one["segmentation"], list)]
    assert 0.6 * len(single) < len(polygons) < len(single)
    assert len({one["id"] for one in annotations}) == len(annotations)


def test_area_and_box_are_those_of_the_mask(content: dict[str, Any]) -> None:
    for one in content["annotations"]:
        mask = mask_of(one, content)
        assert one["area"] == mask.sum()
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert one["bbox"] == [
            columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
        ]  # fmt: skip


def test_people_of_a_picture_do_not_overlap(content: dict[str, Any]) -> None:
    """Who stands in front hides the others, but for the rounding of outlines."""
    for picture in content["images"]:
        own = [one for one in content["annotations"] if one["image_id"] == picture["id"]]
        masks = [mask_of(one, content) for one in own]
        for number, mask in enumerate(masks):
            for other in masks[number + 1 :]:
                assert (mask & other).sum() <= 0.05 * min(mask.sum(), other.sum())


def test_same_seed_and_index_give_the_same_picture_and_annotations() -> None:
    for index in (1, 5, 12):  # one person, a crowd, a car
        one, again, other = (draw_coco_picture(seed, index) for seed in (SEED, SEED, SEED + 1))
        assert one.picture.tobytes() == again.picture.tobytes()
        assert one.annotations == again.annotations
        assert one.picture.tobytes() != other.picture.tobytes()


def test_bytes_on_disk_do_not_depend_on_the_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        write_coco(tmp_path / str(workers), 4, SEED, workers=workers)
    one, two = (
        {file.relative_to(root): file.read_bytes() for file in root.rglob("*.*")}
        for root in (tmp_path / "1", tmp_path / "2")
    )
    assert len(one) == 5
    assert one == two


def test_no_pictures_are_an_empty_set(tmp_path: Path) -> None:
    write_coco(tmp_path, 0, SEED)
    assert read_instances(tmp_path / "annotations" / "instances.json") == ([], [])


def test_what_is_painted_later_hides_the_figures_before() -> None:
    canvas = GroupCanvas(np.zeros((20, 30, 3), np.float32), Light(0, -1, 0.5))
    for left in (0, 10):
        canvas.next_figure()
        canvas.paint([box(left, 0, left + 15, 20)], plain((200, 150, 120)), "person")
    canvas.paint([box(20, 0, 30, 10)], plain((10, 20, 30)), "thing")
    canvas.paint([box(0, 0, 30, 3)], plain((10, 20, 30)), "mark")
    back, front = canvas.figures
    assert back[15, 2:9].tolist() == [1] * 7
    assert back[15, 12:].tolist() == [0] * 18
    assert front[15, 12:24].tolist() == [1] * 12
    assert front[:8, 22].tolist() == [0] * 8
    assert back[1, 5] == 1
    np.testing.assert_allclose(back + front, canvas.person, atol=1e-6)


def disc(height: int, width: int, radius: float, hole: float = 0.0) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(rows - height / 2, columns - width / 2)
    return np.asarray((distance <= radius) & (distance >= hole))


@pytest.mark.parametrize("radius", [8.0, 15.0, 60.0])
def test_a_polygon_covers_what_it_stands_for(radius: float) -> None:
    mask = disc(90, 110, radius)
    entry = annotate(mask, PERSON, 1, 2)
    assert entry is not None
    polygons = entry["segmentation"]
    corners = sum(map(len, polygons)) / 2
    assert corners < 0.7 * 2 * np.pi * radius, "not one for each pixel of the outline"
    drawn = segmentation_mask(json.dumps(polygons).encode(), 90, 110)
    assert (drawn & mask).sum() / (drawn | mask).sum() > 0.95


def test_a_mask_with_a_hole_is_packed_and_a_crowd_is_counted() -> None:
    mask = disc(50, 40, 18, 9)
    packed, crowd = annotate(mask, PERSON, 1, 2), annotate(mask, PERSON, 1, 2, crowd=True)
    assert packed is not None
    assert crowd is not None
    assert isinstance(packed["segmentation"]["counts"], str)
    assert (crowd["iscrowd"], packed["iscrowd"]) == (1, 0)
    assert sum(crowd["segmentation"]["counts"]) == 50 * 40
    for entry in (packed, crowd):
        text = json.dumps(entry["segmentation"]).encode()
        assert np.array_equal(segmentation_mask(text, 50, 40), mask)
        assert entry["area"] == mask.sum()


def test_run_lengths_of_a_full_picture_begin_with_none_outside() -> None:
    crowd = annotate(np.ones((9, 7), bool), PERSON, 1, 2, crowd=True)
    assert crowd is not None
    assert crowd["segmentation"] == {"size": [9, 7], "counts": [0, 63]}
    assert coco_mask.area(coco_mask.frPyObjects(crowd["segmentation"], 9, 7)) == 63


def test_what_is_hardly_seen_is_not_annotated() -> None:
    assert annotate(np.zeros((20, 20), bool), PERSON, 1, 2) is None
    assert annotate(disc(20, 20, 2), PERSON, 1, 2) is None
