"""Every picture that people send comes out upright, in eight bits, or is refused in one line."""

from __future__ import annotations

import io
import logging
import pickle
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageFile

from pipeline.errors import BadPicture, NotAPicture, TooLarge
from pipeline.photos import read_photo
from pipeline.photos.jpeg import MAX_SCANS, decode_jpeg, is_whole
from pipeline.photos.pixels import turned
from pipeline.photos.reading import reads_heic
from tests.photos import kinds

CLASSES = {413: TooLarge, 415: NotAPicture, 422: BadPicture}
SCENE = kinds.scene().astype(int)


def far(rgb: NDArray[np.uint8], wanted: NDArray[np.integer]) -> int:
    """The largest difference of a level."""
    assert rgb.shape == wanted.shape
    return int(np.abs(rgb.astype(int) - wanted).max())


@pytest.mark.parametrize("name", kinds.GOOD)
def test_whatever_people_send_is_read(name: str) -> None:
    photo = read_photo(kinds.GOOD[name](), name)
    assert photo.rgb.dtype == np.uint8
    assert photo.rgb.shape == (*photo.shape, 3)
    assert photo.rgb.flags.c_contiguous
    assert photo.rgb.flags.writeable
    assert photo.shape in {(kinds.HEIGHT, kinds.WIDTH), (1, 1), (32, 32)}
    if photo.alpha is not None:
        assert photo.alpha.dtype == np.uint8
        assert photo.alpha.shape == photo.shape
        assert photo.alpha.min() < 255


@pytest.mark.parametrize("name", kinds.BAD)
def test_whatever_cannot_be_read_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    content = kinds.BAD[name]()
    with pytest.raises(BadPicture) as refused:
        read_photo(content, name)
    assert type(refused.value) is CLASSES[kinds.STATUS[name]]
    assert str(refused.value).startswith(f"{name}: ")
    assert "\n" not in str(refused.value)
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(BadPicture) as again:
        read_photo(file)
    assert again.value.reason == refused.value.reason
    assert again.value.file == file


@pytest.mark.parametrize("error", CLASSES.values())
def test_refusals_survive_another_process(error: type[BadPicture]) -> None:
    there = pickle.loads(pickle.dumps(error(Path("a.jpg"), "too bad")))
    assert type(there) is error
    assert (there.file, there.reason) == (Path("a.jpg"), "too bad")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadPicture, match=r"nothing\.jpg: no such file"):
        read_photo(tmp_path / "nothing.jpg")
    with pytest.raises(BadPicture, match="is a folder"):
        read_photo(tmp_path)


def test_a_file_gives_what_its_bytes_give(tmp_path: Path) -> None:
    file = tmp_path / "a.photo"
    file.write_bytes(kinds.GOOD["thumbnail.jpg"]())
    by_file, by_bytes = read_photo(file), read_photo(file.read_bytes())
    np.testing.assert_array_equal(by_file.rgb, by_bytes.rgb)
    assert (by_file.exif, by_file.icc, by_file.format) == (
        by_bytes.exif, by_bytes.icc, by_bytes.format,
    )  # fmt: skip


def test_a_file_without_end_that_is_no_picture_is_not_read_to_its_end() -> None:
    with pytest.raises(NotAPicture):
        read_photo(Path("/dev/zero"))


