"""Bytes of any picture → `Photo`."""

from __future__ import annotations

import importlib.util
import io
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from pipeline.errors import BadPicture, NotAPicture, TooLarge
from pipeline.images import MAX_PIXELS
from pipeline.photos.colour import profile_for
from pipeline.photos.exif import exif_of, exif_of_tiff, orientation_of, upright_exif
from pipeline.photos.jpeg import decode_jpeg, is_whole
from pipeline.photos.photo import Photo
from pipeline.photos.pixels import Pixels, pixels_of, space_of, turned
from pipeline.photos.sniffing import HEAD, READABLE, Kind, described, kind_of, webp_size

MAX_BYTES = 1 << 30
"""Of a file: a hundred megapixels in 16-bit RGBA, not packed, have fewer."""

_DAMAGED = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError,
    OverflowError, ZeroDivisionError, RuntimeError, struct.error, zlib.error, Warning,
)  # fmt: skip
"""What Pillow's decoders raise on damaged files, found by damaging some."""

_OPENING = threading.Lock()


def read_photo(
    source: Path | bytes, name: str = "the picture", max_pixels: int = MAX_PIXELS
) -> Photo:
    """Read a picture of any kind, upright.

    Args:
        source: A file, or the bytes of one.
        name: What errors call bytes.
        max_pixels: A larger picture is refused before it is decoded.

    Raises:
        TooLarge: More than `max_pixels`, or than MAX_BYTES.
        NotAPicture: Of no kind that is read here, or an extra is missing for it.
        BadPicture: Damaged, or no such file.
    """
    file = source if isinstance(source, Path) else Path(name)
    content = _content(source, file) if isinstance(source, Path) else source
    kind = _kind(content[:HEAD], file)
    if len(content) > MAX_BYTES:
        raise TooLarge(file, f"has more than {MAX_BYTES / 1e6:,.0f} MB; shrink it")
    with _damage_of(file), _opened(content, kind, file, max_pixels) as image:
        exif = exif_of(image)
        orientation = orientation_of(exif, image.info.get("xmp"))
        pixels = _decoded(image, content, kind, file)
        if kind == "TIFF":
            exif = exif_of_tiff(image)
    if kind not in ("TIFF", "HEIF"):  # those two have been turned by their decoders
        pixels = pixels._replace(
            rgb=turned(pixels.rgb, orientation),
            alpha=None if pixels.alpha is None else turned(pixels.alpha, orientation),
        )
    opaque = pixels.alpha is None or bool((pixels.alpha == 255).all())
    return Photo(pixels.rgb, None if opaque else pixels.alpha, pixels.icc, upright_exif(exif), kind)


def _content(source: Path, file: Path) -> bytes:
    """The bytes of a file, but not of one that begins like no picture or has no end."""
    try:
        with source.open("rb") as stream:
            head = stream.read(HEAD)
            _kind(head, file)
            content = head + stream.read(MAX_BYTES - HEAD + 1)
    except FileNotFoundError:
        raise BadPicture(file, "no such file") from None
    except IsADirectoryError:
        raise BadPicture(file, "is a folder, not a picture") from None
    except OSError as problem:
        raise BadPicture(file, f"cannot be read ({problem.strerror})") from None
    return content


def _kind(head: bytes, file: Path) -> Kind:
    """Which kind it is, if that can be read here."""
    kind = kind_of(head)
    if kind is None:
        raise NotAPicture(
            file, f"{described(head)}, whatever its name says; {READABLE} can be read"
        )
    if kind == "HEIF" and not reads_heic():
        raise NotAPicture(file, "HEIC needs an extra: pip install 'clearscene[heic]'")
    if kind == "AVIF" and not reads_avif():
        raise NotAPicture(file, "AVIF needs a newer Pillow: pip install 'pillow>=11.3'")
    return kind


@cache
def reads_heic() -> bool:
    """Whether pillow-heif is installed; from then on Pillow opens such files."""
    if importlib.util.find_spec("pillow_heif") is None:
        return False
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return True


@cache
def reads_avif() -> bool:
    """Whether this Pillow was built with AVIF."""
    try:
        from PIL.AvifImagePlugin import SUPPORTED
    except ImportError:
        return False
    return bool(SUPPORTED)


@contextmanager
def _damage_of(file: Path) -> Iterator[None]:
    """What decoders raise becomes a BadPicture of that file."""
    try:
        yield
    except BadPicture:
        raise
    except _DAMAGED as problem:
        said = " ".join(str(problem).split()) or type(problem).__name__
        if isinstance(problem, UnidentifiedImageError):
            said = "its header is damaged"
        raise BadPicture(file, f"cannot be decoded ({said}); use the original file") from None


@contextmanager
def _opened(content: bytes, kind: Kind, file: Path, max_pixels: int) -> Iterator[Image.Image]:
    """A picture that is not yet decoded, and not too large to be."""
    if kind == "WEBP":
        _check_size(*webp_size(content), file, max_pixels)
    # Pillow warns of damaged notes beside a picture; each is looked at here, and logged.
    with _OPENING, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
        image = Image.open(io.BytesIO(content), formats=(kind,))
    with image:
        _check_size(*image.size, file, max_pixels)
        yield image


def _check_size(width: int, height: int, file: Path, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise TooLarge(
            file, f"{width}×{height} is more than {max_pixels / 1e6:g} megapixels; shrink it"
        )
    if not width * height:
        raise BadPicture(file, "has no pixels")


def _decoded(image: Image.Image, content: bytes, kind: Kind, file: Path) -> Pixels:
    """By OpenCV where that is as good and takes less memory, else by Pillow."""
    if kind == "JPEG" and is_whole(content) and image.mode in ("RGB", "L"):
        kept = profile_for(image.info.get("icc_profile"), space_of(image))
        if kept is None or kept[16:20] == b"RGB ":
            rgb = decode_jpeg(content)
            if rgb is not None and rgb.shape[:2] == image.size[::-1]:
                return Pixels(rgb, None, kept)
    image.load()
    return pixels_of(image, content, file)
