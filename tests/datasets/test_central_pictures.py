"""Pictures of the central person as Mask R-CNN takes them: rows, boxes, mirrors."""

from __future__ import annotations

import csv
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import masks_to_boxes

from pipeline.datasets.central.pictures import (
    Batch,
    CentralPersons,
    CentralPicture,
    box_of,
    collate,
    read_central_pictures,
    to_sample,
)
from pipeline.datasets.central.selection import SplitRow
from pipeline.errors import BadPicture, NothingToLearnFrom, PipelineError
from pipeline.images import write_png

PARTS = {"train": 4, "val": 1, "test": 2}
VAL2017 = ("true", "false", "")


class World:
    """A split with its masks, its pictures, and the table of those that are missing."""

    def __init__(self, root: Path) -> None:
        self.split, self.pictures = root / "coco_split" / "split.csv", root / "images"
        self.rejects = root / "rejects.csv"
        (self.split.parent / "masks").mkdir(parents=True)
        self.pictures.mkdir()
        rows = [self.row(part, number) for part, count in PARTS.items() for number in range(count)]
        self.write(rows)
        self.reject()

    def row(self, part: str, number: int) -> SplitRow:
        place = 10 * list(PARTS).index(part) + number
        name, mask = f"{place:012d}.png", np.zeros((20 + place, 30), np.uint8)
        mask[5:-3, 4:20] = 255
        picture = np.random.default_rng(place).integers(0, 256, (*mask.shape, 3), np.uint8)
        write_png(self.pictures / name, picture)
        write_png(self.split.parent / "masks" / name, mask)
        return SplitRow(
            part, place, 7, 0.5, 0.6, 30, 20 + place, name, "", VAL2017[place % 3], f"masks/{name}"
        )

    def write(self, rows: list[SplitRow]) -> None:
        with self.split.open("w", newline="") as stream:
            csv.writer(stream).writerows([SplitRow._fields, *rows])

    def reject(self, *files: str) -> None:
        lines = ["file,reason", *(f"{file},gone" for file in files)]
        self.rejects.write_text("\n".join(lines) + "\n")

    def read(self, part: str) -> list[CentralPicture]:
        return read_central_pictures(self.split, self.pictures, part, self.rejects)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_rows_of_a_part_in_their_order(world: World) -> None:
    assert {part: len(world.read(part)) for part in PARTS} == PARTS
    first, second = world.read("test")
    assert (first.name, second.name) == ("20", "21")
    assert (first.group, second.group) == ("coco", "val2017")
    assert first.picture == world.pictures / "000000000020.png"
    assert first.mask == world.split.parent / "masks" / "000000000020.png"


