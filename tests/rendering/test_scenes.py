"""Quintuples: what differs, what does not, and what hides what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.rendering.light import to_linear, to_srgb
from pipeline.rendering.scenes import Quintuple, render_scene, visible_parts
from pipeline.rendering.shadows import blocked_lights
from pipeline.rendering.solids import walls_of
from pipeline.rendering.sun import Sun
from tests.rendering.objects import HORIZON, car, open_ground, scene_of, stand, view

SUNS = st.builds(Sun, st.floats(0, 360), st.floats(15, 70), st.floats(0, 1))


def darkened(quintuple: Quintuple) -> NDArray[np.int_]:
    return np.asarray((quintuple.noshadow.astype(int) - quintuple.shadow).max(axis=2))


@settings(max_examples=25)
@given(SUNS, st.floats(25, 70), st.floats(58, 85), st.floats(12, 26))
def test_the_two_pictures_differ_in_the_shadow_alone_and_it_never_brightens(
    sun: Sun, column: float, row: float, tall: float
) -> None:
    scene = scene_of(sun, stand(car(), column, row, tall), stand(car(), 10, 50, 9))
    quintuple = render_scene(scene)
    difference = quintuple.shadow.astype(int) - quintuple.noshadow
    assert difference.max() <= 1
    there, added = walls_of(scene.occluders[0], view()), walls_of(scene.inserted, view())
    before, after = blocked_lights([there, added], view(), sun)
    support = (after.sun > before.sun) | (after.sky > before.sky)
    assert not difference[~support].any()
    assert not difference[: int(HORIZON)].any()


@settings(max_examples=15)
@given(SUNS)
def test_the_shadow_does_not_fall_on_the_object_itself(sun: Sun) -> None:
    scene = scene_of(sun, stand(car(80, 180), tall=20))
    quintuple = render_scene(scene)
    placed = scene.inserted
    inside = np.zeros(quintuple.mask.shape, bool)
    rows, columns = np.nonzero(placed.alpha == 1)
    inside[rows + placed.top, columns + placed.left] = True
    assert inside.sum() > 300
    assert (quintuple.mask >= inside).all()
    assert not darkened(quintuple)[inside].any()


def test_masks_show_what_is_seen_of_each() -> None:
    sun = Sun(30, 35, 0.1)
    behind, before = stand(car(), 55, 60, 18), stand(car(), 40, 80, 24)
    far = render_scene(scene_of(sun, behind, before))
    near = render_scene(scene_of(sun, before, behind))
    for one in (far, near):
        assert not (one.mask & one.robject).any()
        assert not (one.rshadow & (one.mask | one.robject)).any()
        assert one.rshadow.any()
    np.testing.assert_array_equal(far.mask, near.robject)
    np.testing.assert_array_equal(far.robject, near.mask)
    assert far.mask.sum() < render_scene(scene_of(sun, behind)).mask.sum()


def test_a_pixel_that_shows_half_of_each_belongs_to_the_inserted_object() -> None:
    glass = stand(car())
    scene = scene_of(
        Sun(30, 35, 0.1), glass._replace(alpha=glass.alpha * np.float32(0.5)), stand(car(), row=65)
    )
    quintuple = render_scene(scene)
    assert quintuple.mask.sum() > 200
    assert not (quintuple.mask & quintuple.robject).any()


def test_the_shadow_of_an_occluder_is_in_both_pictures_and_in_its_mask() -> None:
    sun = Sun(60, 30, 0.0)
    alone = render_scene(scene_of(sun, stand(car(), 20, 60, 12)))
    both = render_scene(scene_of(sun, stand(car(), 20, 60, 12), stand(car(), 70, 75, 20)))
    lost = (alone.noshadow.astype(int) - both.noshadow).max(axis=2)
    ground = ~both.mask & ~both.robject
    assert (lost[both.rshadow & ground] > 25).all()
    kept = darkened(both)[both.rshadow]  # the other car stands too far away to matter
    assert kept.max() <= 1


def test_one_shadow_on_another_does_not_darken_it_twice() -> None:
    sun = Sun(90, 20, 0.0)
    right, left = stand(car(), 70, 70, 18), stand(car(), 38, 70, 18)
    both = render_scene(scene_of(sun, left, right))
    one = render_scene(scene_of(sun, left))
    umbra = darkened(one) > 60
    deep = both.rshadow & umbra
    assert deep.sum() > 10
    assert np.percentile(darkened(both)[deep], 80) < 0.4 * np.percentile(darkened(one)[deep], 80)


def test_an_overcast_sky_leaves_little_but_the_shadow_of_contact() -> None:
    placed = stand(car())
    clear, covered = (render_scene(scene_of(Sun(0, 35, soft), placed)) for soft in (0.0, 1.0))
    assert darkened(covered).sum() < 0.55 * darkened(clear).sum()
    under = np.s_[placed.bottom - 1, placed.left + placed.alpha.shape[1] // 2]
    assert darkened(covered)[under] > 40


def test_shade_on_grey_ground_has_the_colour_of_the_sky() -> None:
    quintuple = render_scene(scene_of(Sun(0, 30, 0.0), stand(car())))
    shade = quintuple.shadow[darkened(quintuple) > 50].mean(axis=0)
    assert shade[2] > shade[0] + 1
    assert shade[2] < shade[0] * 1.5


def test_a_mirrored_scene_gives_mirrored_pictures() -> None:
    placed = stand(car(), 40)
    sun = Sun(50, 30, 0.2)
    picture = open_ground()
    left = picture.shape[1] - placed.left - placed.alpha.shape[1]
    mirrored = placed._replace(
        alpha=placed.alpha[:, ::-1].copy(), colours=placed.colours[:, ::-1].copy(), left=left
    )
    scene = scene_of(sun, placed)
    other = scene._replace(
        background=picture[:, ::-1].copy(), sun=sun._replace(azimuth=-50), inserted=mirrored
    )
    one, two = render_scene(scene), render_scene(other)
    difference = np.abs(one.shadow.astype(int) - two.shadow[:, ::-1])
    assert difference.mean() < 0.3
    np.testing.assert_array_equal(one.mask, two.mask[:, ::-1])


def test_what_stands_outside_the_picture_still_casts_a_shadow_into_it() -> None:
    outside = stand(car(), -22, 66, 20)
    assert outside.left + outside.alpha.shape[1] <= 1
    quintuple = render_scene(scene_of(Sun(270, 20, 0.0), outside))
    assert (darkened(quintuple) > 20).sum() > 20


def test_linear_light_and_back_is_the_same_picture() -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    np.testing.assert_array_equal(to_srgb(to_linear(levels)), levels)
    assert to_linear(np.array(188, np.uint8)) == pytest.approx(0.5, abs=0.01)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=5))
def test_visible_parts_and_the_ground_share_a_pixel(alphas: list[float]) -> None:
    parts = visible_parts([np.full((1, 1), alpha, np.float32) for alpha in alphas])
    ground = np.prod([1 - alpha for alpha in alphas])
    assert float(np.sum(parts)) + ground == pytest.approx(1, abs=1e-5)
    assert parts[-1][0, 0] == np.float32(alphas[-1])
