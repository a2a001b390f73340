"""What is written is read again as it was: exactly where the format can, closely in JPEG."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from pipeline.errors import UsageError
from pipeline.photos import (
    FORMATS,
    MEDIA_TYPES,
    SUFFIXES,
    Photo,
    encode_photo,
    format_of,
    over_white,
    read_photo,
)
from tests.photos import kinds, profiles

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@st.composite
def photos(draw: st.DrawFn) -> Photo:
    """Any colours, any transparency, with or without notes."""
    height, width = draw(SHAPES)
    rgb = draw(arrays.arrays(np.uint8, (height, width, 3)))
    alpha = draw(st.none() | arrays.arrays(np.uint8, (height, width)))
    icc = draw(st.sampled_from([None, profiles.display_p3(), profiles.adobe_rgb()]))
    exif = draw(st.sampled_from([None, kinds.exif().tobytes()]))
    return Photo(rgb, alpha, icc, exif)


@pytest.mark.parametrize("wanted", ["png", "webp"])
@given(photo=photos())
def test_lossless_formats_give_the_same_bits_back(wanted: str, photo: Photo) -> None:
    again = read_photo(encode_photo(photo, wanted))  # type: ignore[arg-type]
    np.testing.assert_array_equal(again.rgb, photo.rgb)
    opaque = np.full(photo.shape, 255, np.uint8)
    np.testing.assert_array_equal(
        opaque if again.alpha is None else again.alpha,
        opaque if photo.alpha is None else photo.alpha,
    )
    assert (again.icc, again.exif) == (photo.icc, photo.exif)
    assert again.format == wanted.upper()


@given(photo=photos())
def test_jpeg_keeps_the_notes_and_lays_transparency_over_white(photo: Photo) -> None:
    again = read_photo(encode_photo(photo, "jpeg", 100))
    share = 1 if photo.alpha is None else photo.alpha[..., None] / 255
    white = np.rint(photo.rgb * share + 255 * (1 - share))
    assert np.abs(over_white(photo) - white).max() == 0
    assert again.alpha is None
    assert np.abs(again.rgb - white).max() <= 8
    assert (again.icc, again.exif) == (photo.icc, photo.exif)


def test_jpeg_is_sharp_in_its_colours_unless_asked_otherwise() -> None:
    """Red beside blue: chroma at half the size would mix them."""
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2, 0], stripes[:, 1::2, 2] = 255, 255
    again = read_photo(encode_photo(Photo(stripes), "jpeg"))
    assert np.abs(again.rgb.astype(int) - stripes).max() < 60
    with Image.open(io.BytesIO(encode_photo(Photo(stripes), "jpeg"))) as image:
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("wanted", ["jpeg", "webp"])
def test_less_quality_is_a_smaller_and_worse_file(wanted: str) -> None:
    rng = np.random.default_rng(0)
    photo = Photo(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8), kinds.alpha(64, 64))
    sizes, errors = [], []
    for quality in (5, 50, 95):
        content = encode_photo(photo, wanted, quality)  # type: ignore[arg-type]
        sizes.append(len(content))
        again, seen = read_photo(content), kinds.alpha(64, 64) == 255
        errors.append(np.abs(again.rgb.astype(int) - photo.rgb)[seen].mean())
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)
    assert (read_photo(content).alpha is None) == (wanted == "jpeg")


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_a_quality_beyond_the_scale_is_refused(quality: int) -> None:
    with pytest.raises(UsageError, match=r"1 \(small\) to 100"):
        encode_photo(Photo(kinds.scene()), "jpeg", quality)


def test_sizes_that_a_format_cannot_hold_are_refused() -> None:
    with pytest.raises(UsageError, match="webp holds 16383 pixels at most"):
        encode_photo(Photo(np.zeros((1, 16384, 3), np.uint8)), "webp")
    with pytest.raises(UsageError, match="jpeg holds 65500 pixels at most"):
        encode_photo(Photo(np.zeros((65501, 1, 3), np.uint8)), "jpeg")
    widest = Photo(np.zeros((1, 16383, 3), np.uint8))
    assert read_photo(encode_photo(widest, "webp")).shape == (1, 16383)


def test_notes_that_do_not_fit_into_a_jpeg_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    notes = kinds.exif(make="x" * 70_000).tobytes()
    photo = Photo(kinds.scene(), exif=notes)
    assert read_photo(encode_photo(photo, "jpeg")).exif is None
    assert "does not fit into a JPEG" in caplog.text
    assert read_photo(encode_photo(photo, "png")).exif == notes
    longest = Photo(kinds.scene(), exif=kinds.exif(make="x" * 65_300).tobytes())
    assert read_photo(encode_photo(longest, "jpeg")).exif == longest.exif


def test_writing_changes_nothing() -> None:
    photo = Photo(kinds.scene().copy(), kinds.alpha().copy())
    for wanted in FORMATS:
        encode_photo(photo, wanted)
    np.testing.assert_array_equal(photo.rgb, kinds.scene())
    np.testing.assert_array_equal(photo.alpha, kinds.alpha())


def test_a_view_into_a_larger_picture_is_written() -> None:
    part = Photo(kinds.scene()[8:40, 10:50], kinds.alpha()[8:40, 10:50])
    for wanted in FORMATS:
        assert read_photo(encode_photo(part, wanted)).shape == (32, 40)


@pytest.mark.parametrize(
    ("suffix", "wanted"),
    [(".png", "png"), ("png", "png"), (".JPG", "jpeg"), (".jpeg", "jpeg"), ("webp", "webp")],
)
def test_a_suffix_names_its_format(suffix: str, wanted: str) -> None:
    assert format_of(suffix) == wanted


@pytest.mark.parametrize("suffix", [".gif", "tiff", ".", "", ".jpg.txt"])
def test_a_suffix_that_is_not_written_names_those_that_are(suffix: str) -> None:
    with pytest.raises(UsageError, match=r"take \.png, \.webp, \.jpg, \.jpeg"):
        format_of(suffix)


def test_every_format_has_a_suffix_and_a_media_type() -> None:
    assert set(SUFFIXES.values()) == set(MEDIA_TYPES) == set(FORMATS)
