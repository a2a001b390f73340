"""What a file notes beside its pixels goes on, but for what would be wrong with an edited one."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base

from pipeline.photos import FORMATS, encode_photo, read_photo
from pipeline.photos.exif import orientation_of, upright_exif
from tests.photos import kinds


def notes(exif: bytes | None) -> Image.Exif:
    assert exif is not None
    read = Image.Exif()
    read.load(exif)
    return read


def written(content: bytes) -> Image.Exif:
    with Image.open(io.BytesIO(content)) as image:
        return notes(image.info["exif"])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("wanted", FORMATS)
def test_place_time_and_camera_are_kept_from_every_format_to_every_format(
    kind: str, wanted: str
) -> None:
    photo = read_photo(kinds.turned(6, kind))
    kept = written(encode_photo(photo, wanted))  # type: ignore[arg-type]
    assert kept[Base.Make] == "Testphone"
    assert kept.get_ifd(IFD.GPSInfo) == {1: "N", 2: (48.0, 8.0, 15.0)}
    assert kept.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2026:01:02 03:04:05"


@pytest.mark.skipif(not kinds.HEIC, reason="pillow-heif is not installed")
def test_the_notes_of_an_iphone_are_kept() -> None:
    kept = notes(read_photo(kinds.heic(6)).exif)
    assert kept[Base.Make] == "Testphone"
    assert kept.get(Base.Orientation, 1) == 1


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_nothing_turns_a_written_picture_again(orientation: int, wanted: str) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        content = encode_photo(read_photo(kinds.turned(orientation, kind)), wanted)  # type: ignore[arg-type]
        with Image.open(io.BytesIO(content)) as image:
            assert image.getexif().get(Base.Orientation, 1) == 1
            assert image.size == (kinds.WIDTH, kinds.HEIGHT)
        assert read_photo(content).shape == (kinds.HEIGHT, kinds.WIDTH)


@pytest.mark.parametrize("wanted", FORMATS)
def test_nor_does_xmp(wanted: str) -> None:
    content = encode_photo(read_photo(kinds.xmp_only(6)), wanted)  # type: ignore[arg-type]
    assert b"Orientation" not in content
    assert read_photo(content).shape == (kinds.HEIGHT, kinds.WIDTH)


def test_the_small_picture_of_the_old_one_is_gone() -> None:
    content = kinds.with_thumbnail()
    with Image.open(io.BytesIO(content)) as image:
        assert Base.JpegIFOffset in image.getexif().get_ifd(IFD.IFD1), "the test shows nothing"
    photo = read_photo(content)
    assert photo.exif is not None
    assert b"\xff\xd8" not in photo.exif
    assert not notes(photo.exif).get_ifd(IFD.IFD1)
    assert notes(photo.exif).get_ifd(IFD.GPSInfo)[1] == "N"


def test_a_small_picture_in_the_middle_is_wiped() -> None:
    """Some cameras write maker notes behind it."""
    content = kinds.with_thumbnail()
    with Image.open(io.BytesIO(content)) as image:
        exif = image.info["exif"] + b"maker's notes"
    kept = upright_exif(exif)
    assert kept is not None
    assert len(kept) == len(exif)
    assert kept.endswith(b"maker's notes")
    assert b"\xff\xd8" not in kept


def test_absolute_offsets_of_makers_stay_true() -> None:
    exif = Image.Exif()
    exif[Base.Orientation], exif[Base.Make] = 6, "a maker with a name that is stored elsewhere"
    exif[IFD.Exif] = {Base.MakerNote: b"some private bytes at a place", 40962: 4000, 40963: 3000}
    before = exif.tobytes()
    after = upright_exif(before)
    assert after is not None
    assert after.index(b"some private bytes") == before.index(b"some private bytes")
    assert notes(after)[Base.Make] == exif[Base.Make]
    assert notes(after)[Base.Orientation] == 1


def test_xmp_within_exif_is_gone() -> None:
    exif = Image.Exif()
    exif[Base.Make], exif[700] = "Testphone", b'<x tiff:Orientation="6"/>'
    kept = upright_exif(exif.tobytes())
    assert kept is not None
    assert b"Orientation" not in kept
    assert dict(notes(kept)) == {Base.Make: "Testphone"}


def test_sizes_that_would_be_wrong_are_gone() -> None:
    exif = Image.Exif()
    exif[Base.ImageWidth], exif[Base.Make] = 4000, "Testphone"
    exif[IFD.Exif] = {40962: 4000, 40963: 3000, Base.DateTimeOriginal: "2026:01:02 03:04:05"}
    kept = notes(upright_exif(exif.tobytes()))
    assert Base.ImageWidth not in kept
    assert dict(kept.get_ifd(IFD.Exif)) == {Base.DateTimeOriginal: "2026:01:02 03:04:05"}
    assert kept[Base.Make] == "Testphone"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("form", "code"), [(3, "H2x"), (4, "I"), (1, "B3x")])
def test_orientations_of_either_byte_order_and_any_integer_type(
    order: str, form: int, code: str
) -> None:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    line = struct.pack(order + "HHI" + code, Base.Orientation, form, 1, 6)
    exif = b"Exif\0\0" + head + struct.pack(order + "H", 1) + line + bytes(4)
    assert orientation_of(exif) == 6
    assert orientation_of(upright_exif(exif)) == 1


def test_an_orientation_that_is_none_is_upright() -> None:
    exif = Image.Exif()
    for value in (0, 9, 255):
        exif[Base.Orientation] = value
        assert orientation_of(exif.tobytes()) == 1


def test_nothing_noted_is_none() -> None:
    assert read_photo(kinds.png()).exif is None
    assert read_photo(kinds.GOOD["plain.tiff"]()).exif is None
    assert upright_exif(b"") is None


def test_stripped_is_without_notes_but_with_its_profile() -> None:
    photo = read_photo(kinds.GOOD["display_p3.jpg"]())
    noted = read_photo(kinds.turned(1, "JPEG", icc_profile=photo.icc))
    assert noted.exif is not None
    assert noted.stripped().exif is None
    assert noted.stripped().icc == photo.icc
    for wanted in FORMATS:
        assert b"Testphone" in encode_photo(noted, wanted)
        assert b"Testphone" not in encode_photo(noted.stripped(), wanted)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_give_notes_or_none(tail: bytes, little: bool) -> None:
    exif = b"Exif\0\0" + (b"II*\0\x08\0\0\0" if little else b"MM\0*\0\0\0\x08") + tail
    assert 1 <= orientation_of(exif) <= 8
    kept = upright_exif(exif)
    assert kept is None or orientation_of(kept) == 1


@given(st.data())
def test_any_damage_to_notes_is_survived(data: st.DataObject) -> None:
    with Image.open(io.BytesIO(kinds.with_thumbnail())) as image:
        exif = bytearray(image.info["exif"])
    for _ in range(data.draw(st.integers(1, 4))):
        exif[data.draw(st.integers(0, len(exif) - 1))] = data.draw(st.integers(0, 255))
    kept = upright_exif(bytes(exif))
    assert kept is None or len(kept) <= len(exif)
    assert 1 <= orientation_of(bytes(exif)) <= 8
