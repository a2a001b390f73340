"""Reading what people have on their discs, and resizing it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import BadPicture
from pipeline.images import (
    read_mask,
    read_picture,
    resize_mask,
    resize_picture,
    resize_probability,
    write_png,
)

ORIENTATION = 0x0112
UPRIGHT: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).swapaxes(0, 1),
    8: lambda stored: np.rot90(stored, 1),
}
"""What the EXIF standard says that a viewer does with stored rows and columns."""

SIDES = st.integers(1, 40)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height * 1000 + width).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )


def stripes(height: int, width: int) -> NDArray[np.bool_]:
    return np.random.default_rng(height * 1000 + width).random((height, width)) < 0.5


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_pictures_and_masks_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored, mask = noise(20, 30), stripes(20, 30)
    Image.fromarray(stored).save(tmp_path / "picture.png", exif=exif)
    Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / "mask.png", exif=exif)
    np.testing.assert_array_equal(
        read_picture(tmp_path / "picture.png"), UPRIGHT[orientation](stored)
    )
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png"), UPRIGHT[orientation](mask))


def test_a_phone_jpeg_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    stored = np.zeros((32, 48, 3), np.uint8)
    stored[:, :16] = 255, 0, 0
    Image.fromarray(stored).save(tmp_path / "phone.jpg", exif=exif, quality=95)
    upright = read_picture(tmp_path / "phone.jpg").astype(int)
    assert upright.shape == (48, 32, 3)
    assert np.abs(upright[:12] - (255, 0, 0)).max() < 12
    assert upright[20:].max() < 12


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    levels = np.array([[0, 257, 100 * 257, 65535]], np.uint16)
    Image.fromarray(levels).save(tmp_path / "grey.png")
    assert read_picture(tmp_path / "grey.png")[0].tolist() == [[g] * 3 for g in (0, 1, 100, 255)]


def test_grey_levels_without_a_scale_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(np.full((4, 4), 70_000, np.int32)).save(tmp_path / "long.tif")
    for name, kind in (("float.tif", "float32"), ("long.tif", "int32")):
        with pytest.raises(BadPicture, match=f"{kind}; save it with 8 or 16 bits"):
            read_picture(tmp_path / name)


def test_a_cmyk_jpeg_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=95)
    picture = read_picture(tmp_path / "ink.jpg").astype(int)
    assert picture.shape == (16, 16, 3)
    assert np.abs(picture - (255, 0, 0)).max() < 8


def palette_with_transparency() -> Image.Image:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 10, 10, 0, 255, 0] + [0] * 750)
    image.putpixel((1, 0), 1)
    image.info["transparency"] = bytes([0, 255])
    return image


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (palette_with_transparency(), [[255, 255, 255], [0, 255, 0]]),
        (Image.new("RGBA", (1, 1), (0, 0, 0, 0)), [[255, 255, 255]]),
        (Image.new("RGBA", (1, 1), (0, 100, 200, 255)), [[0, 100, 200]]),
        (Image.new("RGBA", (1, 1), (0, 0, 0, 51)), [[204, 204, 204]]),
        (Image.new("LA", (1, 1), (0, 51)), [[204, 204, 204]]),
        (Image.new("L", (1, 1), 7), [[7, 7, 7]]),
        (Image.new("1", (1, 1), 1), [[255, 255, 255]]),
    ],
    ids=["palette", "clear RGBA", "opaque RGBA", "faint RGBA", "faint LA", "grey", "bilevel"],
)
def test_every_kind_of_pixel_becomes_rgb_over_white(
    tmp_path: Path, image: Image.Image, expected: list[list[int]]
) -> None:
    image.save(tmp_path / "picture.png")
    picture = read_picture(tmp_path / "picture.png")
    assert picture.dtype == np.uint8
    assert picture[0].tolist() == expected


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_mask_may_come_in_any_kind_of_pixel(tmp_path: Path, mode: str) -> None:
    mask = stripes(9, 7)
    Image.fromarray(mask.astype(np.uint8) * 255).convert(mode).save(tmp_path / "mask.png")
    read = read_mask(tmp_path / "mask.png")
    assert read.dtype == np.bool_
    np.testing.assert_array_equal(read, mask)


def test_a_mask_with_another_value_is_refused_by_name_and_value(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 7, 255]], np.uint8)).save(tmp_path / "soft.png")
    with pytest.raises(BadPicture, match=r"soft\.png: not a mask: holds the value 7 .*threshold"):
        read_mask(tmp_path / "soft.png")


def test_a_zero_one_mask_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 1]], np.uint8)).save(tmp_path / "faint.png")
    with pytest.raises(BadPicture, match="holds the value 1"):
        read_mask(tmp_path / "faint.png")


def test_a_sixteen_bit_mask_with_grey_levels_is_refused(tmp_path: Path) -> None:
    """Every level above 255 must not pass for white."""
    Image.fromarray(np.array([[0, 300, 20_000, 65_535]], np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(BadPicture, match="not a mask"):
        read_mask(tmp_path / "deep.png")


def test_a_sixteen_bit_mask_of_black_and_white_is_read(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 65_535]], np.uint16)).save(tmp_path / "deep.png")
    assert read_mask(tmp_path / "deep.png").tolist() == [[False, True]]


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)


def half_a_jpeg() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(noise(64, 64)).save(stream, "JPEG")
    return stream.getvalue()[: len(stream.getvalue()) // 2]


@pytest.mark.parametrize("read", [read_picture, read_mask])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>404 Not Found</html>", "not a picture, whatever its name says"),
        (b"", "not a picture"),
        (half_a_jpeg(), r"cannot be decoded \(.*truncated"),
        (png_that_claims(10_001, 10_000), "10001×10000 is more than 100 megapixels; shrink it"),
        (png_that_claims(60_000, 60_000), "bomb|60000×60000 is more than 100 megapixels"),
        (png_that_claims(10_000, 10_000), "cannot be decoded"),
    ],
    ids=["text", "empty", "truncated", "large", "bomb", "largest allowed, but hollow"],
)
def test_what_is_no_picture_is_refused_in_one_line_that_names_it(
    tmp_path: Path, read: Callable[[Path], object], content: bytes, reason: str
) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    with pytest.raises(BadPicture, match=reason) as raised:
        read(file)
    assert str(raised.value) == f"{file}: {raised.value.reason}"
    assert raised.value.file == file
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("read", [read_picture, read_mask])
def test_a_missing_file_and_a_folder_are_refused(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(BadPicture, match="no such file"):
        read(tmp_path / "nowhere.png")
    with pytest.raises(BadPicture, match="cannot be decoded"):
        read(tmp_path)


def encoded(form: str) -> bytes:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = 8
    Image.fromarray(noise(24, 24)).save(stream, form, **({} if form == "TIFF" else {"exif": exif}))
    return stream.getvalue()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_damaged_file_gives_a_picture_or_a_reason(tmp_path: Path, form: str) -> None:
    whole, rng = encoded(form), np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 300), size=3):
            damaged[place] = rng.integers(256)
        file = tmp_path / "damaged"
        file.write_bytes(damaged[: rng.integers(len(whole) // 2, 2 * len(whole))])
        try:
            assert read_picture(file).ndim == 3
        except BadPicture:
            refused += 1
    assert refused


def test_png_keeps_every_pixel(tmp_path: Path) -> None:
    picture = noise(5, 9)
    write_png(tmp_path / "colour.png", picture)
    write_png(tmp_path / "grey.png", picture[..., 0])
    np.testing.assert_array_equal(read_picture(tmp_path / "colour.png"), picture)
    np.testing.assert_array_equal(read_picture(tmp_path / "grey.png")[..., 1], picture[..., 0])


@given(SIDES, SIDES, SIDES, SIDES)
def test_resizing_gives_the_size_and_type_that_was_asked_for(
    height: int, width: int, new_height: int, new_width: int
) -> None:
    picture = resize_picture(noise(height, width), new_height, new_width)
    mask = resize_mask(stripes(height, width), new_height, new_width)
    chances = np.random.default_rng(0).random((height, width), np.float32)
    probability = resize_probability(chances, new_height, new_width)
    assert (picture.shape, picture.dtype) == ((new_height, new_width, 3), np.uint8)
    assert (mask.shape, mask.dtype) == ((new_height, new_width), np.bool_)
    assert (probability.shape, probability.dtype) == ((new_height, new_width), np.float32)
    assert probability.min() >= chances.min() - 1e-6
    assert probability.max() <= chances.max() + 1e-6


@given(SIDES, SIDES)
def test_resizing_to_the_same_size_changes_nothing(height: int, width: int) -> None:
    picture, mask = noise(height, width), stripes(height, width)
    np.testing.assert_array_equal(resize_picture(picture, height, width), picture)
    np.testing.assert_array_equal(resize_mask(mask, height, width), mask)


@given(SIDES, SIDES, st.integers(1, 4))
def test_a_mask_enlarged_by_a_whole_number_repeats_its_pixels(
    height: int, width: int, times: int
) -> None:
    mask = stripes(height, width)
    enlarged = resize_mask(mask, height * times, width * times)
    np.testing.assert_array_equal(enlarged, mask.repeat(times, 0).repeat(times, 1))


def test_a_shrunk_picture_averages_what_it_covers() -> None:
    picture = noise(30, 30)
    means = picture.reshape(5, 6, 5, 6, 3).mean(axis=(1, 3))
    assert np.abs(resize_picture(picture, 5, 5) - means).max() <= 1


def test_a_picture_and_its_mask_stay_aligned_when_resized() -> None:
    rows, columns = np.mgrid[:90, :120]
    mask = np.hypot(rows - 40, columns - 70) < 25
    picture = (mask[..., None] * 255).repeat(3, 2).astype(np.uint8)
    for height, width in ((45, 60), (64, 64), (200, 300)):
        seen = resize_picture(picture, height, width)[..., 0] > 127
        assert (seen ^ resize_mask(mask, height, width)).mean() < 0.01
