"""Every odd or hostile picture that people send, made in memory.

`GOOD` can be read, `BAD` must be refused with the HTTP status in `STATUS`. Both map a file name
to a function that makes the bytes, in milliseconds.
"""

from __future__ import annotations

import gzip
import importlib.util
import io
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, PngImagePlugin

from tests.hostile import png_bomb
from tests.photos import profiles

HEIC = importlib.util.find_spec("pillow_heif") is not None
"""Whether pictures of iPhones can be made, and read, here."""

HEIGHT, WIDTH = 48, 64


@cache
def scene(height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """H×W×3, smooth, and different however it is turned: red grows to the right, green down."""
    rows, columns = np.mgrid[:height, :width]
    red, green = columns * 255 // max(1, width - 1), rows * 255 // max(1, height - 1)
    picture = np.dstack([red, green, 60 + (red + 2 * green) // 6]).astype(np.uint8)
    picture[: height // 4, : width // 4] = (230, 40, 20)
    picture.flags.writeable = False
    return picture


@cache
def alpha(height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """H×W: an opaque ellipse, a soft rim, nothing around it."""
    rows, columns = np.mgrid[:height, :width]
    far = np.hypot((columns - width / 2) / (width / 2), (rows - height / 2) / (height / 2))
    return np.clip((1.1 - far) * 4 * 255, 0, 255).astype(np.uint8)


def saved(picture: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file of a Pillow format."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


def image(mode: str = "RGB") -> Image.Image:
    """The scene in a Pillow mode; with the ellipse where that mode has transparency."""
    rgba = Image.fromarray(np.dstack([scene(), alpha()]))
    return rgba if mode == "RGBA" else rgba.convert("RGB" if mode != "LA" else "LA").convert(mode)


def exif(orientation: int = 1, **more: Any) -> Image.Exif:
    """What a telephone notes: orientation, maker, place."""
    notes = Image.Exif()
    notes[ExifTags.Base.Orientation] = orientation
    notes[ExifTags.Base.Make] = more.get("make", "Testphone")
    notes[ExifTags.IFD.GPSInfo] = {
        ExifTags.GPS.GPSLatitudeRef: "N",
        ExifTags.GPS.GPSLatitude: (48.0, 8.0, 15.0),
    }
    notes[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: "2026:01:02 03:04:05"}
    return notes


def stored(orientation: int, picture: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """How a camera with that orientation stores the scene: turned back, it is upright."""
    picture = scene() if picture is None else picture
    turns: Mapping[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }
    return np.ascontiguousarray(turns[orientation](picture))


def turned(orientation: int, kind: str = "JPEG", **options: Any) -> bytes:
    """The scene as stored with an orientation, in a format that can say so."""
    if kind == "JPEG":
        options = {"quality": 95, "subsampling": 0, **options}
    if kind == "WEBP":
        options = {"lossless": True, **options}
    return saved(stored(orientation), kind, exif=exif(orientation).tobytes(), **options)


def with_thumbnail(orientation: int = 6) -> bytes:
    """A JPEG whose EXIF holds a small JPEG of the picture as stored, as cameras write it."""
    notes = exif(orientation).tobytes()[6:]  # big-endian TIFF of Pillow: IFD0 at 8
    small = saved(Image.fromarray(stored(orientation)).resize((16, 16)), "JPEG")
    notes += bytes(len(notes) % 2)
    second = struct.pack(">H", 2)
    second += struct.pack(">HHII", ExifTags.Base.JpegIFOffset, 4, 1, len(notes) + 30)
    second += struct.pack(">HHII", ExifTags.Base.JpegIFByteCount, 4, 1, len(small))
    second += struct.pack(">I", 0)
    end = 8 + 2 + 12 * struct.unpack_from(">H", notes, 8)[0]
    linked = notes[:end] + struct.pack(">I", len(notes)) + notes[end + 4 :]
    return saved(
        stored(orientation), "JPEG", quality=95, exif=b"Exif\0\0" + linked + second + small
    )


def xmp_only(orientation: int = 6) -> bytes:
    """A JPEG that says only in XMP how it lies."""
    note = f'<rdf:Description tiff:Orientation="{orientation}"/>'
    return saved(stored(orientation), "JPEG", quality=95, subsampling=0, xmp=note.encode())


def jpeg(profile: bytes | None = None, **options: Any) -> bytes:
    """The scene as JPEG at quality 95, without chroma subsampling."""
    return saved(
        scene(), "JPEG", **{"quality": 95, "subsampling": 0, **options}, icc_profile=profile
    )


def png(profile: bytes | None = None) -> bytes:
    """The scene as PNG."""
    return saved(scene(), "PNG", icc_profile=profile)


def deep_scene(channels: int = 3) -> NDArray[np.uint16]:
    """H×W×C in 16 bits: every value between two of eight bits occurs."""
    wide = np.dstack([scene(), alpha()]).astype(np.int64)[..., :channels] * 257
    noise = np.random.default_rng(0).integers(-128, 129, wide.shape)
    deep = np.clip(wide + noise, 0, 65535).astype(np.uint16)
    return deep[..., 0] if channels == 1 else deep


def deep(suffix: str, channels: int) -> bytes:
    """A 16-bit PNG or TIFF of `deep_scene`."""
    levels = deep_scene(channels)
    if channels > 1:
        levels = levels[..., [2, 1, 0, 3][:channels]]
    done, encoded = cv2.imencode(suffix, levels)
    assert done
    return encoded.tobytes()


def palette() -> bytes:
    """A PNG of 32 colours, one of them see-through."""
    return saved(image("RGB").quantize(32), "PNG", transparency=0)


def soft_palette() -> bytes:
    """A PNG whose palette has half transparent colours."""
    return saved(image("RGB").quantize(32), "PNG", transparency=bytes(range(0, 256, 8)))


def colour_key() -> bytes:
    """A PNG in RGB with one colour declared see-through (tRNS)."""
    return saved(scene(), "PNG", transparency=(230, 40, 20))


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(kind: bytes, data: bytes) -> bytes:
    """A good PNG with one more chunk before its pixels."""
    whole = png()
    return whole[:33] + chunk(kind, data) + whole[33:]


def interlaced() -> bytes:
    """A PNG by Adam7, as the specification tells to make one."""
    picture, lines = scene(), b""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    for top, left, down, across in [*passes, (1, 0, 2, 1)]:
        lines += b"".join(b"\0" + row.tobytes() for row in picture[top::down, left::across])
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 1)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def animated(kind: str) -> bytes:
    """Two frames; the first is the scene."""
    other = Image.fromarray(255 - scene())
    options = {"lossless": True} if kind == "WEBP" else {}
    first = image() if kind != "GIF" else image().quantize(256)
    return saved(first, kind, save_all=True, append_images=[other], duration=100, **options)


def telephone() -> bytes:
    """An MPO: a JPEG that a second one follows."""
    other = Image.fromarray(255 - scene())
    return saved(scene(), "MPO", save_all=True, append_images=[other], quality=95, subsampling=0)


def heic(orientation: int = 1, profile: bytes | None = None, mode: str = "RGB") -> bytes:
    """A picture of an iPhone; needs pillow-heif."""
    from pillow_heif import register_heif_opener

    register_heif_opener()
    picture = Image.fromarray(stored(orientation)) if mode == "RGB" else image(mode)
    return saved(picture, "HEIF", quality=95, exif=exif(orientation).tobytes(), icc_profile=profile)


def alpha_png() -> bytes:
    """RGBA with a soft rim."""
    return saved(image("RGBA"), "PNG")


def square(side: int) -> bytes:
    """A tiny PNG."""
    return saved(scene(side, side), "PNG")


def text_bomb() -> bytes:
    """A PNG with 100 MB of text in 100 kB."""
    return with_chunk(b"zTXt", b"Comment\0\0" + _packed(100))


def profile_bomb() -> bytes:
    """A PNG with a profile of 100 MB in 100 kB."""
    return with_chunk(b"iCCP", b"profile\0\0" + _packed(100))


@cache
def _packed(megabytes: int) -> bytes:
    return zlib.compress(bytes(megabytes * 1024 * 1024), 9)


def huge_jpeg() -> bytes:
    """A small JPEG that claims to be of 60,000 × 60,000 pixels."""
    whole = jpeg()
    frame = whole.index(b"\xff\xc0")
    return whole[: frame + 5] + struct.pack(">HH", 60_000, 60_000) + whole[frame + 9 :]


def huge_gif() -> bytes:
    """A few bytes that claim to be of 65,535 × 65,535 pixels."""
    whole = saved(image("L"), "GIF")
    return whole[:6] + struct.pack("<HH", 65_535, 65_535) + whole[10:]


def huge_frame_gif() -> bytes:
    """A GIF of modest size whose first frame is huge."""
    whole = saved(image("L"), "GIF")
    at = whole.index(b",\0\0\0\0" + struct.pack("<HH", WIDTH, HEIGHT))
    return whole[: at + 5] + struct.pack("<HH", 65_535, 65_535) + whole[at + 9 :]


def huge_tiff() -> bytes:
    """A small TIFF that claims to be of 60,000 × 60,000 pixels."""
    whole = bytearray(saved(scene(), "TIFF"))
    (start,) = struct.unpack_from("<I", whole, 4)
    for at in range(start + 2, start + 26, 12):  # width and height come first
        struct.pack_into("<HHI", whole, at, struct.unpack_from("<H", whole, at)[0], 4, 1)
        struct.pack_into("<I", whole, at + 8, 60_000)
    return bytes(whole)


def float_tiff() -> bytes:
    """Levels of type float."""
    return saved(Image.fromarray(scene()[..., 0].astype(np.float32) / 255), "TIFF")


def cut(whole: bytes, share: float = 0.6) -> bytes:
    """The beginning of a file."""
    return whole[: int(len(whole) * share)]


def flipped_bits() -> bytes:
    """A PNG with damage in the middle of its pixels."""
    whole = bytearray(png())
    middle = len(whole) // 2
    whole[middle : middle + 8] = bytes(byte ^ 0xFF for byte in whole[middle : middle + 8])
    return bytes(whole)


def eps() -> bytes:
    """What Ghostscript would be started for."""
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n%%EndComments\nshowpage\n"


def page() -> bytes:
    """A web page that was saved as a picture."""
    return b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>"


def _comment() -> bytes:
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "kept by nobody")
    return saved(scene(), "PNG", pnginfo=note)


GOOD: Mapping[str, Callable[[], bytes]] = {
    **{f"orientation_{i}.jpg": partial(turned, i) for i in range(1, 9)},
    **{f"orientation_{i}.png": partial(turned, i, "PNG") for i in range(1, 9)},
    **{f"orientation_{i}.webp": partial(turned, i, "WEBP") for i in range(1, 9)},
    **{f"orientation_{i}.tiff": partial(turned, i, "TIFF") for i in range(1, 9)},
    "orientation_in_xmp.jpg": xmp_only,
    "thumbnail.jpg": with_thumbnail,
    "plain.jpg": jpeg,
    "plain.png": png,
    "plain.webp": lambda: saved(scene(), "WEBP", lossless=True),
    "plain.tiff": lambda: saved(scene(), "TIFF"),
    "plain.bmp": lambda: saved(scene(), "BMP"),
    "plain.gif": lambda: saved(image().quantize(256), "GIF"),
    "named_wrongly.png": jpeg,
    "commented.png": _comment,
    "progressive.jpg": lambda: jpeg(progressive=True),
    "interlaced.png": interlaced,
    "telephone.mpo": telephone,
    "display_p3.jpg": lambda: jpeg(profiles.display_p3()),
    "display_p3.png": lambda: png(profiles.display_p3()),
    "display_p3.webp": lambda: saved(
        scene(), "WEBP", lossless=True, icc_profile=profiles.display_p3()
    ),
    "adobe_rgb.jpg": lambda: jpeg(profiles.adobe_rgb()),
    "srgb_profile.png": lambda: png(profiles.srgb()),
    "damaged_profile.jpg": lambda: jpeg(profiles.display_p3()[:200]),
    "damaged_exif.jpg": lambda: jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x7f" * 40),
    "grey.png": lambda: saved(image("L"), "PNG"),
    "grey.jpg": lambda: saved(image("L"), "JPEG", quality=95),
    "grey_with_profile.png": lambda: saved(image("L"), "PNG", icc_profile=profiles.grey()),
    "grey_16.png": lambda: deep(".png", 1),
    "rgb_16.png": lambda: deep(".png", 3),
    "rgba_16.png": lambda: deep(".png", 4),
    "grey_16.tiff": lambda: deep(".tiff", 1),
    "rgb_16.tiff": lambda: deep(".tiff", 3),
    "one_bit.png": lambda: saved(image("1"), "PNG"),
    "cmyk.jpg": lambda: saved(image("CMYK"), "JPEG", quality=95),
    "cmyk_with_profile.jpg": lambda: saved(
        image("CMYK"), "JPEG", quality=95, icc_profile=profiles.cmyk()
    ),
    "cmyk.tiff": lambda: saved(image("CMYK"), "TIFF"),
    "palette.png": lambda: saved(image().quantize(32), "PNG"),
    "palette_transparent.png": palette,
    "palette_soft.png": soft_palette,
    "colour_key.png": colour_key,
    "grey_alpha.png": lambda: saved(image("LA"), "PNG"),
    "alpha.png": alpha_png,
    "alpha.webp": lambda: saved(image("RGBA"), "WEBP", lossless=True, exact=True),
    "alpha.tiff": lambda: saved(image("RGBA"), "TIFF"),
    "transparent.gif": lambda: saved(image().quantize(32), "GIF", transparency=0),
    "animated.gif": lambda: animated("GIF"),
    "animated.webp": lambda: animated("WEBP"),
    "animated.png": lambda: animated("PNG"),
    "1x1.png": lambda: square(1),
    "32x32.png": lambda: square(32),
    "1x1.jpg": lambda: saved(scene(1, 1), "JPEG"),
    **({"telephone.heic": heic, "alpha.heic": lambda: heic(mode="RGBA")} if HEIC else {}),
}

_REFUSED: Mapping[str, tuple[int, Callable[[], bytes]]] = {
    "bomb.png": (413, png_bomb),
    "bomb.jpg": (413, huge_jpeg),
    "bomb.gif": (413, huge_gif),
    "bomb_frame.gif": (413, huge_frame_gif),
    "bomb.tiff": (413, huge_tiff),
    "bomb_in_text.png": (422, text_bomb),
    "bomb_in_profile.png": (422, profile_bomb),
    "empty.jpg": (415, lambda: b""),
    "page.jpg": (415, page),
    "text.png": (415, lambda: b"just some words"),
    "zeros.jpg": (415, lambda: bytes(4096)),
    "drawing.svg": (415, lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "paper.pdf": (415, lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    "drawing.eps": (415, eps),
    "packed.jpg": (415, lambda: gzip.compress(jpeg())),
    "painting.ppm": (415, lambda: saved(scene(), "PPM")),
    "truncated.jpg": (422, lambda: cut(jpeg())),
    "truncated_progressive.jpg": (422, lambda: cut(jpeg(progressive=True))),
    "truncated.png": (422, lambda: cut(png())),
    "truncated.webp": (422, lambda: cut(saved(scene(), "WEBP"))),
    "truncated.tiff": (422, lambda: cut(saved(scene(), "TIFF"))),
    "truncated.gif": (422, lambda: cut(saved(image().quantize(256), "GIF"))),
    "truncated.bmp": (422, lambda: cut(saved(scene(), "BMP"))),
    "only_a_header.jpg": (422, lambda: jpeg()[:4]),
    "only_a_header.png": (422, lambda: png()[:16]),
    "damaged.png": (422, flipped_bits),
    "float.tiff": (422, float_tiff),
    **({"truncated.heic": (422, lambda: cut(heic()))} if HEIC else {}),
}

BAD: Mapping[str, Callable[[], bytes]] = {name: make for name, (_, make) in _REFUSED.items()}

STATUS: Mapping[str, int] = {name: status for name, (status, _) in _REFUSED.items()}
"""What an API answers: 413 too large, 415 not a picture that can be read, 422 damaged."""
