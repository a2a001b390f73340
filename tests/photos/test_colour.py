"""Profiles are kept where they describe the pixels, and used where these are converted."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pipeline.photos import FORMATS, Photo, encode_photo, read_photo, to_srgb
from pipeline.photos.colour import MAX_PROFILE
from tests.photos import kinds, profiles

SCENE = kinds.scene().astype(int)
P3 = profiles.display_p3()

_TO_XYZ = {
    "p3": [[0.48657, 0.26567, 0.19822], [0.22897, 0.69174, 0.07929], [0.0, 0.04511, 1.04394]],
    "srgb": [[0.41239, 0.35758, 0.18048], [0.21264, 0.71517, 0.07219], [0.01933, 0.11919, 0.95053]],
}
"""Of linear colours at D65, from the primaries in SMPTE EG 432-1 and IEC 61966-2-1."""


def p3_in_srgb(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """By the book, without a colour engine: 0 to 255, cut to what sRGB can show."""
    levels = rgb / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    matrix = np.linalg.inv(_TO_XYZ["srgb"]) @ np.array(_TO_XYZ["p3"])
    linear = np.clip(linear @ matrix.T, 0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return curved * 255


def test_the_profiles_of_the_tests_are_what_they_say() -> None:
    for make, space in [
        (profiles.display_p3, "RGB"),
        (profiles.adobe_rgb, "RGB"),
        (profiles.srgb, "RGB"),
        (profiles.grey, "GRAY"),
        (profiles.cmyk, "CMYK"),
    ]:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(make()))
        assert profile.profile.xcolor_space.strip() == space


@pytest.mark.parametrize("make", [profiles.display_p3, profiles.adobe_rgb, profiles.srgb])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_profile_of_rgb_is_kept_byte_for_byte_and_the_colours_as_they_are(
    kind: str, make: object
) -> None:
    icc = make()  # type: ignore[operator]
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
    photo = read_photo(kinds.saved(kinds.scene(), kind, icc_profile=icc, **options.get(kind, {})))
    assert photo.icc == icc
    assert np.abs(photo.rgb.astype(int) - SCENE).max() <= (6 if kind == "JPEG" else 0)


@pytest.mark.skipif(not kinds.HEIC, reason="pillow-heif is not installed")
def test_the_profile_of_an_iphone_is_kept() -> None:
    assert read_photo(kinds.heic(6, P3)).icc == P3


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_display_p3_photo_goes_through_every_format(wanted: str) -> None:
    """Lossless ones give the same bytes back; JPEG at 95 what its quantisation leaves.

    Of this smooth scene that is 1 level in the mean, and 6 at the hard corner of the red patch.
    """
    photo = read_photo(kinds.GOOD["display_p3.png"]())
    again = read_photo(encode_photo(photo, wanted))  # type: ignore[arg-type]
    assert again.icc == P3
    difference = np.abs(again.rgb.astype(int) - photo.rgb)
    assert difference.max() <= (6 if wanted == "jpeg" else 0)
    assert difference.mean() <= 1
    shown = np.abs(again.for_network() - p3_in_srgb(photo.rgb))
    assert shown.mean() <= 1
    assert shown.max() <= (16 if wanted == "jpeg" else 1)  # sRGB's curve is steep near black


def test_networks_see_the_colours_of_srgb() -> None:
    photo = Photo(kinds.scene(), icc=P3)
    seen = photo.for_network()
    assert np.abs(seen - p3_in_srgb(photo.rgb)).max() <= 1
    assert np.abs(seen.astype(int) - photo.rgb).max() > 20
    np.testing.assert_array_equal(photo.rgb, SCENE)


def test_networks_may_look_at_a_reduced_copy() -> None:
    photo = Photo(kinds.scene(), icc=P3)
    small = np.ascontiguousarray(photo.rgb[::4, ::4])
    np.testing.assert_array_equal(photo.for_network(small), photo.for_network()[::4, ::4])


@pytest.mark.parametrize("icc", [None, profiles.srgb(), P3[:200], b"", profiles.cmyk()])
def test_what_is_srgb_or_says_nothing_usable_is_the_same_array(icc: bytes | None) -> None:
    rgb = kinds.scene()
    assert to_srgb(rgb, icc) is rgb
    assert Photo(rgb, icc=icc).for_network() is rgb


def test_a_large_picture_is_converted_in_strips_without_seams() -> None:
    tall = np.tile(kinds.scene(), (60, 8, 1))  # 2,880 × 512: two strips
    np.testing.assert_array_equal(to_srgb(tall, P3)[-48:, -64:], to_srgb(kinds.scene(), P3))


def test_grey_goes_through_its_profile_and_leaves_it_behind() -> None:
    levels = np.asarray(kinds.image("L")) / 255
    curved = np.where(levels <= 0.0031308, levels * 12.92, 1.055 * levels ** (1 / 2.4) - 0.055)
    for name in ("grey_with_profile.png", "grey_with_profile.jpg"):
        content = kinds.saved(
            kinds.image("L"), "PNG" if name.endswith("png") else "JPEG",
            icc_profile=profiles.grey(1.0), quality=100,
        )  # fmt: skip
        photo = read_photo(content)
        assert photo.icc is None
        assert np.ptp(photo.rgb, axis=2).max() <= 1
        difference = np.abs(photo.rgb[..., 1] - curved * 255)
        assert difference.max() <= (1 if name.endswith("png") else 12)


def test_grey_with_alpha_keeps_it_through_a_profile() -> None:
    photo = read_photo(kinds.saved(kinds.image("LA"), "PNG", icc_profile=profiles.grey(1.0)))
    np.testing.assert_array_equal(photo.alpha, kinds.alpha())
    plain = read_photo(kinds.saved(kinds.image("L"), "PNG", icc_profile=profiles.grey(1.0)))
    np.testing.assert_array_equal(photo.rgb, plain.rgb)


def test_sixteen_bit_grey_goes_through_its_profile_too() -> None:
    levels = np.repeat(np.arange(0, 65536, 257, dtype=np.uint16)[None], 4, axis=0)
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "PNG", icc_profile=profiles.grey(1.0))
    photo = read_photo(stream.getvalue())
    assert photo.icc is None
    assert photo.rgb[0, 128, 0] == 188


def test_grey_with_a_profile_of_rgb_keeps_it() -> None:
    for kind in ("PNG", "JPEG"):
        photo = read_photo(kinds.saved(kinds.image("L"), kind, icc_profile=P3))
        assert photo.icc == P3
        assert np.ptp(photo.rgb, axis=2).max() == 0


def test_palettes_keep_a_profile() -> None:
    photo = read_photo(kinds.saved(kinds.image().quantize(32), "PNG", icc_profile=P3))
    assert photo.icc == P3


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_converted_plainly(kind: str) -> None:
    photo = read_photo(kinds.saved(kinds.image("CMYK"), kind, **_best(kind)))
    assert photo.icc is None
    assert np.abs(photo.rgb.astype(int) - SCENE).max() <= (8 if kind == "JPEG" else 0)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_goes_through_its_profile_and_leaves_it_behind(kind: str) -> None:
    """The press of the tests prints red where cyan is asked for."""
    patches = np.zeros((16, 32, 4), np.uint8)
    patches[:, 16:, 0] = 255
    image = Image.frombytes("CMYK", (32, 16), patches.tobytes())
    photo = read_photo(kinds.saved(image, kind, icc_profile=profiles.cmyk(), **_best(kind)))
    assert photo.icc is None
    assert np.abs(photo.rgb[8, 4].astype(int) - 255).max() <= 2
    assert np.abs(photo.rgb[8, 28].astype(int) - (251, 0, 0)).max() <= 6


def test_ycck_of_photoshop_is_cmyk() -> None:
    """Pillow writes none: the same bytes, declared as YCCK, of which the inverse was stored."""
    cmyk = np.asarray(kinds.image("CMYK"))
    ycc = np.asarray(Image.fromarray(cmyk[..., :3]).convert("YCbCr"))
    stored = np.dstack([255 - ycc, cmyk[..., 3]])
    image = Image.frombytes("CMYK", (kinds.WIDTH, kinds.HEIGHT), stored.tobytes())
    content = bytearray(kinds.saved(image, "JPEG", **_best("JPEG")))
    adobe = content.index(b"Adobe")
    assert content[adobe + 11] == 0
    content[adobe + 11] = 2
    photo = read_photo(bytes(content))
    assert np.abs(photo.rgb.astype(int) - SCENE).max() <= 10


def test_lab_becomes_srgb() -> None:
    muted = 80 + kinds.scene() // 3
    lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    ).apply(Image.fromarray(muted))
    photo = read_photo(kinds.saved(lab, "TIFF"))
    assert photo.icc is None
    assert np.abs(photo.rgb.astype(int) - muted).max() <= 4  # a step in Lab is some in RGB


@pytest.mark.parametrize(
    ("icc", "said"),
    [
        (P3[:200], "damaged"),
        (P3[:128] + b"\xff" * 200, "damaged"),
        (profiles.cmyk(), "the pixels are RGB"),
        (profiles.grey(), "the pixels are RGB"),
        (P3 + bytes(MAX_PROFILE), "bytes is ignored"),
    ],
)
def test_a_profile_that_cannot_be_used_is_ignored_and_logged(
    icc: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    photo = read_photo(kinds.saved(kinds.scene(), "TIFF", icc_profile=icc))
    assert photo.icc is None
    np.testing.assert_array_equal(photo.rgb, SCENE)
    assert said in caplog.text


def _best(kind: str) -> dict[str, int]:
    return {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
