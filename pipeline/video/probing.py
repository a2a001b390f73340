"""What a film that was written must hold: opened again, and looked at."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipeline.errors import PipelineError
from pipeline.video.joining import Sides, Times, packets_of, payload
from pipeline.video.kinds import container_for
from pipeline.video.reader import opened, video_stream
from pipeline.video.writer import Look

COARSE = Fraction(1, 1000)
"""Matroska and WebM know no finer time."""


class Copied(NamedTuple):
    """What is in a stream of sound or subtitles, whichever container holds it."""

    packets: int
    sha256: str


def check_film(
    written: Path, look: Look, times: Times, transparent: bool, source: Path, sides: Sides
) -> None:
    """Compare a film with what it should be.

    Args:
        written: The film.
        look: Of its frames.
        times: Of its frames.
        transparent: Whether there must be an alpha.
        source: What its sound was copied from.
        sides: Which streams of it.

    Raises:
        PipelineError: It has other frames, times or sound, or its alpha is missing.
    """
    _check_frames(written, look, times)
    if transparent and not has_alpha(written):
        raise _wrong(written, "its transparency is missing")
    with opened(written) as film:
        ours = [stream.index for stream in film.streams if stream.type in ("audio", "subtitle")]
    before, after = copied(source, sides.streams), copied(written, ours)
    if before != after:
        told = f"{sum(one.packets for one in after)} of {sum(one.packets for one in before)}"
        raise _wrong(written, f"its sound is not that of {source.name} ({told} packets)")


def copied(file: Path, numbers: Sequence[int]) -> list[Copied]:
    """What streams hold, in the order of their numbers."""
    counts = dict.fromkeys(numbers, 0)
    hashes = {number: hashlib.sha256() for number in numbers}
    if numbers:
        with opened(file) as container:
            for packet in packets_of(container, list(numbers)):
                if packet.size:
                    counts[packet.stream_index] += 1
                    hashes[packet.stream_index].update(payload(packet))
    return [Copied(counts[number], hashes[number].hexdigest()) for number in numbers]


def has_alpha(file: Path) -> bool:
    """Whether the first frame of a film decodes with an alpha.

    FFmpeg's own decoder of VP9 passes alpha over; libvpx does not.
    """
    with opened(file) as film:
        stream = video_stream(film, file)
        context: Any = stream.codec_context
        if context.codec.canonical_name == "vp9":
            context = av.CodecContext.create("libvpx-vp9", "r")
        for packet in film.demux(stream):
            for frame in context.decode(packet):
                return any(part.is_alpha for part in frame.format.components)
    return False


def _check_frames(written: Path, look: Look, times: Times) -> None:
    stamps: array[int] = array("q")
    with opened(written) as film:
        stream = video_stream(film, written)
        if (stream.height, stream.width) != (look.height, look.width):
            raise _wrong(written, f"its frames are {stream.width}×{stream.height}")
        base = stream.time_base or times.base
        for packet in film.demux(stream):
            if packet.size and packet.pts is not None:
                stamps.append(packet.pts)
        if not stamps or not _decodes(film, stream, max(stamps)):
            raise _wrong(written, "its last frames cannot be decoded")
    if len(stamps) != len(times.stamps):
        raise _wrong(written, f"it holds {len(stamps)} frames of {len(times.stamps)}")
    _check_times(written, Times(array("q", sorted(stamps)), base, 1), times)


def _check_times(written: Path, ours: Times, wanted: Times) -> None:
    late = Fraction(0)
    if may_start_late(written):
        late = ours.stamps[0] * ours.base - wanted.stamps[0] * wanted.base
    for number, (one, other) in enumerate(zip(ours.stamps, wanted.stamps, strict=True)):
        off = one * ours.base - other * wanted.base - late
        if abs(off) > _tolerance(ours.base, wanted.base):
            raise _wrong(written, f"frame {number} is shown {float(off):+.3f} s off")


def may_start_late(written: Path) -> bool:
    """Whether a container knows no times before zero.

    Sound often begins before the first frame (an encoder's delay). Where that cannot be written,
    all streams are moved later together.
    """
    return container_for(written) in ("matroska", "webm")


def _decodes(film: InputContainer, stream: VideoStream, last: int) -> bool:
    """Whether there is a picture at the end."""
    film.seek(last, stream=stream)
    return any(stream.decode(packet) for packet in film.demux(stream))


def _tolerance(ours: Fraction, theirs: Fraction) -> Fraction:
    """Nothing where the container counts as finely as the source."""
    return Fraction(0) if (theirs / ours).denominator == 1 else COARSE


def _wrong(written: Path, what: str) -> PipelineError:
    return PipelineError(f"{written}: was written, but {what}; nothing is left of it, start again")
