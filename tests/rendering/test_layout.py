"""Finding the ground, reading the light, and drawing scenes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.images import RGB
from pipeline.rendering.ground import find_ground, horizon_rows
from pipeline.rendering.layout import Layout, Unfit, crop_square, lay_out, shadow_inside
from pipeline.rendering.places import Style
from pipeline.rendering.shade import estimate_clearness, estimate_lights
from pipeline.rendering.solids import walls_of
from pipeline.rendering.sun import Sun
from tests.rendering.objects import car, open_ground, stand, view

STYLE = Style(
    size=96, horizon=(0.25, 0.6), eye=(1.8, 3.0), elevation=(20, 50), azimuth=(0, 360),
    coverage=(0.03, 0.12), occluders=(1, 2), max_roughness=10, min_inside=0.8,
)  # fmt: skip


def landscape(size: int = 96, horizon: int = 38) -> RGB:
    return open_ground(size, horizon)


def facade(size: int = 96) -> RGB:
    picture = np.full((size, size, 3), (170, 90, 70), np.uint8)
    for row in range(4, size, 16):
        for column in range(4, size, 14):
            picture[row : row + 9, column : column + 7] = (40, 50, 70)
    return picture


def drawn(seed: int, style: Style = STYLE, background: RGB | None = None) -> Layout | Unfit:
    cutouts = [car(), car(50, 70), car(30, 80)]
    picture = landscape() if background is None else background
    return lay_out(picture, cutouts, style, np.random.default_rng(seed))


@pytest.mark.parametrize("horizon", [30, 45, 60])
def test_the_ground_ends_where_the_sky_begins(horizon: int) -> None:
    ground = find_ground(landscape(horizon=horizon))
    assert ground.top == pytest.approx(horizon, abs=3)
    assert ground.mask[horizon + 4 :].mean() > 0.98
    assert ground.mask[: horizon - 4].mean() < 0.02
    upper, lower = horizon_rows(ground, 0.1, 0.9)
    assert upper < horizon + 3
    assert lower == ground.top


def test_a_facade_is_rougher_than_a_field() -> None:
    assert find_ground(facade()).roughness > 2 * find_ground(landscape()).roughness
    assert drawn(0, background=facade()) == Unfit("the ground is too rough")


def test_a_blue_sky_and_bright_ground_look_clear_and_a_grey_dark_picture_does_not() -> None:
    grey = np.full((96, 96, 3), 60, np.uint8)
    clear, dull = estimate_clearness(landscape(), 38), estimate_clearness(grey, 38)
    assert 0 <= dull < clear - 0.3 <= 0.7


def test_haze_takes_strength_from_the_sun_and_its_sky_is_bluish() -> None:
    lights = [estimate_lights(landscape(), 38, softness) for softness in (0.0, 0.5, 1.0)]
    assert lights[0].strength > lights[1].strength + 0.1 > lights[2].strength + 0.2
    assert all((one.sky > 0).all() and (one.sky < 1).all() for one in lights)
    assert lights[0].sky[2] > lights[0].sky[0]


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_what_is_laid_out_obeys_the_style(seed: int) -> None:
    found = drawn(seed)
    if isinstance(found, Unfit):
        return
    scene = found.scene
    assert 0.25 * 96 <= scene.camera.horizon <= 0.6 * 96
    assert 1.8 <= scene.camera.eye <= 3
    assert 20 <= scene.sun.elevation <= 50
    assert 1 <= len(scene.occluders) == len(found.occluders) <= 2
    assert 0.02 < scene.inserted.alpha.sum() / 96**2 < 0.14
    assert scene.inserted.left >= 0
    assert scene.inserted.left + scene.inserted.alpha.shape[1] <= 96
    walls = walls_of(scene.inserted, scene.camera)
    assert shadow_inside(walls, scene.camera, scene.sun) >= 0.8
    for one in (scene.inserted, *scene.occluders):
        assert scene.camera.horizon < one.bottom < 96
        # 1.35 to 1.65 m tall, where the camera says it stands
        metres = one.alpha.shape[0] / scene.camera.pixels_per_metre(one.bottom)
        assert 1.25 < metres < 1.75


def test_many_draws_fit_and_the_same_seed_gives_the_same_scene() -> None:
    fit = [seed for seed in range(30) if isinstance(drawn(seed), Layout)]
    assert len(fit) > 8
    one, other = drawn(fit[0]), drawn(fit[0])
    assert isinstance(one, Layout)
    assert isinstance(other, Layout)
    assert one.scene.sun == other.scene.sun
    np.testing.assert_array_equal(one.scene.inserted.alpha, other.scene.inserted.alpha)


def test_an_impossible_style_is_refused_with_the_reason() -> None:
    huge = drawn(1, STYLE._replace(coverage=(0.49, 0.5)))
    assert huge == Unfit("no place for the inserted car")
    many = drawn(1, STYLE._replace(occluders=(3, 3)))
    assert many in (Unfit("no place for an occluder"), Unfit("no place for the inserted car"))
    low = [drawn(seed, STYLE._replace(elevation=(5.0, 5.0), min_inside=1.0)) for seed in range(20)]
    assert Unfit("the shadow falls outside the picture") in low


def test_a_shadow_towards_the_edge_is_told_to_leave_the_picture() -> None:
    walls = walls_of(stand(car(), 70), view())
    assert shadow_inside(walls, view(), Sun(270, 12, 0)) < 0.5
    assert shadow_inside(walls, view(), Sun(90, 45, 0)) > 0.95


@given(st.integers(20, 60), st.integers(20, 60), st.integers(0, 99))
@settings(max_examples=20)
def test_a_crop_is_a_square_that_keeps_the_lower_part(height: int, width: int, seed: int) -> None:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[-height // 4 :] = 200
    square = crop_square(picture, 32, np.random.default_rng(seed))
    assert square.shape == (32, 32, 3)
    assert square[-1].mean() > 150
