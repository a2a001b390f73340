"""Films with sound, subtitles and odd clocks, made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from pipeline.images import RGB
from pipeline.video.reader import VideoReader

RATE = 10


def moving_texture(count: int, height: int = 64, width: int = 96, seed: int = 0) -> list[RGB]:
    """A window that travels over coloured patches."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 220, (height // 8 + 2, (width + 2 * count) // 8 + 2, 3))
    hard = np.kron(coarse, np.ones((8, 8, 1))).astype(np.uint8)
    patches = cv2.GaussianBlur(hard, (0, 0), 3)
    return [
        np.ascontiguousarray(patches[:height, 2 * i : 2 * i + width], np.uint8)
        for i in range(count)
    ]


def write_film(
    file: Path,
    frames: Sequence[RGB],
    *,
    stamps: Sequence[int] | None = None,
    base: Fraction = Fraction(1, RATE),
    sounds: Sequence[str] = ("aac",),
    turned: int | None = None,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    full_range: bool = False,
    matrix: int = 2,
    chapters: bool = False,
) -> Path:
    """Encode frames with a tone in each stream of sound."""
    stamps = list(range(len(frames))) if stamps is None else list(stamps)
    with av.open(str(file), "w") as container:
        stream: Any = container.add_stream(codec, rate=RATE)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = pixels, base
        stream.options = {"g": "5", "crf": "8"} if codec == "libx264" else {}
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_primaries = stream.codec_context.color_trc = matrix
        stream.codec_context.color_range = 2 if full_range else 1
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if turned is not None:
            stream.set_display_rotation(turned, hflip=mirrored)
        tones = [_add_tone(container, name, number) for number, name in enumerate(sounds)]
        container.metadata["title"] = "A drive"
        if chapters:
            whole = {"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000)}
            container.set_chapters([{**whole, "metadata": {"title": "One"}}])
        for stamp, picture in zip(stamps, frames, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(
                format=pixels, dst_colorspace=matrix if matrix != 2 else None,
                dst_color_range=2 if full_range else 1,
            )  # fmt: skip
            frame.pts, frame.time_base = stamp, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        seconds = float((stamps[-1] + 1) * base)
        for number, tone in enumerate(tones):
            _play(container, tone, seconds, 220.0 * (number + 1))
    return file


def _add_tone(container: Any, codec: str, number: int) -> Any:
    rate = 48000 if codec == "libopus" else 8000
    stream = container.add_stream(codec, rate=rate, layout="mono")
    stream.metadata["language"] = ("eng", "deu", "fra")[number]
    return stream


def _play(container: Any, stream: Any, seconds: float, pitch: float) -> None:
    rate = stream.codec_context.sample_rate
    wave = np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * pitch / rate)
    for start in range(0, len(wave), 960):
        piece = (wave[None, start : start + 960] * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        for ready in _resampled(stream, frame):
            container.mux(stream.encode(ready))
    container.mux(stream.encode())


def _resampled(stream: Any, frame: av.AudioFrame) -> list[av.AudioFrame]:
    wanted = stream.codec_context.format.name
    if wanted == "s16":
        return [frame]
    made = av.AudioResampler(wanted, "mono", stream.codec_context.sample_rate)
    return made.resample(frame)


def shown(file: Path) -> list[RGB]:
    """All frames, as a player shows them."""
    with VideoReader(file) as reader:
        return [frame.rgb() for frame in reader.frames()]


def times(file: Path) -> list[Fraction]:
    """When each frame is shown, exactly."""
    with VideoReader(file) as reader:
        return [
            frame.decoded.pts * frame.decoded.time_base  # type: ignore[operator]
            for frame in reader.frames()
        ]


def sound(file: Path) -> list[list[tuple[Fraction, bytes]]]:
    """Time and bytes of each packet of each stream of sound."""
    with av.open(str(file)) as container:
        streams = container.streams.audio
        packets: dict[int, list[tuple[Fraction, bytes]]] = {s.index: [] for s in streams}
        if streams:
            for packet in container.demux(*streams):
                if packet.size:
                    when = packet.pts * packet.time_base  # type: ignore[operator]
                    packets[packet.stream_index].append((when, bytes(packet)))
    return list(packets.values())