@pytest.mark.parametrize("name", ["plain.jpg", "plain.png", "plain.webp", "plain.gif"])
def test_the_limit_is_checked_before_anything_is_decoded(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, pixels = kinds.GOOD[name](), kinds.WIDTH * kinds.HEIGHT
    assert read_photo(content, max_pixels=pixels).shape == (kinds.HEIGHT, kinds.WIDTH)

    def never(self: ImageFile.ImageFile) -> None:
        pytest.fail("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", never)
    with pytest.raises(TooLarge, match=r"64×48 is more than 0\.003071 megapixels"):
        read_photo(content, max_pixels=pixels - 1)


def test_a_webp_bomb_is_refused_before_its_decoder_sets_memory_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("opened")

    monkeypatch.setattr(Image, "open", never)
    size = (16383).to_bytes(3, "little")
    extended = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size + size
    lossless = b"WEBPVP8L" + struct.pack("<IBI", 5, 0x2F, 16382 | 16382 << 14)
    lossy = b"WEBPVP8 " + struct.pack("<I", 10) + b"\0\0\0\x9d\x01\x2a" + b"\xff\x3f" * 2
    for body in (extended, lossless, lossy):
        with pytest.raises(TooLarge, match=r"1638[34]×1638[34]"):
            read_photo(b"RIFF" + struct.pack("<I", len(body)) + body)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_same_upright_picture(kind: str, orientation: int) -> None:
    lossy = {"JPEG": 6, "AVIF": 12}
    options = {"quality": 95, "subsampling": "4:4:4"} if kind == "AVIF" else {}
    photo = read_photo(kinds.turned(orientation, kind, **options))
    assert far(photo.rgb, SCENE) <= lossy.get(kind, 0)


@pytest.mark.skipif(not kinds.HEIC, reason="pillow-heif is not installed")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_an_iphone(orientation: int) -> None:
    assert far(read_photo(kinds.heic(orientation)).rgb, SCENE) <= 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_alpha_is_turned_with_the_colours(orientation: int) -> None:
    rgba = np.dstack([kinds.scene(), kinds.alpha()])
    content = kinds.saved(
        kinds.stored(orientation, rgba), "PNG", exif=kinds.exif(orientation).tobytes()
    )
    photo = read_photo(content)
    np.testing.assert_array_equal(photo.rgb, SCENE)
    np.testing.assert_array_equal(photo.alpha, kinds.alpha())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_undoes_storing_for_odd_shapes(orientation: int) -> None:
    rng = np.random.default_rng(orientation)
    for shape in ((1, 1, 3), (1, 7, 3), (5, 1), (6, 9, 3), (8, 8)):
        picture = rng.integers(0, 256, shape, dtype=np.uint8)
        back = turned(kinds.stored(orientation, picture).copy(), orientation)
        np.testing.assert_array_equal(back, picture)


def test_an_orientation_in_xmp_alone_counts_but_exif_wins() -> None:
    assert far(read_photo(kinds.xmp_only(6)).rgb, SCENE) <= 6
    note = b'<rdf:Description tiff:Orientation="3"/>'
    both = kinds.saved(
        kinds.scene(), "JPEG", quality=95, subsampling=0, xmp=note, exif=kinds.exif(1).tobytes()
    )
    assert far(read_photo(both).rgb, SCENE) <= 6


def test_legacy_exif_of_png_turns_the_picture() -> None:
    """ImageMagick writes it as text in hexadecimal digits."""
    notes = kinds.exif(6).tobytes()
    text = f"\nexif\n{len(notes):8}\n{notes.hex()}\n".encode()
    whole = kinds.saved(kinds.stored(6), "PNG")
    content = whole[:33] + kinds.chunk(b"tEXt", b"Raw profile type exif\0" + text) + whole[33:]
    np.testing.assert_array_equal(read_photo(content).rgb, SCENE)


WANTED_16 = np.rint(kinds.deep_scene(4) / 257).astype(int)


def tiff(levels: NDArray[np.generic], **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.ascontiguousarray(levels), **options)
    return stream.getvalue()


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_are_rounded_to_eight(suffix: str, channels: int) -> None:
    photo = read_photo(kinds.deep(suffix, channels))
    wanted = WANTED_16[..., :3] if channels > 1 else np.repeat(WANTED_16[..., :1], 3, axis=2)
    np.testing.assert_array_equal(photo.rgb, wanted)
    if channels == 4:
        np.testing.assert_array_equal(photo.alpha, WANTED_16[..., 3])
    cut_off = kinds.deep_scene(channels) >> 8
    assert (cut_off != np.rint(kinds.deep_scene(channels) / 257)).any(), "the test shows nothing"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("packed", [None, "zlib"])
def test_sixteen_bit_tiffs_of_both_byte_orders(order: str, packed: str | None) -> None:
    deep = kinds.deep_scene(3)
    options = {"byteorder": order, "compression": packed}
    photo = read_photo(tiff(deep, photometric="rgb", **options))
    np.testing.assert_array_equal(photo.rgb, WANTED_16[..., :3])
    grey = read_photo(tiff(deep[..., 0], photometric="minisblack", **options))
    np.testing.assert_array_equal(grey.rgb[..., 1], WANTED_16[..., 0])


def test_sixteen_bit_tiffs_turned_or_with_white_as_zero() -> None:
    lying = [(274, 3, 1, 6, True)]
    turned_16 = read_photo(tiff(kinds.deep_scene(3), photometric="rgb", extratags=lying))
    np.testing.assert_array_equal(turned_16.rgb, np.rot90(WANTED_16[..., :3], -1))
    inverted = read_photo(tiff(kinds.deep_scene(1), photometric="miniswhite"))
    np.testing.assert_array_equal(inverted.rgb[..., 2], 255 - WANTED_16[..., 0])


def test_what_both_decoders_misread_is_refused() -> None:
    planes = np.moveaxis(kinds.deep_scene(3), 2, 0)
    with pytest.raises(BadPicture, match="separate planes; save it interleaved"):
        read_photo(tiff(planes, photometric="rgb", planarconfig="separate"))


def test_sixteen_bits_that_opencv_cannot_round_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    planes = np.moveaxis(kinds.deep_scene(3), 2, 0)
    photo = read_photo(tiff(planes, photometric="rgb", planarconfig="separate", compression="zlib"))
    np.testing.assert_array_equal(photo.rgb, kinds.deep_scene(3) >> 8)
    assert "cut to 8" in caplog.text


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_levels_without_a_known_white_are_refused(kind: type) -> None:
    levels = (kinds.deep_scene(1).astype(np.int64) * 1000).astype(kind)
    with pytest.raises(BadPicture, match="save it with 8 or 16 bits"):
        read_photo(tiff(levels, photometric="minisblack"))


def png_16(colour_type: int, levels: NDArray[np.uint16], *chunks: bytes) -> bytes:
    height, width = levels.shape[:2]
    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    body = [kinds.chunk(b"IHDR", header), *chunks, kinds.chunk(b"IDAT", zlib.compress(lines))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + kinds.chunk(b"IEND", b"")


def test_sixteen_bit_grey_with_alpha() -> None:
    photo = read_photo(png_16(4, kinds.deep_scene(4)[..., [0, 3]]))
    np.testing.assert_array_equal(photo.rgb[..., 2], WANTED_16[..., 0])
    np.testing.assert_array_equal(photo.alpha, WANTED_16[..., 3])


def test_a_colour_declared_transparent_in_sixteen_bits_is_that_very_colour() -> None:
    colours = kinds.deep_scene(3).copy()
    key = colours[5, 7].copy()
    colours[20, 20], colours[30, 30] = key, key ^ (1, 0, 0)
    photo = read_photo(png_16(2, colours, kinds.chunk(b"tRNS", struct.pack(">3H", *key))))
    assert photo.alpha is not None
    same = (colours == key).all(axis=2)
    assert same[20, 20]
    np.testing.assert_array_equal(photo.alpha == 0, same)
    grey = np.full((4, 6), 1000, np.uint16)
    grey[1, 2] = 1001
    photo = read_photo(png_16(0, grey, kinds.chunk(b"tRNS", struct.pack(">H", 1001))))
    assert photo.alpha is not None
    np.testing.assert_array_equal(photo.alpha == 0, grey == 1001)


def test_transparency_of_palettes_keys_and_grey() -> None:
    palette = Image.open(io.BytesIO(kinds.palette()))
    photo = read_photo(kinds.palette())
    np.testing.assert_array_equal(photo.alpha == 0, np.asarray(palette) == 0)
    gif = read_photo(kinds.GOOD["transparent.gif"]())
    np.testing.assert_array_equal(gif.alpha, photo.alpha)
    soft = read_photo(kinds.soft_palette())
    np.testing.assert_array_equal(soft.alpha, np.asarray(palette) * 8)
    np.testing.assert_array_equal(soft.rgb, photo.rgb)
    key = read_photo(kinds.colour_key())
    np.testing.assert_array_equal(key.alpha == 0, (SCENE == (230, 40, 20)).all(axis=2))
    np.testing.assert_array_equal(key.rgb, SCENE)
    grey = read_photo(kinds.GOOD["grey_alpha.png"]())
    np.testing.assert_array_equal(grey.alpha, kinds.alpha())
    np.testing.assert_array_equal(grey.rgb[..., 0], np.asarray(kinds.image("LA"))[..., 0])


@pytest.mark.parametrize("name", ["alpha.png", "alpha.webp", "alpha.tiff"])
def test_colours_under_transparency_survive(name: str) -> None:
    photo = read_photo(kinds.GOOD[name]())
    np.testing.assert_array_equal(photo.alpha, kinds.alpha())
    np.testing.assert_array_equal(photo.rgb, SCENE)


def test_colours_multiplied_by_alpha_are_divided_again() -> None:
    rgba = np.dstack([kinds.scene(), kinds.alpha()]).astype(int)
    rgba[..., :3] = rgba[..., :3] * rgba[..., 3:] // 255
    options = {"photometric": "rgb", "extrasamples": ["assocalpha"]}
    photo = read_photo(tiff(rgba.astype(np.uint8), **options))
    seen = kinds.alpha() > 128
    assert np.abs(photo.rgb.astype(int) - SCENE)[seen].max() <= 2


def test_an_opaque_alpha_is_none() -> None:
    opaque = np.dstack([kinds.scene(), np.full(kinds.scene().shape[:2], 255, np.uint8)])
    assert read_photo(kinds.saved(opaque, "PNG")).alpha is None


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_read(kind: str) -> None:
    assert far(read_photo(kinds.animated(kind)).rgb, SCENE) <= (20 if kind == "GIF" else 0)


@pytest.mark.parametrize("name", ["progressive.jpg", "interlaced.png", "telephone.mpo"])
def test_other_ways_to_store_the_same(name: str) -> None:
    photo = read_photo(kinds.GOOD[name]())
    assert far(photo.rgb, SCENE) <= 6
    assert photo.format == ("PNG" if name.endswith("png") else "JPEG")


def test_the_kind_is_told_by_the_content() -> None:
    assert read_photo(kinds.jpeg(), "picture.png").format == "JPEG"
    assert read_photo(kinds.png(), "picture.heic").format == "PNG"


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", [{}, {"subsampling": 2}, {"progressive": True}])
def test_a_jpeg_by_opencv_has_pillows_pixels(mode: str, options: dict[str, object]) -> None:
    content = kinds.saved(kinds.image(mode), "JPEG", **options)
    assert is_whole(content)
    decoded = decode_jpeg(content)
    wanted = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    np.testing.assert_array_equal(decoded, wanted)


def test_a_jpeg_cut_anywhere_is_refused() -> None:
    """OpenCV would fill the rest with grey and say nothing."""
    for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}):
        whole = kinds.jpeg(**options)
        start = whole.index(b"\xff\xda")
        for length in range(start, len(whole) - 40, 37):
            with pytest.raises(BadPicture):
                read_photo(whole[:length])


