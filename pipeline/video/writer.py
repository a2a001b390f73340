"""Frames into an encoder: stretches of a film, each of which can be decoded by itself.

A film is written in stretches so that a killed run loses one of them at most. No frame refers to
later ones (no B-frames, no hidden ones): one packet comes for each frame, in their order, and
stretches join without any of their packets being touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.video.stream import VideoStream

from pipeline.errors import PipelineError, UsageError
from pipeline.images import RGBA
from pipeline.video.kinds import container_for
from pipeline.video.planes import Tags, encoded

THREADS = 2
"""Of the encoder: always as many, for other numbers give other bytes."""

KEY_EVERY = 60
"""Frames from one key frame to the next, at most: players seek to those."""


class Encoding(NamedTuple):
    """How frames are encoded.

    Attributes:
        codec: FFmpeg's name of the encoder.
        pixels: The format it is given; None leaves the frames' own.
        options: Of the encoder.
    """

    codec: str
    pixels: str | None
    options: dict[str, str]

    @property
    def transparent(self) -> bool:
        """Whether an alpha is kept."""
        return self.pixels is not None and "yuva" in self.pixels


class Look(NamedTuple):
    """What all frames of a film have in common.

    Attributes:
        height: Rows.
        width: Columns.
        pixels: Format of the frames.
        tags: What their colours mean.
        aspect: Width of a pixel by its height.
        rate: Frames per second, on average.
    """

    height: int
    width: int
    pixels: str
    tags: Tags
    aspect: Fraction
    rate: Fraction


H264 = Encoding(
    "libx264",
    None,
    # its macroblock tree reads memory that nobody has written: other bytes each time
    {"crf": "18", "preset": "veryfast", "bf": "0", "x264-params": "mbtree=0"},
)
MPEG4 = Encoding("mpeg4", "yuv420p", {"qscale": "2", "bf": "0"})
_VP9 = {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "5", "auto-alt-ref": "0",
        "lag-in-frames": "0", "row-mt": "1"}  # fmt: skip
VP9 = Encoding("libvpx-vp9", None, _VP9)
VP9_ALPHA = Encoding("libvpx-vp9", "yuva420p", _VP9)
PRORES_4444 = Encoding("prores_ks", "yuva444p10le", {"profile": "4444", "alpha_bits": "16"})


def encoding_for(target: Path, transparent: bool = False) -> Encoding:
    """Choose how to encode by the suffix of what is to be written.

    Raises:
        UsageError: The suffix is that of no film, or of one that cannot be transparent.
        PipelineError: This FFmpeg lacks the encoder.
    """
    container = container_for(target)
    if transparent:
        ways = {"webm": VP9_ALPHA, "matroska": VP9_ALPHA, "mov": PRORES_4444}
        if container not in ways:
            raise UsageError(
                f"{target}: a transparent film cannot be {target.suffix}; name a .webm (VP9) or "
                ".mov (ProRes 4444), or choose a background"
            )
        return _there(ways[container], target)
    if container == "webm":
        return _there(VP9, target)
    return H264 if H264.codec in av.codecs_available else MPEG4


def _there(encoding: Encoding, target: Path) -> Encoding:
    if encoding.codec not in av.codecs_available:
        raise PipelineError(
            f"{target}: PyAV here lacks the encoder {encoding.codec}; take .mp4 with a background"
        )
    return encoding


def write_stretch(
    file: Path, frames: Iterable[av.VideoFrame | RGBA], look: Look, encoding: Encoding
) -> int:
    """Encode some frames into a file of their own, in Matroska, and count them.

    Their times are not kept: the k-th packet is the k-th frame.

    Args:
        file: What to write.
        frames: As `look` says, or RGBA where alpha is kept.
        look: What they have in common.
        encoding: How.
    """
    count = 0
    with av.open(str(file), "w", format="matroska", options={"fflags": "+bitexact"}) as container:
        stream = _stream(container, look, encoding)
        for frame in frames:
            ready = _ready(frame, look, encoding)
            ready.pts, ready.time_base = count, 1 / look.rate
            container.mux(stream.encode(ready))
            count += 1
        container.mux(stream.encode())
    return count


def _ready(frame: av.VideoFrame | RGBA, look: Look, encoding: Encoding) -> av.VideoFrame:
    if not isinstance(frame, av.VideoFrame):
        return encoded(frame, encoding.pixels or look.pixels, look.tags)
    if encoding.pixels and frame.format.name != encoding.pixels:
        frame = frame.reformat(format=encoding.pixels)
    return frame


def _stream(container: Any, look: Look, encoding: Encoding) -> VideoStream:
    stream = container.add_stream(encoding.codec, rate=look.rate)
    assert isinstance(stream, VideoStream)  # what all these encoders make
    stream.width, stream.height = look.width, look.height
    stream.pix_fmt = encoding.pixels or look.pixels
    stream.options = {**encoding.options, "g": str(KEY_EVERY)}
    context = stream.codec_context
    context.time_base = 1 / look.rate
    context.thread_count = THREADS
    context.sample_aspect_ratio = look.aspect
    context.colorspace, context.color_range = look.tags.matrix, look.tags.range
    context.color_primaries, context.color_trc = look.tags.primaries, look.tags.transfer
    if encoding.transparent:
        stream.metadata["alpha_mode"] = "1"
    return stream
