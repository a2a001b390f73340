"""Shadows whose place is known: multiplied into ground, and rendered ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editing.shade import shade_of
from pipeline.rendering.scenes import render_scene
from pipeline.rendering.sun import Sun
from tests.rendering.objects import car as rendered_car
from tests.rendering.objects import scene_of, stand

HEIGHT, WIDTH = 240, 360
CAR = np.s_[100:150, 130:220]


def ground(noise: float = 3.0) -> np.ndarray:
    """Grey ground that brightens downwards, and a sky."""
    rows = np.mgrid[:HEIGHT, :WIDTH][0]
    rng = np.random.default_rng(0)
    levels = np.stack([100 + 0.2 * rows, 98 + 0.2 * rows, 94 + 0.2 * rows], axis=-1)
    levels[:60] = (150, 180, 220)
    return (levels + rng.normal(0, noise, levels.shape)).clip(0, 255)


def with_car(levels: np.ndarray, colour: tuple[int, int, int] = (170, 30, 30)) -> np.ndarray:
    picture = levels.copy()
    picture[CAR] = colour
    return picture.round().astype(np.uint8)


def car() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[CAR] = True
    return mask


def beside() -> np.ndarray:
    """A shadow to the lower right of the car."""
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[130:165, 170:260] = True
    return mask & ~car()


def share(part: np.ndarray, whole: np.ndarray) -> float:
    return np.count_nonzero(part & whole) / np.count_nonzero(whole)


@pytest.mark.parametrize("left", [(0.5, 0.5, 0.5), (0.45, 0.5, 0.58), (0.8, 0.8, 0.8)])
def test_a_shadow_beside_a_car_is_found(left: tuple[float, float, float]) -> None:
    levels = ground()
    levels[beside()] *= left
    found = shade_of(with_car(levels), car())
    assert share(found, beside()) > 0.9
    assert share(beside() | near(beside(), 8), found) > 0.75
    assert not found[:60].any(), "never the sky"


def near(mask: np.ndarray, pixels: int) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1,) * 2)) > 0


def test_where_there_is_no_shadow_only_the_ground_under_the_car_is_taken() -> None:
    found = shade_of(with_car(ground()), car())
    assert found[150:152, 135:215].all()
    assert np.count_nonzero(found) < 0.15 * np.count_nonzero(car())


def test_coloured_patches_are_no_shadow() -> None:
    levels = ground()
    levels[beside()] = (40, 90, 30)  # grass
    assert share(shade_of(with_car(levels), car()), beside()) < 0.1


def test_dark_patches_away_from_the_car_are_no_shadow_of_it() -> None:
    levels = ground()
    levels[160:185, 20:80] *= 0.6
    assert not shade_of(with_car(levels), car())[155:190, 10:90].any()


def test_a_field_in_the_dusk_is_no_shadow() -> None:
    levels = ground()
    levels[60:160] *= 0.5  # all around the car, from side to side
    found = shade_of(with_car(levels), car())
    assert np.count_nonzero(found) < np.count_nonzero(car())


def test_a_dark_strip_from_side_to_side_is_no_shadow() -> None:
    levels = ground()
    levels[135:158] *= 0.6
    found = shade_of(with_car(levels), car())
    assert not found[:, :100].any() and not found[:, 250:].any()


def test_people_are_kept() -> None:
    levels, person = ground(), np.zeros((HEIGHT, WIDTH), np.bool_)
    levels[beside()] *= 0.5
    person[120:170, 225:240] = True
    found = shade_of(with_car(levels), car(), person)
    assert not (found & person).any()
    assert share(found, beside() & ~near(person, 3)) > 0.8


def test_the_size_of_the_photo_hardly_matters() -> None:
    levels = ground(0)
    levels[beside()] *= 0.5
    small = shade_of(with_car(levels), car())
    large = shade_of(
        np.kron(with_car(levels), np.ones((4, 4, 1), np.uint8)), np.kron(car(), np.ones((4, 4))) > 0
    )
    overlap = large[::4, ::4] & small
    assert np.count_nonzero(overlap) > 0.85 * np.count_nonzero(large[::4, ::4] | small)


@given(seed=st.integers(0, 2**16), height=st.integers(1, 40), width=st.integers(1, 40))
def test_any_picture_is_taken_and_the_cars_are_left_out(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    cars = rng.random((height, width)) < rng.random()
    found = shade_of(picture, cars)
    assert found.shape == cars.shape and found.dtype == np.bool_
    assert not (found & cars).any()


def test_no_car_no_shadow() -> None:
    assert not shade_of(with_car(ground()), np.zeros((HEIGHT, WIDTH), np.bool_)).any()


@pytest.mark.parametrize("azimuth", [60.0, 135.0, 225.0, 300.0])
def test_rendered_shadows_are_found(azimuth: float) -> None:
    scene = scene_of(Sun(azimuth, 45, 0.1), stand(rendered_car(), 50, 60, 20))
    rendered = render_scene(scene)
    lost = (rendered.noshadow.astype(int) - rendered.shadow).max(axis=2)
    shaded = (lost > 12) & ~rendered.mask
    assert np.count_nonzero(shaded) > 50
    found = shade_of(rendered.shadow, rendered.mask)
    assert share(found, shaded) > 0.8
    assert np.count_nonzero(found & ~near(shaded | rendered.mask, 3)) < 0.3 * found.sum()
