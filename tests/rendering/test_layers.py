"""The shadow as a layer: without a network, for any scene and cutout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.images import RGB, RGBA
from pipeline.rendering.layers import cast_shadow, layer_between
from pipeline.rendering.sun import Sun
from tests.rendering.objects import car, open_ground, post


def laid_over(layer: RGBA, scene: RGB) -> np.ndarray:
    alpha = layer[..., 3:] / 255
    return layer[..., :3] * alpha + scene * (1 - alpha)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_a_layer_leads_from_any_picture_to_any_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 256, (9, 11, 3)).astype(np.uint8)
    after = np.where(rng.random((9, 11, 1)) < 0.5, before, rng.integers(0, 256, (9, 11, 3)))
    after = after.astype(np.uint8)
    layer = layer_between(before, after)
    assert np.abs(laid_over(layer, before) - after).max() <= 1
    assert not layer[(before == after).all(axis=2)].any()


def test_a_layer_is_as_transparent_as_it_can_be() -> None:
    before = np.full((1, 1, 3), 204, np.uint8)
    red, _, _, alpha = layer_between(before, before // 4 * 3)[0, 0].tolist()
    assert (alpha, red <= 1) == (64, True)  # a quarter darker: a quarter of black


@pytest.mark.parametrize("sun", [None, Sun(30, 30, 0.0), Sun(200, 60, 0.8)])
def test_layers_give_the_composed_picture_and_touch_nothing_else(sun: Sun | None) -> None:
    scene = open_ground(120, 40)[:, :100].copy()
    cast = cast_shadow(scene, car(), 50, 85, 24, sun=sun)
    assert np.abs(laid_over(cast.layer, scene) - cast.composed).max() <= 1
    untouched = cast.layer[..., 3] == 0
    assert 0.4 < untouched.mean() < 0.97
    np.testing.assert_array_equal(cast.composed[untouched], scene[untouched])
    shadow = laid_over(cast.shadow, scene)
    assert (shadow <= scene + 1).all()
    assert (shadow < scene - 20).sum() > 100
    np.testing.assert_array_equal(cast.layer[76, 40:60], [(180, 60, 40, 255)] * 20)


def test_the_cutout_stands_where_it_is_asked_to() -> None:
    scene = open_ground(120, 40)
    framed = np.pad(car(), ((4, 9), (6, 6), (0, 0)))
    composed = cast_shadow(scene, framed, 60, 90, 30).composed
    red = (composed.astype(int)[..., 0] - composed[..., 2]) > 80
    rows, columns = np.nonzero(red)
    assert (rows.max(), rows.max() - rows.min() + 1) == (90, 30)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(60, abs=1)


def test_a_person_casts_a_thin_shadow_and_one_who_is_above_the_horizon_a_shadow_too() -> None:
    scene = open_ground(120, 40)
    cast = cast_shadow(scene, post(), 60, 100, 40, metres=1.75, footprint=0.05)
    wide = cast_shadow(scene, post(), 60, 100, 40)
    assert (cast.shadow[..., 3] > 30).sum() < (wide.shadow[..., 3] > 30).sum()
    high = cast_shadow(scene, car(), 60, 30, 20)
    assert (high.shadow[..., 3] > 0).any()


def test_an_empty_cutout_is_refused() -> None:
    with pytest.raises(ValueError, match="no opaque pixel"):
        cast_shadow(open_ground(), np.zeros((9, 9, 4), np.uint8), 5, 60, 9)
