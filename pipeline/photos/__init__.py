"""Pictures as people send and want them: any format in, profile and EXIF kept, bytes out."""

from pipeline.photos.colour import to_srgb
from pipeline.photos.photo import Photo
from pipeline.photos.reading import read_photo
from pipeline.photos.writing import (
    FORMATS,
    MEDIA_TYPES,
    SUFFIXES,
    Format,
    encode_photo,
    format_of,
    over_white,
)

__all__ = [
    "FORMATS", "MEDIA_TYPES", "SUFFIXES", "Format", "Photo", "encode_photo", "format_of",
    "over_white", "read_photo", "to_srgb",
]  # fmt: skip
