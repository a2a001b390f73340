"""Reading a split, and samples as a network takes them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from pipeline.datasets.people.pictures import (
    PersonMasks,
    PersonPicture,
    Sample,
    read_split,
    to_sample,
)
from pipeline.datasets.splits import PARTS, deal_out
from pipeline.datasets.transforms import VARIANTS
from pipeline.errors import PipelineError
from pipeline.images import read_mask, read_picture

SIZE = 32


@pytest.fixture(scope="module")
def split(people_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("split") / "split.csv"
    stems = sorted(path.stem for path in (people_root / "people" / "masks").iterdir())
    part_of = deal_out(stems, 1, 0.2, 0.2)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["part", "name", "group", "picture", "mask", "width"])
        for stem in stems:
            files = (f"images/{stem}.jpg", f"masks/{stem}.png")
            writer.writerow([part_of[stem], stem, stem[0], *files, 50])
    return file


@pytest.fixture(scope="module")
def train(split: Path, people_root: Path) -> list[PersonPicture]:
    return read_split(split, people_root / "people", "train")


def same(one: Sample, other: Sample) -> bool:
    return torch.equal(one.picture, other.picture) and torch.equal(one.mask, other.mask)


def test_the_parts_of_a_split_are_disjoint_and_complete(split: Path, people_root: Path) -> None:
    names = [row.name for part in PARTS for row in read_split(split, people_root / "people", part)]
    assert len(names) == len(set(names)) == 24


def test_a_row_knows_its_group_and_where_its_files_lie(train: list[PersonPicture]) -> None:
    assert all(row.picture.is_file() and row.mask.is_file() for row in train)
    assert {row.group for row in train} == {"a", "b"}
    assert [row.name for row in train] == sorted(row.name for row in train)


def test_a_part_without_pictures_is_refused_by_name(split: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"split\.csv: holds no picture of the part holdout"):
        read_split(split, tmp_path, "holdout")


def test_a_sample_is_rgb_in_zero_to_one_and_a_mask_of_zeros_and_ones(
    train: list[PersonPicture],
) -> None:
    for sample in PersonMasks(train[:3], SIZE, multiply=True):
        assert sample.picture.shape == (3, SIZE, SIZE)
        assert sample.mask.shape == (1, SIZE, SIZE)
        assert sample.picture.dtype == sample.mask.dtype == torch.float32
        assert 0 <= sample.picture.min() < 0.3 < 0.6 < sample.picture.max() <= 1
        assert sample.mask.unique().tolist() == [0, 1]


def test_a_sample_keeps_the_colours_in_the_order_of_the_file(train: list[PersonPicture]) -> None:
    picture, mask = read_picture(train[0].picture), read_mask(train[0].mask)
    sample = to_sample(picture, mask)
    np.testing.assert_allclose(sample.picture.numpy(), picture.transpose(2, 0, 1) / 255, atol=1e-6)
    np.testing.assert_array_equal(sample.mask.numpy()[0] > 0.5, mask)


def test_the_blob_of_a_sample_lies_under_its_mask_in_every_variant(
    train: list[PersonPicture],
) -> None:
    for sample in PersonMasks(train[:4], SIZE, multiply=True):
        bright = sample.picture.amax(dim=0) > 0.5
        assert (bright != (sample.mask[0] > 0.5)).float().mean() < 0.05


def test_multiplying_gives_six_variants_of_each_picture(train: list[PersonPicture]) -> None:
    once, six = PersonMasks(train, SIZE), PersonMasks(train, SIZE, multiply=True)
    assert len(once) == len(train)
    assert len(six) == len(train) * len(VARIANTS) == len(train) * 6
    assert all(same(once[i], six[6 * i]) for i in range(len(train)))
    first = [six[i].picture for i in range(6)]
    assert not any(torch.equal(first[0], other) for other in first[1:])


def test_the_seed_and_the_name_alone_decide_a_variant(train: list[PersonPicture]) -> None:
    forwards = PersonMasks(train, SIZE, multiply=True, seed=3)
    backwards = PersonMasks(train[::-1], SIZE, multiply=True, seed=3)
    other = PersonMasks(train, SIZE, multiply=True, seed=4)
    last, rotated = 6 * (len(train) - 1), list(VARIANTS).index("rotate")
    assert all(same(forwards[i], backwards[last + i]) for i in range(6))
    assert all(same(forwards[i], forwards[i]) for i in range(6))
    assert not same(forwards[rotated], other[rotated])


def test_two_pictures_do_not_share_their_random_numbers(train: list[PersonPicture]) -> None:
    one, rotated = train[0], list(VARIANTS).index("rotate")
    twins = PersonMasks([one, one._replace(name="twin")], SIZE, multiply=True, seed=3)
    assert same(twins[0], twins[6])
    assert not same(twins[rotated], twins[6 + rotated])


def test_a_data_worker_makes_the_same_samples_whatever_torchs_seed(
    train: list[PersonPicture],
) -> None:
    dataset = PersonMasks(train[:2], SIZE, multiply=True, seed=3)
    torch.manual_seed(1234)
    loader = DataLoader(dataset, batch_size=6, num_workers=1, multiprocessing_context="spawn")
    for number, batch in enumerate(loader):
        for place in range(6):
            sample = Sample(batch.picture[place], batch.mask[place])
            assert same(sample, dataset[6 * number + place])
