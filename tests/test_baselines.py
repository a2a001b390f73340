"""What a network has to beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.baselines import grabcut_mask, inpainted, mean_mask
from pipeline.images import read_mask, read_picture
from pipeline.metrics.masks import confusion_counts, jaccard_score
from pipeline.sources.demo.people.pictures import draw_person_picture


def test_the_mean_mask_says_how_often_a_place_is_person() -> None:
    left, top = np.zeros((2, 4, 4), bool)
    left[:, :2], top[:2] = True, True
    mean = mean_mask([left, top, top, top], 4)
    assert mean.dtype == np.float32
    np.testing.assert_array_equal(mean[:2], [[1, 1, 0.75, 0.75]] * 2)
    np.testing.assert_array_equal(mean[2:], [[0.25, 0.25, 0, 0]] * 2)


def test_masks_of_any_size_share_one_grid() -> None:
    halves = []
    for height, width in ((8, 8), (30, 12), (7, 50)):
        mask = np.zeros((height, width), bool)
        mask[:, : width // 2] = True
        halves.append(mask)
    mean = mean_mask(halves, 16)
    assert mean.shape == (16, 16)
    assert (mean[:, :7] == 1).all()
    assert (mean[:, 9:] == 0).all()


def test_the_mean_does_not_wear_out_over_many_masks() -> None:
    assert (mean_mask((np.ones((2, 2), bool) for _ in range(3000)), 2) == 1).all()


def test_the_mean_of_no_masks_is_refused() -> None:
    with pytest.raises(ValueError, match="no masks"):
        mean_mask([], 8)


@pytest.fixture(scope="module")
def scene() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A bright disc on dim noise, and where it is."""
    rows, columns = np.mgrid[:80, :100]
    disc = np.hypot(rows - 40, columns - 50) < 20
    picture = np.random.default_rng(0).integers(0, 80, (80, 100, 3))
    picture[disc] += 150
    return picture.astype(np.uint8), disc


def test_grabcut_finds_what_stands_out(scene: tuple[NDArray[np.uint8], NDArray[np.bool_]]) -> None:
    picture, disc = scene
    mask = grabcut_mask(picture, 0.8, 3)
    assert (mask.shape, mask.dtype) == (disc.shape, np.bool_)
    assert jaccard_score(confusion_counts(mask, disc)) > 0.95


def test_grabcut_takes_nothing_outside_its_box(
    scene: tuple[NDArray[np.uint8], NDArray[np.bool_]],
) -> None:
    picture, disc = scene[0].copy(), scene[1]
    picture[5:15, 5:25] = 255, 255, 0
    mask = grabcut_mask(picture, 0.6, 3)
    assert jaccard_score(confusion_counts(mask, disc)) > 0.95
    mask[16:64, 20:80] = False
    assert not mask.any()


def test_grabcut_gives_the_same_mask_again_and_leaves_the_picture() -> None:
    picture = draw_person_picture(3, 1).picture  # on it, k-means ends where its first draw leads
    before = picture.copy()
    first = grabcut_mask(picture, 0.8, 1)
    assert first.any()
    for _ in range(3):
        np.testing.assert_array_equal(grabcut_mask(picture, 0.8, 1), first)
    np.testing.assert_array_equal(picture, before)


def test_grabcut_beats_a_blank_mask_on_real_files(people_root: Path) -> None:
    folder = people_root / "people"
    for name in ("a_00", "b_05", "a_11"):
        picture, truth = (
            read_picture(folder / "images" / f"{name}.jpg"),
            read_mask(folder / "masks" / f"{name}.png"),
        )
        mask = grabcut_mask(picture, 0.9, 3)
        assert jaccard_score(confusion_counts(mask, truth)) > 0.8, name


@pytest.mark.parametrize(
    ("side", "box_share"), [(16, 0.8), (16, 0.01), (16, 0.97), (64, 0.99)], ids=str
)
def test_grabcut_takes_every_box_that_the_parameters_allow(side: int, box_share: float) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (side, side, 3)).astype(np.uint8)
    assert grabcut_mask(picture, box_share, 1).shape == (side, side)


def test_grabcut_takes_a_picture_of_one_colour() -> None:
    assert grabcut_mask(np.full((20, 20, 3), 9, np.uint8), 0.8, 1).shape == (20, 20)


def test_inpainting_fills_the_masked_place_from_around_it_and_touches_no_other() -> None:
    scene = np.repeat(np.linspace(20, 220, 60, dtype=np.uint8)[None, :, None], 40, 0).repeat(3, 2)
    mask = np.zeros((40, 60), bool)
    mask[15:25, 25:35] = True
    spoilt = np.where(mask[..., None], np.array((255, 0, 0), np.uint8), scene)
    filled = inpainted(spoilt, mask, grow=0)
    np.testing.assert_array_equal(filled[~mask], scene[~mask])
    error = np.abs(filled.astype(int) - scene)[mask].mean()
    assert error < 12 < np.abs(spoilt.astype(int) - scene)[mask].mean()


def test_inpainting_a_larger_mask_leaves_no_rim() -> None:
    scene = np.full((40, 40, 3), 200, np.uint8)
    scene[14:26, 14:26] = 0  # what is to vanish, with a rim of a pixel that the mask lacks
    mask = np.zeros((40, 40), bool)
    mask[15:25, 15:25] = True
    assert inpainted(scene, mask, grow=0).min() < 100
    assert inpainted(scene, mask, grow=2).min() >= 198
