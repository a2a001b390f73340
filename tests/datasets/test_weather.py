"""Weather: pure, of the same effect on what two pictures share, and to be seen."""

from __future__ import annotations

from typing import Any

import cv2
import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.datasets.pairs.weather.effects import WEATHERS, Effects, draw_effects
from pipeline.datasets.pairs.weather.film import CLEAR, Film, Pane, film_between
from tests.datasets.small_pairs import CALM, noise, settings

HEIGHT, WIDTH = 96, 144
GREY = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
weather_by_weather = pytest.mark.parametrize("name", WEATHERS)


def film(name: str, seed: int, **changes: Any) -> Film:
    how = settings({f"weather.{name}.{key}": value for key, value in changes.items()})
    drawn = WEATHERS[name].draw(np.random.default_rng(seed), getattr(how.weather, name))
    return drawn.film(HEIGHT, WIDTH)


def films(name: str, **changes: Any) -> list[Film]:
    return [film(name, seed, **changes) for seed in range(12)]


def brightness(picture: NDArray[np.uint8]) -> float:
    return float(picture.mean())


@weather_by_weather
@hypothesis.settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000), row=st.integers(0, HEIGHT - 1), column=st.integers(0, WIDTH - 1)
)
def test_a_pixel_reaches_no_farther_than_the_radius(
    name: str, seed: int, row: int, column: int
) -> None:
    """The law that pairs stand on: two pictures that differ in a pixel differ around it alone."""
    over = film(name, seed)
    one = noise(np.random.default_rng(seed), HEIGHT, WIDTH)
    other = one.copy()
    other[row, column] = 255 - other[row, column]
    differ = (over.over(one) != over.over(other)).any(axis=2)
    near = np.zeros((HEIGHT, WIDTH), bool)
    reach = over.radius
    near[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = True
    assert not differ[~near].any()


@weather_by_weather
def test_a_draw_is_made_of_its_seed_alone_and_leaves_the_picture_as_it_is(name: str) -> None:
    picture = noise(np.random.default_rng(0), HEIGHT, WIDTH)
    before = picture.copy()
    first, again, another = (film(name, seed).over(picture) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != another).any()
    np.testing.assert_array_equal(picture, before)
    assert (first.shape, first.dtype) == (picture.shape, np.uint8)


@weather_by_weather
def test_every_draw_can_be_seen(name: str) -> None:
    picture = noise(np.random.default_rng(0), HEIGHT, WIDTH)
    for one in films(name):
        changed = np.abs(one.over(picture).astype(int) - picture).max(axis=2)
        assert (changed > 12).mean() > 0.02


@weather_by_weather
def test_a_film_has_the_size_that_is_asked_for_odd_ones_too(name: str) -> None:
    how = getattr(settings().weather, name)
    drawn = WEATHERS[name].draw(np.random.default_rng(3), how)
    for size in ((1, 1), (7, 5), (33, 50)):
        made = drawn.film(*size)
        assert made.gain.shape == made.light.shape == (*size, 3)
        assert made.gain.dtype == made.light.dtype == np.uint8


def test_rain_dims_the_scene_and_draws_bright_upright_streaks() -> None:
    for one in films("rain", blur=0):
        seen = one.over(GREY)
        streaks = seen.max(axis=2) > np.median(seen) + 40
        assert np.median(one.gain) < 250
        assert 0.003 < streaks.mean() < 0.2
        vertical = (streaks[1:] & streaks[:-1]).sum()
        assert vertical > 1.5 * (streaks[:, 1:] & streaks[:, :-1]).sum()


def test_longer_drops_are_longer_streaks() -> None:
    def longest(length: float) -> float:
        light = np.mean([film("rain", s, drop_length=length).light for s in range(6)], axis=(0, 3))
        column = light - light.mean()
        lagged = (column[8:] * column[:-8]).mean() / (column**2).mean()
        return float(lagged)

    assert longest(20) > longest(4) + 0.1


def test_the_sun_stands_in_the_upper_half_and_takes_no_light_away() -> None:
    for one in films("sun_flare"):
        seen = one.over(GREY)
        assert (seen >= GREY - 1).all()
        brightest = np.argwhere(seen.min(axis=2) > 220)
        assert len(brightest)
        assert brightest[:, 0].mean() < HEIGHT * 0.6


def test_a_larger_glow_is_brighter() -> None:
    small, large = (
        np.mean([brightness(one.over(GREY)) for one in films("sun_flare", radius=radius)])
        for radius in (12.0, 40.0)
    )
    assert large > small + 5


def test_a_shadow_darkens_a_part_of_the_lower_half_and_nothing_else() -> None:
    for one in films("shadow", intensity=0.5):
        seen = one.over(GREY)
        assert (seen <= GREY).all()
        np.testing.assert_array_equal(seen[: HEIGHT // 2 - 9], GREY[: HEIGHT // 2 - 9])
        lower = seen[HEIGHT // 2 :].mean(axis=2)
        assert 0.03 < (lower < 90).mean() < 0.97
        assert 110 * 0.35 < lower.min() < 110 * 0.65


def test_a_shadow_is_bluer_than_what_it_falls_on() -> None:
    for one in films("shadow"):
        red, _, blue = one.over(GREY).reshape(-1, 3).mean(axis=0)
        assert blue > red


def test_fog_takes_contrast_most_at_the_horizon_least_at_the_feet() -> None:
    stripes = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    stripes[:, ::2] = 200
    contrast = np.mean([one.over(stripes).std(axis=(1, 2)) for one in films("fog", blur=0)], axis=0)
    middle, bottom, top = contrast[34:44].mean(), contrast[-8:].mean(), contrast[:8].mean()
    assert middle < 0.75 * bottom
    assert middle < top < bottom


def test_the_density_of_fog_is_the_share_of_the_scene_it_hides() -> None:
    for density in (0.2, 0.5, 0.8):
        hidden = (
            1 - np.mean([f.gain for f in films("fog", thinnest=density, thickest=density)]) / 255
        )
        assert hidden == pytest.approx(density, abs=0.08)


def test_a_film_between_two_panes_is_the_first_at_0_and_the_second_at_255() -> None:
    share = np.array([[0, 255]], np.uint8)
    made = film_between(CLEAR, Pane((0, 0.2, 1), (10, 20, 255)), share)
    assert made.gain.tolist() == [[[255, 255, 255], [0, 51, 255]]]
    assert made.light.tolist() == [[[0, 0, 0], [10, 20, 255]]]


def effects(how: dict[str, Any], count: int = 400) -> list[Effects]:
    section = settings(how)
    return [draw_effects(np.random.default_rng(seed), section) for seed in range(count)]


def test_each_weather_is_drawn_as_often_as_another_and_comes_with_its_probability() -> None:
    drawn = effects({f"weather.{name}.p": 0.8 for name in WEATHERS}, 1000)
    shares = {name: np.mean([one.name == name for one in drawn]) for name in (*WEATHERS, "none")}
    assert shares == pytest.approx(dict.fromkeys(shares, 0.2), abs=0.045)
    assert all((one.film is None) == (one.name == "none") for one in drawn)


def test_a_weather_of_probability_0_never_comes() -> None:
    names = {one.name for one in effects({"weather.fog.p": 0.0, "weather.rain.p": 1.0})}
    assert names == {"rain", "sun_flare", "shadow", "none"}


def test_the_shift_is_drawn_by_channel_within_its_limit_and_saturates() -> None:
    drawn = effects({**CALM, "rgb_shift.p": 1.0, "rgb_shift.limit": 20})
    shifts = np.array([one.shift for one in drawn])
    assert (shifts.min(), shifts.max()) == (-20, 20)
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.15
    picture = noise(np.random.default_rng(0), 4, 6)
    for one in drawn[:20]:
        expected = np.clip(picture.astype(int) + one.shift, 0, 255)
        np.testing.assert_array_equal(one.apply(picture), expected)


def test_the_blur_is_the_mean_of_a_square_of_the_drawn_radius() -> None:
    drawn = effects({**CALM, "blur.p": 0.5, "blur.most": 2})
    radii = np.array([one.blur for one in drawn])
    assert set(radii) == {0, 1, 2}
    assert (radii > 0).mean() == pytest.approx(0.5, abs=0.08)
    picture = noise(np.random.default_rng(0), 9, 9)
    one = next(one for one in drawn if one.radius == 2)
    assert (
        abs(one.apply(picture)[4, 4].astype(float) - picture[2:7, 2:7].mean(axis=(0, 1))).max() < 1
    )


def test_the_name_of_what_was_done_tells_all_of_it() -> None:
    said = {str(one) for one in effects({"rgb_shift.p": 0.5, "blur.p": 0.5})}
    assert any(text.startswith("fog, colours ") and "blur of radius 2" in text for text in said)
    assert "none" in said


def test_one_thread_or_two_the_same_bytes() -> None:
    picture, threads = noise(np.random.default_rng(0), HEIGHT, WIDTH), cv2.getNumThreads()
    try:
        seen = []
        for count in (1, 2):
            cv2.setNumThreads(count)
            seen.append(np.stack([film(name, 5).over(picture) for name in WEATHERS]))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(*seen)
