"""Samples of the shadow networks: five pictures that go together, whatever is done to them."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.datasets.shadows.files import ShadowScene, read_shadow_scenes
from pipeline.datasets.shadows.index import index_shadows
from pipeline.datasets.shadows.report import write_tables
from pipeline.datasets.shadows.scenes import ShadowSample, ShadowScenes, open_part
from pipeline.datasets.transforms import SceneAugmentation, ScenePictures
from pipeline.errors import NothingToLearnFrom, PipelineError
from pipeline.images import read_picture
from pipeline.parallel import HERE
from pipeline.sections.networks import ShadowAugmentation
from tests.datasets.shadow_files import SIZE, write_set


def augmentation(**changes: Any) -> ShadowAugmentation:
    none = {"flip": 0.0, "rotate": 0.0, "rotate_p": 0.0, "photometric": False}
    return ShadowAugmentation.model_validate({**none, **changes})


STRONG = augmentation(flip=0.5, rotate=10.0, rotate_p=0.9)


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shadows")
    rows, _ = index_shadows(write_set(folder), folder, HERE)
    write_tables(folder, rows, [])
    return folder / "split.csv"


@pytest.fixture(scope="module")
def scenes(split: Path) -> list[ShadowScene]:
    return read_shadow_scenes(split, "train")


def equal(one: ShadowSample, other: ShadowSample) -> bool:
    return all(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize("low", [0, -1])
def test_a_sample_has_five_pictures_in_the_range_of_its_network(
    scenes: list[ShadowScene], low: Any
) -> None:
    sample = ShadowScenes(scenes, 32, low, STRONG)[3]
    shapes = [tuple(tensor.shape) for tensor in sample]
    assert shapes == [(3, 32, 32)] * 2 + [(1, 32, 32)] * 3
    assert all(tensor.dtype == torch.float32 for tensor in sample)
    for picture in sample[:2]:
        assert low <= picture.min() < picture.max() <= 1
    for mask in sample[2:]:
        assert mask.unique().tolist() == [low, 1]


def test_without_resizing_or_augmentation_it_shows_what_the_files_show(
    scenes: list[ShadowScene],
) -> None:
    sample = ShadowScenes(scenes, SIZE, 0)[4]
    expected = read_picture(scenes[4].shadow)
    shown = (sample.shadowed * 255).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(shown, expected)
    assert _box(sample.inserted) == (10, 30, 20, 30)
    assert _box(sample.occluders) == (5, 20, 2, 10)
    assert _box(sample.shadows) == (18, 24, 2, 14)
    signed = ShadowScenes(scenes, SIZE, -1)[4]
    for one, other in zip(sample, signed, strict=True):
        torch.testing.assert_close(2 * one - 1, other)


def _box(mask: Tensor) -> tuple[int, int, int, int]:
    """Rows and columns between which most of a mask lies; JPEG leaves its corners to chance."""
    rows, columns = (mask[0].sum(dim=1 - axis).gt(4).nonzero().flatten() for axis in (0, 1))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def test_indices_that_count_on_make_another_scene_of_the_same_pictures(
    scenes: list[ShadowScene],
) -> None:
    dataset = ShadowScenes(scenes, 32, 0, STRONG, seed=1)
    assert dataset.counts_on
    epochs = [dataset[2 + epoch * len(dataset)] for epoch in range(8)]
    assert sum(not equal(epochs[0], other) for other in epochs[1:]) >= 5


def test_a_sample_depends_on_seed_epoch_and_index_alone(scenes: list[ShadowScene]) -> None:
    dataset = ShadowScenes(scenes, 32, 0, STRONG, seed=1)
    again = ShadowScenes(scenes, 32, 0, STRONG, seed=1)
    other = ShadowScenes(scenes, 32, 0, STRONG, seed=2)
    indices = [5, 17, 29, 41]
    forth = [dataset[index] for index in indices]
    back = [again[index] for index in reversed(indices)]
    assert all(equal(*pair) for pair in zip(forth, reversed(back), strict=True))
    assert not all(equal(one, other[index]) for one, index in zip(forth, indices, strict=True))


def test_another_process_makes_the_same(scenes: list[ShadowScene]) -> None:
    dataset = ShadowScenes(scenes, 32, 0, augmentation(flip=0.5, photometric=True), seed=3)
    before = dataset[7]
    assert equal(pickle.loads(pickle.dumps(dataset))[7], before)


def test_the_files_are_read_once(
    scenes: list[ShadowScene], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = ShadowScenes(scenes, 32, 0, STRONG)
    first = dataset[0]
    monkeypatch.setattr("pipeline.datasets.shadows.scenes.read_picture", None)
    assert equal(dataset[0], first)


def test_a_split_without_any_scene_is_told_from_one_that_lacks_a_part(
    split: Path, tmp_path: Path
) -> None:
    assert len(open_part(split, "test", 32, 0)) == 3
    with pytest.raises(PipelineError, match="no scene of the part val") as lacks:
        open_part(split, "val", 32, 0)
    assert not isinstance(lacks.value, NothingToLearnFrom)
    empty = tmp_path / "split.csv"
    with split.open() as stream:
        empty.write_text(",".join(next(csv.reader(stream))) + "\n")
    with pytest.raises(NothingToLearnFrom, match=r"inputs\.shadows"):
        open_part(empty, "train", 32, 0)


@pytest.fixture(scope="module")
def pictures() -> ScenePictures:
    """A shadow in the lower half of a scene of noise, and a mask that is exactly there."""
    scene = np.random.default_rng(0).integers(40, 200, (64, 64, 3)).astype(np.uint8)
    shadowed, masks = scene.copy(), np.zeros((64, 64, 3), np.uint8)
    shadowed[40:52, 16:40] = 0
    masks[40:52, 16:40] = 1
    return ScenePictures(scene, shadowed, masks)


@pytest.mark.parametrize("seed", range(6))
def test_geometry_moves_all_five_alike(pictures: ScenePictures, seed: int) -> None:
    moved = SceneAugmentation(augmentation(flip=0.5, rotate=10.0, rotate_p=0.99))(pictures, seed)
    differs = (moved.scene != moved.shadowed).any(axis=2)
    assert (moved.masks == moved.masks[..., :1]).all()
    inside = moved.masks[..., 0].astype(bool)
    assert (differs != inside).mean() < 0.03  # interpolated rims
    assert (moved.masks != pictures.masks).any()


def test_a_flip_is_a_flip(pictures: ScenePictures) -> None:
    flipped = SceneAugmentation(augmentation(flip=0.999))(pictures, 0)
    for one, other in zip(flipped, pictures, strict=True):
        np.testing.assert_array_equal(one, other[:, ::-1])


@pytest.mark.parametrize("seed", range(40))
def test_photometric_changes_keep_the_difference_where_the_shadow_is(
    pictures: ScenePictures, seed: int
) -> None:
    changed = SceneAugmentation(augmentation(photometric=True))(pictures, seed)
    np.testing.assert_array_equal(changed.masks, pictures.masks)
    differs = (changed.scene != changed.shadowed).any(axis=2)
    away = np.ones((64, 64), bool)
    away[28:, 12:52] = False  # JPEG's blocks of 16 that hold a piece of the shadow, and their rims
    assert not differs[away].any()
    assert differs[42:50, 18:38].all()


def test_photometric_changes_do_change_the_scene(pictures: ScenePictures) -> None:
    augment = SceneAugmentation(augmentation(photometric=True))
    scenes = {augment(pictures, seed).scene.tobytes() for seed in range(12)}
    assert len(scenes) == 12
    assert pictures.scene.tobytes() not in scenes


def test_no_augmentation_leaves_a_scene_as_it_is(pictures: ScenePictures) -> None:
    for one, other in zip(SceneAugmentation(augmentation())(pictures, 3), pictures, strict=True):
        np.testing.assert_array_equal(one, other)
