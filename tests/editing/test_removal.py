"""Cars out of photos, with masks and painters whose answers are known."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.editing.options import Removal
from pipeline.editing.removal import CarEraser, grown, refined
from pipeline.images import RGB, Mask
from pipeline.photos import Photo


@dataclass
class Known:
    """Knows where the cars are; coarsely, if a size is given, as a network does."""

    cars: Mask
    size: int | None = None
    name: str = "known"

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        assert picture.shape[:2] == self.cars.shape
        likely = self.cars.astype(np.float32)
        if self.size is None:
            return likely
        small = cv2.resize(likely, (self.size, self.size), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, self.cars.shape[::-1]), np.float32)


class Grey:
    """Paints everything in one colour, and remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def remove(self, picture: RGB) -> RGB:
        self.seen.append(picture.shape)
        return np.full_like(picture, 128)


def road(height: int = 200, width: int = 320, grain: float = 6) -> RGB:
    rng = np.random.default_rng(1)
    levels = np.full((height, width, 3), 110.0) + rng.normal(0, grain, (height, width, 1))
    levels += np.linspace(0, 40, width)[None, :, None]
    return levels.clip(0, 255).round().astype(np.uint8)


def with_car(ground: RGB, *corners: tuple[int, int]) -> tuple[RGB, Mask]:
    picture, cars = ground.copy(), np.zeros(ground.shape[:2], np.bool_)
    for top, left in corners:
        cars[top : top + 40, left : left + 80] = True
    picture[cars] = (200, 20, 30)
    return picture, cars


def test_the_car_is_gone_and_all_else_keeps_its_bytes() -> None:
    ground = road()
    picture, cars = with_car(ground, (80, 120))
    eraser = CarEraser(Known(cars))
    photo = Photo(picture, icc=b"profile", exif=b"exif", format="JPEG")
    result = eraser.erase(photo, Removal(shadow=False))
    mask = eraser.find(picture)
    assert (result.icc, result.exif, result.format) == (b"profile", b"exif", "JPEG")
    assert np.array_equal(result.rgb[~mask], picture[~mask])
    assert mask[cars].all() and np.count_nonzero(mask) < 1.4 * np.count_nonzero(cars)
    error = (result.rgb.astype(float) - ground)[cars]
    assert abs(error.mean()) < 2 and np.abs(error).max() < 60


def test_the_shadow_goes_with_it_unless_it_is_to_stay() -> None:
    ground = road(grain=2)
    picture, cars = with_car(ground, (80, 120))
    shade = np.zeros_like(cars)
    shade[115:140, 150:230] = True
    shade &= ~cars
    picture[shade] = picture[shade] // 2
    photo, eraser = Photo(picture), CarEraser(Known(cars))
    without = eraser.erase(photo, Removal(shadow=True)).rgb.astype(int)
    assert np.abs(without - ground)[shade].mean() < 8
    assert np.abs(without - ground)[cars].mean() < 8
    kept = eraser.erase(photo, Removal(shadow=False)).rgb
    far = shade & ~eraser.find(picture)
    assert far.sum() > 800 and np.array_equal(kept[far], picture[far])


def test_a_photo_without_cars_comes_back_as_it_was() -> None:
    picture = road()
    nothing = Known(np.zeros(picture.shape[:2], np.bool_))
    assert np.array_equal(CarEraser(nothing).erase(Photo(picture), Removal()).rgb, picture)


def test_the_generator_is_shown_each_car_with_what_is_around_it() -> None:
    picture, cars = with_car(road(), (30, 20), (120, 200))
    painter = Grey()
    eraser = CarEraser(Known(cars), painter)
    mask = eraser.find(picture)
    result = eraser.fill(picture, mask, "network")
    assert len(painter.seen) == 2
    for height, width, _ in painter.seen:
        assert 60 < height < 150 and 100 < width < 180
    assert np.array_equal(result[~mask], picture[~mask])
    inside = result[cars].astype(int)
    assert np.abs(inside - 128).max() > 3, "the seam takes the colours of the road along"
    assert np.abs(inside - road()[cars]).mean() < 12


def test_the_generator_is_asked_for_nothing_but_its_fill() -> None:
    picture, cars = with_car(road(), (80, 120))
    painter = Grey()
    CarEraser(Known(cars), painter).fill(picture, cars, "inpaint")
    assert painter.seen == []


def test_without_a_generator_the_ground_is_inpainted_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    picture, cars = with_car(road(), (80, 120))
    eraser = CarEraser(Known(cars))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            result = eraser.fill(picture, cars, "network")
    assert len(caplog.records) == 1 and "car_removal" in caplog.text
    assert np.array_equal(result, eraser.fill(picture, cars, "inpaint"))


def test_a_coarse_mask_is_brought_to_the_edges_of_the_picture() -> None:
    picture, cars = with_car(road(grain=1), (80, 120))
    coarse = Known(cars, size=24)
    before = coarse.probability(picture) >= 0.5
    after = refined(picture, coarse.probability(picture))

    def overlap(mask: Mask) -> float:
        return np.count_nonzero(mask & cars) / np.count_nonzero(mask | cars)

    assert overlap(after) > overlap(before) + 0.02
    assert CarEraser(coarse).find(picture)[cars].mean() > 0.97


def test_specks_are_no_cars_and_panes_belong_to_one() -> None:
    picture, cars = with_car(road(), (80, 120))
    likely = cars.astype(np.float32)
    likely[90:100, 150:170] = 0
    likely[10:12, 10:12] = 1
    found = refined(picture, likely)
    assert not found[:40].any() and found[84:116, 124:196].all()


def test_the_rim_is_wider_around_larger_cars() -> None:
    mask = np.zeros((400, 600), np.bool_)
    mask[100:300, 50:350] = True
    mask[200:220, 450:480] = True
    wide = grown(mask)
    assert wide[200, 350:356].all() and not wide[200, 357]
    assert wide[210, 480:482].all() and not wide[210, 483]


def test_a_hole_that_is_left_when_masks_grow_is_closed() -> None:
    mask = np.zeros((100, 100), np.bool_)
    mask[20:80, 20:80] = True
    mask[40:60, 40:60] = False
    assert grown(mask)[20:80, 20:80].all()
    corner = np.ones((60, 60), np.bool_)
    corner[:30, :30] = False
    assert not grown(corner)[:20, :20].any(), "a bay at the border of the picture is no hole"


@pytest.mark.parametrize("fill", ["inpaint", "network"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (32, 32)])
def test_pictures_of_any_size(shape: tuple[int, int], fill: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    cars = np.zeros(shape, np.bool_)
    cars[: shape[0] // 2 + 1, : shape[1] // 2 + 1] = True
    eraser = CarEraser(Known(cars), Grey())
    result = eraser.erase(Photo(picture), Removal(fill=fill)).rgb  # type: ignore[arg-type]
    mask = eraser.find(picture, shadow=True)
    assert result.shape == picture.shape and np.array_equal(result[~mask], picture[~mask])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**16), height=st.integers(1, 48), width=st.integers(1, 48))
def test_outside_the_mask_nothing_is_painted(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = rng.random((height, width)) < rng.random()
    eraser = CarEraser(Known(mask), Grey())
    for fill in ("inpaint", "network"):
        result = eraser.fill(picture, mask, fill)  # type: ignore[arg-type]
        assert np.array_equal(result[~mask], picture[~mask])