def test_what_could_not_be_had_is_left_out_and_counted(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.reject("000000000001.png", "000000000021.png")
    with caplog.at_level(logging.WARNING):
        assert [row.name for row in world.read("train")] == ["0", "2", "3"]
    assert "train: 1 of 4 pictures are left out" in caplog.text
    caplog.clear()
    assert len(world.read("val")) == 1
    assert caplog.text == ""


def test_an_empty_table_is_nothing_to_learn_from(world: World) -> None:
    world.write([])
    with pytest.raises(NothingToLearnFrom, match=r"coco\.annotations .* name none"):
        world.read("train")


def test_a_part_without_pictures_is_a_mistake(world: World) -> None:
    world.reject("000000000010.png")
    with pytest.raises(PipelineError, match="1 pictures of the part val, of which") as caught:
        world.read("val")
    assert not isinstance(caught.value, NothingToLearnFrom)


@pytest.mark.parametrize("table", ["split", "rejects"])
def test_a_missing_table_names_the_stage_that_makes_it(world: World, table: str) -> None:
    getattr(world, table).unlink()
    stage = {"split": "coco_split", "rejects": "coco_pictures"}[table]
    with pytest.raises(PipelineError, match=f"no such file; `dvc repro {stage}` makes it"):
        world.read("train")


def test_a_sample_is_what_detection_takes(world: World) -> None:
    picture, target = CentralPersons(world.read("test"))[1]
    assert picture.shape == (3, 41, 30)
    assert picture.dtype == torch.float32
    assert 0 <= picture.min() < 0.1 < 0.9 < picture.max() <= 1
    assert target["boxes"].tolist() == [[4.0, 5.0, 20.0, 38.0]]
    assert target["boxes"].dtype == torch.float32
    assert target["labels"].tolist() == [1]
    assert target["masks"].shape == (1, 41, 30)
    assert target["masks"].dtype == torch.uint8
    assert int(target["masks"].sum()) == 16 * 33
    assert int(target["image_id"]) == 21


def test_samples_of_different_sizes_stand_side_by_side(world: World) -> None:
    persons = CentralPersons(world.read("train"))
    batch = collate([persons[0], persons[3]])
    assert isinstance(batch, Batch)
    assert len(batch[0]) == 2
    assert [one.shape[1] for one in batch.pictures] == [20, 23]
    assert [int(one["image_id"]) for one in batch.targets] == [0, 3]


def test_mirroring_turns_picture_mask_and_box_together(world: World) -> None:
    rows = world.read("test")
    plain, mirrored = CentralPersons(rows)[0], CentralPersons(rows, flip=0.999999)[0]
    assert torch.equal(mirrored.picture, plain.picture.flip(-1))
    assert torch.equal(mirrored.target["masks"], plain.target["masks"].flip(-1))
    assert mirrored.target["boxes"].tolist() == [[10.0, 5.0, 26.0, 37.0]]


def test_whether_one_is_mirrored_depends_on_seed_epoch_and_place_alone(world: World) -> None:
    rows = world.read("train")

    def drawn(seed: int, order: list[int]) -> list[bool]:
        persons = CentralPersons(rows, 0.5, seed)
        plain = CentralPersons(rows)
        flips = {i: not torch.equal(persons[i].picture, plain[i % 4].picture) for i in order}
        return [flips[i] for i in sorted(flips)]

    places = list(range(40))
    assert drawn(1, places) == drawn(1, places[::-1])
    assert drawn(1, places) != drawn(2, places)
    assert 8 < sum(drawn(1, places)) < 32
    of_first = drawn(1, places)[::4]
    assert len(set(of_first)) == 2, "one picture is mirrored in some epochs and not in others"


def test_a_mask_of_another_size_is_refused_by_name(world: World) -> None:
    row = world.read("test")[0]
    write_png(row.mask, np.full((9, 8), 255, np.uint8))
    with pytest.raises(BadPicture, match=r"is 30×40, but its mask 000000000020.png is 8×9"):
        CentralPersons([row])[0]


def test_a_mask_without_a_person_is_refused_by_name(world: World) -> None:
    row = world.read("test")[0]
    write_png(row.mask, np.zeros((40, 30), np.uint8))
    with pytest.raises(BadPicture, match=r"000000000020.png: holds no pixel of a person"):
        CentralPersons([row])[0]


@given(st.integers(1, 9), st.integers(1, 9), st.lists(st.integers(0, 80), min_size=1, max_size=6))
def test_a_box_goes_from_edge_to_edge_and_always_has_an_area(
    height: int, width: int, inside: list[int]
) -> None:
    mask = np.zeros((height, width), bool)
    mask.flat[[place % mask.size for place in inside]] = True
    left, top, right, bottom = box_of(mask)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    centres = masks_to_boxes(torch.from_numpy(mask)[None])[0].tolist()
    assert [left, top, right - 1, bottom - 1] == centres


def test_a_mask_of_one_pixel_is_a_valid_target() -> None:
    mask = np.zeros((6, 8), bool)
    mask[3, 2] = True
    sample = to_sample(np.zeros((6, 8, 3), np.uint8), mask, 5)
    assert sample.target["boxes"].tolist() == [[2.0, 3.0, 3.0, 4.0]]
