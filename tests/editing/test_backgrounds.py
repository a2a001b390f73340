"""Backgrounds: what words mean, whose profile, nothing bleeds, no pixel is off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.editing.backgrounds import (
    background_for,
    blurred_ground,
    covering,
    laid_over,
    parse_background,
)
from pipeline.errors import BadPicture, UsageError
from pipeline.photos import Photo
from tests.editing.known import GREEN, linear_profile, mixture, ring

ALPHA = np.rint(ring(120, 160, 40, soft=4) * 255).astype(np.uint8)
PHOTO = Photo(mixture(ring(120, 160, 40, soft=4)).picture)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("none", "none"),
        ("Blur", "blur"),
        ("white", (255, 255, 255)),
        ("rebeccapurple", (102, 51, 153)),
        ("#10aF03", (16, 175, 3)),
        ("#f00", (255, 0, 0)),
    ],
)
def test_words_and_colours(text: str, meaning: object) -> None:
    assert parse_background(text) == meaning


@pytest.mark.parametrize("text", ["#12", "#gggggg", "#11223344", "mauvish", "", "no/such.png"])
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match="background") as caught:
        parse_background(text)
    assert "\n" not in str(caught.value)


def test_a_file_is_a_picture_or_an_error_that_names_it(tmp_path: Path) -> None:
    Image.fromarray(PHOTO.rgb).save(tmp_path / "beach.png")
    (tmp_path / "page.jpg").write_text("<html>")
    read = parse_background(str(tmp_path / "beach.png"))
    assert isinstance(read, Photo) and np.array_equal(read.rgb, PHOTO.rgb)
    with pytest.raises(BadPicture, match=r"page\.jpg"):
        parse_background(str(tmp_path / "page.jpg"))


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_alpha_over_is_exact_to_half_a_level(front: int, share: int, back: int) -> None:
    pixels = [np.full((1, 1, 3), level, np.uint8) for level in (front, back)]
    mixed = laid_over(pixels[0], np.array([[share]], np.uint8), pixels[1])
    assert abs(int(mixed[0, 0, 0]) - (front * share + back * (255 - share)) / 255) <= 0.5


def test_a_colour_is_meant_in_srgb_whatever_the_profile() -> None:
    assert (background_for(PHOTO, ALPHA, (250, 20, 30)) == (250, 20, 30)).all()
    other = Photo(PHOTO.rgb, icc=linear_profile())
    ground = background_for(other, ALPHA, (188, 188, 188))
    assert ground is not None
    assert np.abs(ground.astype(int) - 128).max() <= 2  # half the light
    white = background_for(other, ALPHA, (255, 255, 255))
    assert white is not None and (white == 255).all()


def test_a_picture_covers_and_takes_the_profile_of_the_photo() -> None:
    stripes = np.zeros((50, 400, 3), np.uint8)
    stripes[:, 150:250] = 188
    behind = background_for(Photo(PHOTO.rgb, icc=linear_profile()), ALPHA, Photo(stripes))
    assert behind is not None and behind.shape == PHOTO.rgb.shape
    assert np.abs(behind.astype(int) - 128).max() <= 2  # only the middle is seen


def test_of_a_transparent_picture_white_is_seen() -> None:
    clear = Photo(np.zeros((10, 10, 3), np.uint8), np.zeros((10, 10), np.uint8))
    behind = background_for(PHOTO, ALPHA, clear)
    assert behind is not None and (behind == 255).all()


@pytest.mark.parametrize("shape", [(40, 300), (300, 40), (7, 7), (1, 1), (120, 160)])
def test_covering_keeps_proportions_and_the_middle(shape: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    picture = np.dstack([rows, columns, rows]).astype(np.uint8)
    covered = covering(picture, 120, 160)
    assert covered.shape == (120, 160, 3)
    middle = covered[59:61, 79:81].reshape(-1, 3).mean(axis=0)
    assert np.abs(middle[:2] - (np.array(shape) - 1) / 2).max() <= 1
    if shape == (120, 160):
        assert np.array_equal(covered, picture)


def test_the_blurred_ground_holds_nothing_of_who_stands_before_it() -> None:
    ground = blurred_ground(PHOTO.rgb, 255 - ALPHA)
    beside = (ALPHA < 128) & (ring(120, 160, 60) > 0)
    assert np.abs(ground[beside] - GREEN).max() < 20
    assert np.abs(ground[60, 80] - GREEN).max() < 20  # behind the middle, where nothing is known


def test_the_blur_is_the_same_share_of_any_size() -> None:
    widths = []
    for side in (200, 1600):
        step = np.zeros((side, side, 3), np.uint8)
        step[:, side // 2 :] = 200
        line = blurred_ground(step, np.full((side, side), 255, np.uint8))[side // 2, :, 0]
        widths.append(((line > 20) & (line < 180)).mean())
    assert widths[0] == pytest.approx(widths[1], rel=0.15)
    assert widths[0] > 0.02
