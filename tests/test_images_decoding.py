"""The quick ways to read a picture give the pixels of the slow one, or leave it to that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, PngImagePlugin

from pipeline.errors import BadPicture
from pipeline.images import read_no_larger, read_picture, read_rgba


def scene(height: int, width: int, channels: int = 3) -> NDArray[np.uint8]:
    """Smooth colours with some noise, as a photo has them."""
    rng = np.random.default_rng(height)
    coarse = rng.integers(0, 256, (5, 7, channels), dtype=np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(int)
    return np.clip(smooth + rng.integers(-9, 9, smooth.shape), 0, 255).astype(np.uint8)


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_is_not_shrunk_has_the_very_same_pixels(
    tmp_path: Path, mode: str, subsampling: int, progressive: bool
) -> None:
    file = tmp_path / "picture.jpg"
    picture = Image.fromarray(scene(101, 150)).convert(mode)
    picture.save(file, subsampling=subsampling, progressive=progressive, quality=90)
    np.testing.assert_array_equal(read_no_larger(file, 60, 90), read_picture(file))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_comes_upright(tmp_path: Path, orientation: int) -> None:
    file = tmp_path / "picture.jpg"
    Image.fromarray(scene(101, 150)).save(file, exif=turned(orientation))
    np.testing.assert_array_equal(read_no_larger(file, 101, 101), read_picture(file))
    small = read_no_larger(file, 50, 50)
    whole = read_picture(file)
    assert small.shape[0] == -(-whole.shape[0] // 2)
    assert small.shape[1] == -(-whole.shape[1] // 2)


@pytest.mark.parametrize(
    ("wanted", "step"),
    [((200, 320), 1), ((101, 160), 1), ((100, 160), 2), ((50, 80), 4), ((25, 40), 8), ((1, 1), 8)],
)
def test_a_jpeg_is_shrunk_as_far_as_it_stays_large_enough(
    tmp_path: Path, wanted: tuple[int, int], step: int
) -> None:
    file = tmp_path / "picture.jpg"
    Image.fromarray(scene(200, 320)).save(file, quality=95, subsampling=0)
    small = read_no_larger(file, *wanted)
    assert small.shape == (200 // step, 320 // step, 3)
    mean = cv2.resize(read_picture(file), small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - mean).mean() < 2


def test_what_is_no_jpeg_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    Image.fromarray(scene(40, 60)).save(file)
    np.testing.assert_array_equal(read_no_larger(file, 4, 6), read_picture(file))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def page(file: Path) -> None:
    file.write_text("<html>not found</html>")


@pytest.mark.parametrize("damage", [cut, page, Path.unlink])
@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_what_cannot_be_read_is_refused_by_name(
    tmp_path: Path, damage: Callable[[Path], None], name: str
) -> None:
    file = tmp_path / name
    read = read_rgba if name == "a.png" else lambda file: read_no_larger(file, 10, 10)
    Image.fromarray(scene(50, 60, 4 if name == "a.png" else 3)).save(file)
    damage(file)
    with pytest.raises(BadPicture, match=name):
        read(file)


def slowly(file: Path) -> NDArray[np.uint8]:
    from PIL import ImageOps

    with Image.open(file) as image:
        return np.array(ImageOps.exif_transpose(image).convert("RGBA"))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_every_kind_of_transparency_is_read_as_rgba(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "picture.png"
    picture = Image.fromarray(scene(31, 50, 4))
    if mode == "P":
        Image.fromarray(scene(31, 50)).convert("P").save(file, transparency=3)
    else:
        picture.convert(mode).save(file)
    read = read_rgba(file)
    assert read.shape == (31, 50, 4)
    np.testing.assert_array_equal(read, slowly(file))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_cutout_comes_upright(tmp_path: Path, orientation: int) -> None:
    file = tmp_path / "picture.png"
    Image.fromarray(scene(31, 50, 4)).save(file, exif=turned(orientation))
    np.testing.assert_array_equal(read_rgba(file), slowly(file))


def test_a_cutout_whose_notes_turn_it_comes_upright(tmp_path: Path) -> None:
    """XMP may hold the orientation, too."""
    notes = PngImagePlugin.PngInfo()
    xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>'
    notes.add_itxt("XML:com.adobe.xmp", xmp)
    file = tmp_path / "picture.png"
    Image.fromarray(scene(31, 50, 4)).save(file, pnginfo=notes)
    assert read_rgba(file).shape == (50, 31, 4)


def test_a_deep_png_is_brought_to_eight_bits(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    deep = scene(31, 50, 4).astype(np.uint16) * 257
    cv2.imwrite(str(file), deep)
    np.testing.assert_array_equal(read_rgba(file)[..., :3], (deep // 257)[..., 2::-1])


def test_a_picture_without_transparency_is_no_cutout(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    Image.fromarray(scene(31, 50)).save(file)
    with pytest.raises(BadPicture, match=r"picture\.png: has no transparency; save it as PNG"):
        read_rgba(file)
