"""What blocks which light: against rays that are followed step by step, and laws of shadows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.rendering.camera import Camera
from pipeline.rendering.shadows import blocked_lights
from pipeline.rendering.solids import Wall, walls_of
from pipeline.rendering.sun import Sun, shadow_of_one_metre, sky_slopes, sun_slopes
from tests.rendering.objects import SIZE, car, post, stand, view

AZIMUTHS = st.floats(0, 360)
ELEVATIONS = st.floats(15, 70)


def followed_rays(wall: Wall, camera: Camera, sun: Sun) -> NDArray[np.bool_]:
    """Whether the ray from each pixel's ground to the sun's centre meets the body."""
    x, z = camera.ground()
    along_x, along_z = (-one for one in shadow_of_one_metre(sun))
    hit = np.zeros(x.shape, bool)
    for up in np.arange(0.25, len(wall.coverage), 0.25) / wall.scale:
        column = np.floor((x + up * along_x - wall.left) * wall.scale).astype(int)
        behind = z + up * along_z - wall.depth - wall.slant * (x + up * along_x)
        within = (column >= 0) & (column < wall.coverage.shape[1])
        covered = wall.coverage[int(up * wall.scale), column.clip(0, wall.coverage.shape[1] - 1)]
        hit |= within & (behind >= 0) & (behind <= wall.thickness) & (covered >= 0.5)
    whole = np.zeros((camera.height, camera.width), bool)
    whole[camera.first_ground_row() :] = hit
    return whole


@settings(max_examples=30)
@given(AZIMUTHS, ELEVATIONS, st.floats(20, 76))
def test_a_hard_shadow_is_where_rays_to_the_sun_meet_the_car(
    azimuth: float, elevation: float, column: float
) -> None:
    camera, sun = view(), Sun(azimuth, elevation, 0.0)
    (wall,) = walls_of(stand(car(), column), camera)
    truth = followed_rays(wall, camera, sun)
    (blocked,) = blocked_lights([[wall]], camera, sun)
    found = blocked.sun >= 0.5
    differing = (found != truth).sum()
    outline = 2 * (np.diff(truth, axis=0).sum() + np.diff(truth, axis=1).sum()) + 8
    assert truth.sum() > 20
    assert differing <= 0.5 * outline


@given(AZIMUTHS, ELEVATIONS, st.floats(0, 1))
@settings(max_examples=20)
def test_what_is_blocked_twice_is_blocked_once(
    azimuth: float, elevation: float, softness: float
) -> None:
    camera, sun = view(), Sun(azimuth, elevation, softness)
    walls = walls_of(stand(car()), camera)
    once, twice = blocked_lights([walls, walls], camera, sun)
    np.testing.assert_array_equal(once.sun, twice.sun)
    np.testing.assert_array_equal(once.sky, twice.sky)
    assert once.sun.min() >= 0
    assert once.sun.max() <= 1


def test_two_cars_block_no_less_than_one_and_no_more_than_the_sum() -> None:
    camera, sun = view(), Sun(80, 25, 0.4)
    one, other = (walls_of(stand(car(), column), camera) for column in (30, 55))
    (alone,), (second,) = (blocked_lights([walls], camera, sun) for walls in (one, other))
    first, both = blocked_lights([one, other], camera, sun)
    np.testing.assert_array_equal(first.sun, alone.sun)
    assert (both.sun >= np.maximum(alone.sun, second.sun) - 1e-6).all()
    assert (both.sun <= alone.sun + second.sun + 1e-6).all()
    assert (both.sun > alone.sun + 0.2).any()


@given(AZIMUTHS)
@settings(max_examples=15)
def test_a_lower_sun_casts_a_longer_shadow(azimuth: float) -> None:
    camera = view(horizon=20.0)
    walls = walls_of(stand(post(), 48, 60, 14), camera, footprint=0.02)
    x, z = camera.ground()
    lengths = []
    for elevation in (65, 45, 30):
        (blocked,) = blocked_lights([walls], camera, Sun(azimuth, elevation, 0.0))
        shaded = blocked.sun[camera.first_ground_row() :] > 0.3
        foot = camera.ground_at(48, 60)
        away = np.hypot(x - foot[0], z - foot[1])
        lengths.append(float(away[shaded].max()))
    assert lengths[0] < lengths[1] < lengths[2]


@pytest.mark.parametrize(
    ("azimuth", "right", "nearer"),
    [(90, False, None), (270, True, None), (0, None, True), (180, None, False)],
)
def test_a_shadow_falls_away_from_the_sun(
    azimuth: float, right: bool | None, nearer: bool | None
) -> None:
    camera = view()
    walls = walls_of(stand(post(), tall=16), camera, footprint=0.05)
    (blocked,) = blocked_lights([walls], camera, Sun(azimuth, 35, 0.0))
    rows, columns = np.nonzero(blocked.sun > 0.5)
    if right is not None:
        assert (np.mean(columns) > 52) == right
        assert (np.mean(columns) < 44) == (not right)
    if nearer is not None:
        assert (np.mean(rows) > 66) == nearer


@given(st.floats(-180, 180), ELEVATIONS, st.floats(0, 1), st.integers(20, 70))
@settings(max_examples=20)
def test_a_mirrored_sun_casts_a_mirrored_shadow(
    azimuth: float, elevation: float, softness: float, column: int
) -> None:
    camera, placed = view(), stand(car(), column)
    left = SIZE - placed.left - placed.alpha.shape[1]
    mirrored = placed._replace(alpha=placed.alpha[:, ::-1].copy(), left=left)
    (one,) = blocked_lights([walls_of(placed, camera)], camera, Sun(azimuth, elevation, softness))
    (other,) = blocked_lights(
        [walls_of(mirrored, camera)], camera, Sun(-azimuth, elevation, softness)
    )
    # Edges may fall on the other side of a pixel's middle, whole areas may not.
    difference = np.abs(one.sun - other.sun[:, ::-1])
    assert difference.mean() < 0.01
    assert np.abs(one.sky - other.sky[:, ::-1]).max() < 0.1


@given(st.floats(-70, 70), ELEVATIONS, st.floats(0, 1))
@settings(max_examples=20)
def test_the_shadow_touches_the_wheels(azimuth: float, elevation: float, softness: float) -> None:
    camera, placed = view(), stand(car())
    (blocked,) = blocked_lights(
        [walls_of(placed, camera)], camera, Sun(azimuth, elevation, softness)
    )
    for wheel in np.flatnonzero(placed.alpha[-1] > 0.9) + placed.left:
        around = np.s_[placed.bottom : placed.bottom + 2, wheel - 1 : wheel + 2]
        assert blocked.sun[around].max() > 0.3
        assert blocked.sky[around].max() > 0.3


def test_the_penumbra_grows_with_the_distance_from_what_casts_it() -> None:
    camera = view(192, 40.0)
    walls = walls_of(stand(post(60, 8), 96, 150, 60), camera, footprint=0.05)
    (blocked,) = blocked_lights([walls], camera, Sun(180, 25, 0.35))

    def half_shade(row: int) -> float:
        shades = blocked.sun[row]
        return float(((shades > 0.05) & (shades < 0.9)).sum() / max(1.0, shades.sum()))

    rows = np.flatnonzero((blocked.sun > 0.3).any(axis=1))
    assert half_shade(int(rows[0]) + 1) > 2 * half_shade(int(rows[-1]) - 6)


def test_nothing_stands_in_the_light_where_nothing_stands() -> None:
    (blocked,) = blocked_lights([[]], view(), Sun(10, 30, 0.5))
    assert not blocked.sun.any()
    assert not blocked.sky.any()


def test_the_ground_under_a_car_sees_little_sky_and_far_away_all_of_it() -> None:
    camera, placed = view(), stand(car())
    (blocked,) = blocked_lights([walls_of(placed, camera)], camera, Sun(180, 60, 0.0))
    under = blocked.sky[placed.bottom - 1, placed.left + placed.alpha.shape[1] // 2]
    assert under > 0.7
    assert blocked.sky[-1, 0] < 0.1


@given(st.floats(-180, 180), st.floats(5, 85), st.floats(0, 1))
def test_the_disc_of_the_sun_is_centred_on_it(
    azimuth: float, elevation: float, softness: float
) -> None:
    sun = Sun(azimuth, elevation, softness)
    x, z = sun_slopes(sun, 32)
    directions = np.stack([x, np.ones_like(x), z]) / np.sqrt(x**2 + 1 + z**2)
    along_x, along_z = shadow_of_one_metre(sun)
    centre = np.array([-along_x, 1, -along_z]) / np.sqrt(along_x**2 + 1 + along_z**2)
    apart = np.degrees(np.arccos(np.clip(centre @ directions, -1, 1)))
    assert apart.max() <= sun.radius * 1.5 + 0.3
    assert apart.mean() == pytest.approx(sun.radius * 2 / 3, rel=0.4, abs=0.05)


def test_the_sky_gives_most_light_from_above_and_as_much_from_either_side() -> None:
    x, z = sky_slopes(48)
    steep = np.degrees(np.arctan(1 / np.hypot(x, z)))
    # Half of the light on level ground comes from above 45 degrees.
    assert np.mean(steep > 45) == pytest.approx(0.5, abs=0.05)
    np.testing.assert_array_equal(np.sort(x), np.sort(-x))
