"""A film that is to be edited: what its frames have in common, their times, and the frames."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from pipeline.video.joining import Times
from pipeline.video.planes import Upright, upright
from pipeline.video.reader import USUAL_RATE, BadVideo, VideoReader, opened, video_stream
from pipeline.video.writer import Look


class Film(NamedTuple):
    """A film that has been read through once.

    Attributes:
        file: Where it is.
        look: Of its frames, upright.
        times: Of its frames.
        stored_aspect: Width of a pixel by its height as it is stored, perhaps turned.
        damage: What is wrong with it, in words; empty if nothing is.
    """

    file: Path
    look: Look
    times: Times
    stored_aspect: Fraction = Fraction(1)
    damage: str = ""

    def frames(self, first: int = 0) -> Iterator[Upright]:
        """The frames from a number on; those before are decoded, as later ones build on them."""
        with VideoReader(self.file) as reader:
            for number, frame in enumerate(reader.frames()):
                if number >= first:
                    yield upright(frame.decoded, self.stored_aspect)


def frames_told(file: Path) -> int:
    """How many frames a film announces, by its count or its length; 0 if it says nothing."""
    with opened(file) as container:
        stream = video_stream(container, file)
        if stream.frames:
            return stream.frames
        seconds = (container.duration or 0) / 1_000_000
        return round(seconds * float(stream.average_rate or USUAL_RATE))


def read_film(file: Path) -> Film:
    """Decode a film once, for its times and for the look of its frames.

    Raises:
        BadVideo: No frame of it can be decoded, or its size changes on the way.
    """
    with opened(file) as container:
        stream = video_stream(container, file)
        base = stream.time_base or 1 / USUAL_RATE
        rate = Fraction(stream.average_rate or stream.base_rate or USUAL_RATE)
        aspect = Fraction(stream.sample_aspect_ratio or 1)
    look, size = None, (0, 0)
    stamps: array[int] = array("q")
    with VideoReader(file) as reader:
        for frame in reader.frames():
            decoded = frame.decoded
            if look is None:
                seen, size = upright(decoded, aspect), (decoded.height, decoded.width)
                height, width = seen.rgb.shape[:2]
                look = Look(height, width, seen.frame.format.name, seen.tags, seen.aspect, rate)
            if size != (decoded.height, decoded.width):
                raise BadVideo(file, f"changes its size after {len(stamps)} frames; cut it there")
            stamp = decoded.pts if decoded.pts is not None else round(frame.seconds / base)
            stamps.append(max(stamp, stamps[-1] + 1) if stamps else stamp)
        damage = reader.damage
    if look is None:
        raise BadVideo(file, "none of its frames can be decoded")
    last = max(1, round(1 / (rate * base)))
    return Film(file, look, Times(stamps, base, last), aspect, damage)
