"""Cutouts in scenes: where they stand, what the layers hold, what stays."""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.editing.options import Place, Shadowed
from pipeline.editing.placing import laid_over, merged, place_cutout
from pipeline.editing.shadows import ShadowComposer, light_lost
from pipeline.errors import UsageError
from pipeline.images import RGB, Mask
from pipeline.photos import Photo
from pipeline.photos.colour import to_srgb
from tests.photos.profiles import display_p3


class Maps(NamedTuple):
    occluders: NDArray[np.float32]
    shadows: NDArray[np.float32]


class Sees:
    """An attention network that finds the left half of what it is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[RGB, Mask]] = []

    def maps(self, picture: RGB, inserted: Mask) -> Maps:
        self.seen.append((picture, inserted))
        left = np.zeros(inserted.shape, np.float32)
        left[:, : left.shape[1] // 2] = 0.8
        return Maps(left, 0.9 - left)


class Casts:
    """Takes a share of the light from what lies to the right of the object and a little below it.

    And noise everywhere: one level more or less.
    """

    def __init__(self, share: float = 0.5, brightens: bool = False) -> None:
        self.share, self.brightens = share, brightens
        self.asked: list[tuple[Mask, Mask]] = []

    def cast(self, picture: RGB, inserted: Mask, occluders: Mask, shadows: Mask) -> RGB:
        self.asked.append((occluders, shadows))
        result = picture.astype(float)
        result += np.random.default_rng(0).integers(-1, 2, picture.shape)
        rows, columns = np.nonzero(inserted)
        if len(rows):
            top, bottom = rows.min(), rows.max()
            middle, right = (columns.min() + columns.max()) // 2, columns.max()
            box = np.s_[(top + 2 * bottom) // 3 : bottom + 3, middle : 2 * right - middle]
            result[box] *= 1 - self.share
        if self.brightens:
            result[:, :10] += 60
        return result.clip(0, 255).astype(np.uint8)


def scene(height: int = 120, width: int = 200) -> Photo:
    rng = np.random.default_rng(2)
    return Photo(rng.integers(120, 180, (height, width, 3), dtype=np.uint8), format="JPEG")


def cutout(high: int = 40, wide: int = 20, margin: int = 7) -> Photo:
    """A reddish block with a transparent margin, wider on the left and at the bottom."""
    shape = high + 3 * margin, wide + 3 * margin
    alpha = np.zeros(shape, np.uint8)
    alpha[margin : margin + high, 2 * margin : 2 * margin + wide] = 255
    rgb = np.zeros((*shape, 3), np.uint8)
    rgb[alpha > 0] = (200, 60, 40)
    return Photo(rgb, alpha)


def over(layer: Photo, below: RGB) -> NDArray[np.float64]:
    assert layer.alpha is not None
    share = layer.alpha[..., None] / 255
    return np.asarray(layer.rgb * share + below * (1 - share))


def compose(place: Place, share: float = 0.5, **changes: bool) -> Shadowed:
    return ShadowComposer(Sees(), Casts(share, **changes)).compose(scene(), cutout(), place)


def test_the_visible_bottom_centre_goes_to_the_place() -> None:
    placed = place_cutout(scene(), cutout(), Place(100, 90))
    assert placed.box == (90, 50, 110, 90)
    assert (placed.rgba == (200, 60, 40, 255)).all()


@pytest.mark.parametrize(("scale", "size"), [(0.5, (60, 30)), (0.1, (12, 6)), (1.0, (120, 60))])
def test_the_scale_is_the_height_of_what_is_visible(scale: float, size: tuple[int, int]) -> None:
    _, wide = size
    box = place_cutout(scene(), cutout(), Place(100, 120, scale)).box
    assert (box.bottom - box.top, box.right - box.left) == size
    assert (box.bottom, box.left) == (120, 100 - wide // 2)


def test_specks_do_not_count_as_visible() -> None:
    speckled = cutout()
    assert speckled.alpha is not None
    alpha = speckled.alpha.copy()
    alpha[-1, 0] = 2
    placed = place_cutout(scene(), Photo(speckled.rgb, alpha), Place(100, 90))
    assert placed.box == (90, 50, 110, 90)


@pytest.mark.parametrize("scale", [0.1, 0.2, 0.6])
def test_no_dark_rim_comes_in_from_where_nothing_is(scale: float) -> None:
    slanted = cutout()
    assert slanted.alpha is not None
    rows, columns = np.mgrid[: slanted.shape[0], : slanted.shape[1]]
    alpha = np.where((rows + columns) % 3 > 0, slanted.alpha, 0).astype(np.uint8)
    rgb = np.where(alpha[..., None] > 0, slanted.rgb, 0).astype(np.uint8)
    rgba = place_cutout(scene(), Photo(rgb, alpha), Place(100, 120, scale)).rgba
    seen = rgba[..., 3] > 20
    assert seen.any()
    assert np.abs(rgba[seen][:, :3].astype(int) - (200, 60, 40)).max() <= 5


@pytest.mark.parametrize("place", [(0, 90), (200, 90), (100, 10), (100, 150), (3.4, 125.6)])
def test_partly_outside_is_clipped(place: tuple[float, float]) -> None:
    result = compose(Place(*place))
    assert result.composed.shape == (120, 200)
    assert (result.composed.rgb == (200, 60, 40)).all(axis=2).any()


@pytest.mark.parametrize("place", [(-10, 90), (210, 90), (100, 0), (100, 161), (np.nan, 5)])
def test_wholly_outside_is_refused(place: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="x="):
        compose(Place(*place))


@pytest.mark.parametrize("scale", [0, -1, np.inf, 1e6])
def test_scales_that_make_no_sense_are_refused(scale: float) -> None:
    with pytest.raises(UsageError, match="scale"):
        compose(Place(100, 90, scale))


def test_a_cutout_without_transparency_is_refused() -> None:
    with pytest.raises(UsageError, match="transparency"):
        place_cutout(scene(), Photo(cutout().rgb), Place(100, 90))
    with pytest.raises(UsageError, match="visible"):
        place_cutout(scene(), Photo(cutout().rgb, np.ones((61, 41), np.uint8)), Place(100, 90))


def test_the_shadow_is_where_the_network_casts_it_and_nothing_else_changes() -> None:
    result, before = compose(Place(100, 90)), scene().rgb
    shade = result.shadow.alpha
    assert shade is not None
    assert np.abs(shade[82:88, 114:117].astype(int) - 127).max() < 12
    assert not shade[:60].any() and not shade[:, :70].any() and not shade[:, 140:].any()
    untouched = np.asarray(result.layer.alpha) == 0
    assert untouched.mean() > 0.8
    assert np.array_equal(result.composed.rgb[untouched], before[untouched])
    assert not result.shadow.rgb.any(), "a shadow is black"


def test_no_shadow_falls_on_the_object() -> None:
    result = compose(Place(100, 90))
    assert (result.composed.rgb[50:90, 90:110] == (200, 60, 40)).all()


def test_light_that_the_network_adds_is_no_shadow() -> None:
    assert np.array_equal(
        compose(Place(100, 90), brightens=True).composed.rgb, compose(Place(100, 90)).composed.rgb
    )


def test_a_network_that_casts_nothing_leaves_the_cutout_and_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        result = compose(Place(100, 90), share=0.0)
    assert len(caplog.records) == 1 and "no shadow" in caplog.text
    assert not np.asarray(result.shadow.alpha).any()
    assert (result.composed.rgb[50:90, 90:110] == (200, 60, 40)).all()


def test_the_networks_see_the_pasted_object_and_the_caster_what_was_found() -> None:
    attention, caster = Sees(), Casts()
    ShadowComposer(attention, caster).compose(scene(), cutout(), Place(100, 90))
    (picture, inserted), (occluders, shadows) = attention.seen[0], caster.asked[0]
    assert np.count_nonzero(inserted) == pytest.approx(800 * inserted.size / 24000, rel=0.1)
    assert (picture[inserted] == (200, 60, 40)).all()
    half = inserted.shape[1] // 2
    assert occluders[:, :half].all() and not occluders[:, half:].any()
    assert np.array_equal(shadows, ~occluders)


def test_a_small_object_in_a_large_scene_is_shown_with_its_surroundings() -> None:
    rgb = np.full((2000, 3000, 3), 150, np.uint8)
    attention = Sees()
    result = ShadowComposer(attention, Casts()).compose(Photo(rgb), cutout(), Place(2900, 1990))
    picture, inserted = attention.seen[0]
    assert max(picture.shape) <= 1024
    assert 0.01 < inserted.mean() < 0.3
    assert result.composed.shape == (2000, 3000)
    changed = (result.composed.rgb != rgb).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() > 1900 and columns.min() > 2850


def test_what_is_shown_of_a_large_scene_is_kept_small() -> None:
    rgb, attention = np.full((3000, 4000, 3), 150, np.uint8), Sees()
    place = Place(2000, 2900, 0.8)
    result = ShadowComposer(attention, Casts()).compose(Photo(rgb), cutout(), place)
    assert max(attention.seen[0][0].shape) == 1024
    shade = np.asarray(result.shadow.alpha)
    assert np.abs(shade[2500:2800, 2650:2700].astype(int) - 127).max() < 12


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**16),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    x=st.floats(0, 40),
    y=st.floats(1, 45),
    scale=st.none() | st.floats(0.1, 2),
    share=st.floats(0, 1),
)
def test_the_layer_on_the_scene_is_the_composed_picture(
    seed: int, height: int, width: int, x: float, y: float, scale: float | None, share: float
) -> None:
    rng = np.random.default_rng(seed)
    below = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    rgba = rng.integers(0, 256, (9, 7, 4), dtype=np.uint8)
    rgba[4, 3, 3] = 255
    composer = ShadowComposer(Sees(), Casts(share))
    try:
        result = composer.compose(
            Photo(below), Photo(rgba[..., :3], rgba[..., 3]), Place(x, y, scale)
        )
    except UsageError:
        return
    composed = result.composed.rgb
    assert np.abs(over(result.layer, below) - composed).max() <= 0.5 + 1e-9
    assert np.array_equal(composed[result.layer.alpha == 0], below[result.layer.alpha == 0])


@given(seed=st.integers(0, 2**16))
def test_two_layers_merged_look_like_one_over_the_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lower, upper = rng.integers(0, 256, (2, 8, 8, 4), dtype=np.uint8)
    below = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    twice = laid_over(upper, laid_over(lower, below))
    assert np.abs(laid_over(merged(lower, upper), below).astype(int) - twice).max() <= 2


def test_the_shadow_alone_with_the_cutout_over_it_gives_the_composed_picture() -> None:
    result = compose(Place(100, 90))
    shaded = over(result.shadow, scene().rgb)
    shaded[50:90, 90:110] = (200, 60, 40)
    assert np.abs(shaded - result.composed.rgb).max() <= 1


def test_the_scene_keeps_its_profile_and_the_cutout_is_brought_to_it() -> None:
    wide = Photo(scene().rgb, icc=display_p3(), exif=b"exif", format="JPEG")
    result = ShadowComposer(Sees(), Casts()).compose(wide, cutout(), Place(100, 90))
    assert [photo.icc for photo in result] == [wide.icc] * 3
    assert result.composed.exif == b"exif"
    colours = result.composed.rgb[50:90, 90:110]
    assert np.abs(to_srgb(colours, wide.icc).astype(int) - (200, 60, 40)).max() <= 2
    assert np.abs(colours.astype(int) - (200, 60, 40)).max() > 5, "the same bytes would be redder"


def test_a_cutout_in_the_profile_of_the_scene_keeps_its_bytes() -> None:
    wide = Photo(scene().rgb, icc=display_p3())
    there = Photo(cutout().rgb, cutout().alpha, display_p3())
    assert (place_cutout(wide, there, Place(100, 90)).rgba == (200, 60, 40, 255)).all()


def test_the_networks_see_srgb() -> None:
    wide, attention = Photo(scene().rgb, icc=display_p3()), Sees()
    ShadowComposer(attention, Casts()).compose(wide, cutout(), Place(100, 90))
    picture, inserted = attention.seen[0]
    assert np.abs(picture[inserted].astype(int) - (200, 60, 40)).max() <= 2


@pytest.mark.parametrize("size", [1, 32])
def test_tiny_scenes(size: int) -> None:
    below = Photo(np.full((size, size, 3), 150, np.uint8))
    dot = Photo(np.full((1, 1, 3), 9, np.uint8), np.full((1, 1), 255, np.uint8))
    result = ShadowComposer(Sees(), Casts()).compose(below, dot, Place(size / 2, size))
    assert (result.composed.rgb[-1, (size - 1) // 2 : size // 2 + 1] == 9).all(axis=-1).any()


def test_shadows_away_from_the_foot_of_an_object_are_noise() -> None:
    picture = np.full((100, 100, 3), 160, np.uint8)
    inserted = np.zeros((100, 100), np.bool_)
    inserted[40:70, 40:50] = True
    shaded = picture.copy()
    shaded[65:75, 48:70] = 80
    shaded[10:20, 70:90] = 80
    lost = light_lost(picture, shaded, inserted)
    assert lost[70, 60] == pytest.approx(0.5, abs=0.02)
    assert not lost[:30].any()
