"""Stretches into a film: their packets as they are, with the sound and all else of the source.

Only what is copied here is ever in memory: a packet of each stream.
"""

from __future__ import annotations

import heapq
import io
from array import array
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from pipeline.errors import PipelineError, UsageError
from pipeline.video.kinds import container_for
from pipeline.video.reader import opened, video_stream

_WRITERS_OWN = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration"}
"""Notes that a container makes about itself."""


class Sides(NamedTuple):
    """What a target takes over from a source besides its pictures.

    Attributes:
        streams: Numbers of the streams of sound and subtitles that are copied.
        left: In words, what the target cannot hold.
    """

    streams: tuple[int, ...]
    left: tuple[str, ...]


class Times(NamedTuple):
    """When the frames of a film are shown.

    Attributes:
        stamps: One per frame, rising, in units of `base`.
        base: Seconds.
        last: How long the last frame is shown, in units of `base`.
    """

    stamps: array[int]
    base: Fraction
    last: int

    def length(self, number: int) -> int:
        """How long a frame is shown."""
        if number + 1 < len(self.stamps):
            return self.stamps[number + 1] - self.stamps[number]
        return self.last


def sides_of(source: Path, target: Path) -> Sides:
    """Look which streams of a source its target can hold.

    Raises:
        UsageError: It cannot hold the sound.
        BadVideo: The source is no film.
    """
    kind = container_for(target)
    streams, left = [], []
    with opened(source) as container:
        for stream in container.streams:
            if stream.type not in ("audio", "subtitle") or stream.codec_context is None:
                continue
            codec = stream.codec_context.codec.canonical_name
            if _holds(kind, stream):
                streams.append(stream.index)
            elif stream.type == "audio":
                raise UsageError(
                    f"{target}: {target.suffix} cannot hold the sound of {source.name} ({codec}); "
                    f"name a .mkv, such as {target.with_suffix('.mkv').name}"
                )
            else:
                left.append(f"subtitles ({codec}), which {target.suffix} cannot hold")
    return Sides(tuple(streams), tuple(left))


def join(target: Path, stretches: Sequence[Path], times: Times, source: Path, sides: Sides) -> None:
    """Write a film of stretches; see `write_stretch`.

    Args:
        target: What to write; its container is that of the suffix.
        stretches: In order.
        times: Of their frames, all together.
        source: Where sound, subtitles, chapters and notes come from.
        sides: What of it; see `sides_of`.

    Raises:
        PipelineError: The stretches do not belong together.
    """
    options = {"movflags": "+faststart"} if container_for(target) in ("mp4", "mov") else {}
    with (
        opened(source) as original,
        av.open(str(stretches[0])) as first,
        av.open(str(target), "w", format=container_for(target), options=options) as film,
    ):
        picture = film.add_stream_from_template(first.streams.video[0])
        picture.time_base = times.base
        picture.metadata.update(_notes(video_stream(original, source).metadata))
        if "alpha_mode" in first.streams.video[0].metadata:
            picture.metadata["alpha_mode"] = "1"
        copies = {number: _copied(film, original.streams[number]) for number in sides.streams}
        film.metadata.update(_notes(original.metadata))
        film.set_chapters(original.chapters())
        ways = [_pictures(stretches, times, picture), _others(original, copies)]
        for _, packet in heapq.merge(*ways, key=lambda pair: pair[0]):
            film.mux_one(packet)


def payload(packet: av.Packet[Any]) -> bytes:
    """What is in a packet; of AAC without the header that MPEG streams put before each."""
    content = bytes(packet)
    is_adts = packet.stream.codec_context.name == "aac" and content[:1] == b"\xff"
    if is_adts and len(content) > 7 and content[1] & 0xF6 == 0xF0:
        return content[7 if content[1] & 1 else 9 :]
    return content


def _holds(kind: str, stream: Stream) -> bool:
    """Whether a container takes a stream: some say so of a codec, and fail when they begin."""
    with av.open(io.BytesIO(), "w", format=kind) as probe:
        if stream.codec_context.codec.canonical_name not in probe.supported_codecs:
            return False
    try:
        with av.open(io.BytesIO(), "w", format=kind) as probe:
            probe.add_stream_from_template(stream)
            probe.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


def _copied(film: OutputContainer, stream: Stream) -> Stream:
    copy = film.add_stream_from_template(stream)
    copy.metadata.update(_notes(stream.metadata))
    copy.disposition = stream.disposition
    return copy


def _notes(metadata: dict[str, str]) -> dict[str, str]:
    return {key: note for key, note in metadata.items() if key.lower() not in _WRITERS_OWN}


def _pictures(
    stretches: Sequence[Path], times: Times, stream: VideoStream
) -> Iterator[tuple[float, av.Packet[Any]]]:
    number = 0
    header: bytes | None = None
    for file in stretches:
        with av.open(str(file)) as part:
            own = part.streams.video[0]
            header = header or own.codec_context.extradata
            if own.codec_context.extradata != header:
                raise PipelineError(
                    f"{file}: was written by another encoder; remove {file.parent} and start again"
                )
            for packet in part.demux(own):
                if packet.size == 0:
                    continue
                packet.stream = stream
                packet.time_base = times.base
                packet.pts = packet.dts = times.stamps[number]
                packet.duration = times.length(number)
                yield float(packet.pts * times.base), packet
                number += 1
    if number != len(times.stamps):
        raise PipelineError(
            f"{stretches[0].parent}: holds {number} frames of {len(times.stamps)}; remove it and "
            "start again"
        )


def _others(
    original: InputContainer, copies: dict[int, Stream]
) -> Iterator[tuple[float, av.Packet[Any]]]:
    if not copies:
        return
    now = float("-inf")
    for packet in packets_of(original, list(copies)):
        if packet.size == 0:
            continue
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is not None and packet.time_base:
            now = max(now, float(stamp * packet.time_base))
        packet.stream = copies[packet.stream_index]
        yield now, packet


def packets_of(original: InputContainer, numbers: list[int]) -> Iterator[av.Packet[Any]]:
    """Packets up to where a damaged file breaks; how much was missed the frames' reader says."""
    try:
        yield from original.demux(*(original.streams[number] for number in numbers))
    except av.FFmpegError:
        return