def test_a_jpeg_cut_before_a_second_picture_is_refused() -> None:
    """The end marker of the second one, or of a thumbnail, is not that of the first."""
    whole = kinds.jpeg()
    with pytest.raises(BadPicture):
        read_photo(kinds.cut(whole, 0.7) + kinds.jpeg())


def test_what_cameras_add_after_a_jpeg_does_no_harm() -> None:
    np.testing.assert_array_equal(
        read_photo(kinds.jpeg() + b"\0SEFT more data" * 9).rgb, read_photo(kinds.jpeg()).rgb
    )


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    scan = b"\xff\xda\0\x08\1\1\0\0\0\0"
    for mode in ("RGB", "L", "CMYK"):
        whole = kinds.saved(kinds.image(mode), "JPEG", progressive=True)
        endless = whole[: whole.index(b"\xff\xda")] + scan * (MAX_SCANS + 1) + b"\xff\xd9"
        with pytest.raises(BadPicture, match="scans"):
            read_photo(endless)


def test_damaged_notes_do_not_fail_a_picture(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    photo = read_photo(kinds.GOOD["damaged_exif.jpg"]())
    assert photo.exif is None
    assert "damaged EXIF" in caplog.text
    photo = read_photo(kinds.GOOD["damaged_profile.jpg"]())
    assert photo.icc is None
    assert "damaged colour profile" in caplog.text


def test_without_its_extra_a_picture_of_an_iphone_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    head = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic"
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    reads_heic.cache_clear()
    try:
        with pytest.raises(NotAPicture, match=r"pip install 'clearscene\[heic\]'"):
            read_photo(head, "IMG_1.HEIC")
    finally:
        reads_heic.cache_clear()


def test_a_file_of_too_many_bytes_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = kinds.GOOD["plain.bmp"]()
    monkeypatch.setattr("pipeline.photos.reading.MAX_BYTES", len(content) - 1)
    (tmp_path / "a.bmp").write_bytes(content)
    for source in (content, tmp_path / "a.bmp"):
        with pytest.raises(TooLarge, match="has more than"):
            read_photo(source)


def test_a_video_is_not_taken_for_a_picture_of_the_same_container() -> None:
    head = struct.pack(">I", 24) + b"ftypisom" + bytes(4) + b"isomavc1"
    with pytest.raises(NotAPicture, match="a video"):
        read_photo(head)


Damage = Callable[[bytes, np.random.Generator], bytes]


def noise(content: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(content)
    for at in rng.integers(0, len(content), 1 + len(content) // 400):
        damaged[at] = rng.integers(0, 256)
    return bytes(damaged)


def beginning(content: bytes, rng: np.random.Generator) -> bytes:
    """Damage where the structure is."""
    damaged = bytearray(content)
    for at in rng.integers(0, min(len(content), 400), 3):
        damaged[at] = rng.integers(0, 256)
    return bytes(damaged)


def shortened(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: rng.integers(0, len(content))]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of damaged TIFFs
@pytest.mark.parametrize("damage", [noise, beginning, shortened])
@pytest.mark.parametrize("name", kinds.GOOD)
def test_any_damage_gives_a_picture_or_a_refusal(name: str, damage: Damage) -> None:
    content = kinds.GOOD[name]()
    rng = np.random.default_rng(len(name))
    for _ in range(6):
        try:
            photo = read_photo(damage(content, rng), name, max_pixels=1_000_000)
        except BadPicture as refused:
            assert str(refused).startswith(name)
        else:
            assert photo.rgb.shape == (*photo.shape, 3)
