"""What `car_mask` learns from: pairs, then photos with masks, each part by itself."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipeline.datasets.pairs.car_photos import CarMasks, CarPhoto, read_car_photos
from pipeline.datasets.pairs.composites import CarPairs
from pipeline.sources.manifest import Row
from tests.datasets.small_pairs import settings, write_scene

CARS = ("one", "two", "three", "four")


def name(car: str) -> str:
    """Collections name pictures by their content."""
    return str(CARS.index(car)) * 20


def write_table(file: Path, columns: Any, rows: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Four photos; `four` has no mask, `three` is the test part's, `two` was not cut out."""
    rng = np.random.default_rng(0)
    collection, cutouts = tmp_path / "cars", tmp_path / "cutouts"
    (collection / "images").mkdir(parents=True)
    (tmp_path / "masks").mkdir()
    for car in CARS:
        levels = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(levels).save(collection / "images" / f"{name(car)}.png")
        mask = np.zeros((40, 60), np.uint8)
        mask[10:30, 5:30] = 255
        if car != "four":
            Image.fromarray(mask).save(tmp_path / "masks" / f"{car}.png")
    rows: list[dict[str, Any]] = [
        {
            "file": f"images/{name(car)}.png", "url": f"/photos/{car}.png", "site": "folder",
            "group": "make", "sha256": str(CARS.index(car)) * 64, "phash": "0" * 16, "bytes": 1,
            "width": 60, "height": 40,
        }
        for car in CARS
    ]  # fmt: skip
    write_table(collection / "manifest.csv", Row._fields, rows)
    cut = [car for car in CARS if car != "two"]
    write_table(
        cutouts / "manifest.csv",
        ("file", "source", "group"),
        [
            {"file": f"images/c{car}.png", "source": f"images/{name(car)}.png", "group": "make"}
            for car in cut
        ],
    )
    parts = {"one": "train", "three": "test", "four": "train"}
    write_table(
        tmp_path / "split.csv",
        ("part", "kind", "file", "group"),
        [{"part": parts[car], "kind": "cutout", "file": f"images/c{car}.png"} for car in cut],
    )
    return tmp_path


def read(root: Path, part: str) -> list[CarPhoto]:
    places = root / "split.csv", root / "cutouts", root / "cars", root / "masks"
    return read_car_photos(*places, part)


def test_a_photo_belongs_to_the_part_of_its_cutout(photos: Path) -> None:
    (only,) = read(photos, "train")
    assert only.name == name("one")
    assert only.picture.name == f"{name('one')}.png"
    assert only.mask.name == "one.png"
    assert [photo.name for photo in read(photos, "test")] == [name("three")]
    assert read(photos, "val") == []


@pytest.fixture
def masks(photos: Path) -> CarMasks:
    how = settings({"per_epoch": 3})
    pairs = CarPairs(write_scene(photos, 2, 2), how, seed=1)
    return CarMasks(pairs, read(photos, "train"), (how.height, how.width), flip=0.5)


def test_pairs_come_first_and_photos_after(masks: CarMasks) -> None:
    assert len(masks) == 4
    for index in range(8):
        sample = masks[index]
        assert sample.picture.shape == (3, 48, 64)
        assert 0 <= sample.picture.min() <= sample.picture.max() <= 1
        assert set(sample.mask.unique().tolist()) == {0.0, 1.0}
    pair = masks.pairs[0]
    torch.testing.assert_close(masks[0].picture, (pair.x + 1) / 2)
    assert torch.equal(masks[0].mask, pair.mask)


def test_an_epoch_differs_from_the_next_and_repeats_itself(masks: CarMasks) -> None:
    assert not torch.equal(masks[0].picture, masks[4].picture)
    assert torch.equal(masks[5].picture, masks[5].picture)


def test_a_photo_is_mirrored_with_its_mask_in_some_epochs(masks: CarMasks) -> None:
    epochs = [masks[4 * epoch + 3] for epoch in range(12)]
    lefts = {bool(sample.mask[0, 24, 8]) for sample in epochs}
    assert lefts == {True, False}
    plain = next(sample for sample in epochs if sample.mask[0, 24, 8])
    mirrored = next(sample for sample in epochs if not sample.mask[0, 24, 8])
    assert torch.equal(plain.mask, mirrored.mask.flip(-1))
    assert torch.equal(plain.picture, mirrored.picture.flip(-1))
