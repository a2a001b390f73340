"""A video file as upright RGB frames with their times; its length costs no memory.

FFmpeg (in PyAV) decides what a file is, whatever its name says. It may open that file alone: a
playlist or script that names other places is no video here. HDR is not mapped to the range of a
screen, and interlaced fields are not parted.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.reformatter import Colorspace, Interpolation
from av.video.stream import VideoStream

from pipeline.errors import PipelineError
from pipeline.images import MAX_PIXELS, RGB, resize_picture

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,flv,ogg,asf,gif,mp3,wav,aac,flac"
"""What is opened, by FFmpeg's names; of sound only so that it can be called sound."""

UNTOLD = 2
"""AVCOL_SPC_UNSPECIFIED: the file does not say by which matrix its colours were made."""

HD_HEIGHT = 720
USUAL_RATE = Fraction(25)


class BadVideo(PipelineError):
    """A file of which no picture can be had.

    Attributes:
        file: The offending file.
        reason: What is wrong with it, without its name (for a rejects table).
    """

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file, self.reason = file, reason


class Frame(NamedTuple):
    """A decoded frame; it is turned into RGB only when that is asked for.

    Attributes:
        seconds: Since the first frame, by the video's own time stamps.
        decoded: As FFmpeg gave it.
        aspect: Width of a pixel by its height.
    """

    seconds: float
    decoded: av.VideoFrame
    aspect: float = 1.0

    def rgb(self) -> RGB:
        """Upright, with square pixels, at native size."""
        picture = self._converted(self.decoded.width, self.decoded.height, Interpolation.BILINEAR)
        return _upright(_square(picture, self.aspect), self.decoded)

    def small(self, longer_side: int) -> RGB:
        """Scaled by area until the longer side has so many pixels; never enlarged, not turned."""
        width, height = self.decoded.width, self.decoded.height
        scale = min(1.0, longer_side / max(width, height))
        return self._converted(
            max(1, round(width * scale)), max(1, round(height * scale)), Interpolation.AREA
        )

    def _converted(self, width: int, height: int, interpolation: Interpolation) -> RGB:
        # Players take HD that does not say otherwise for BT.709; FFmpeg would take it for BT.601.
        untold_hd = self.decoded.colorspace == UNTOLD and self.decoded.height >= HD_HEIGHT
        converted = self.decoded.to_ndarray(
            width=width,
            height=height,
            format="rgb24",
            interpolation=interpolation | Interpolation.ACCURATE_RND,
            src_colorspace=Colorspace.ITU709 if untold_hd else None,
        )
        return converted.astype(np.uint8, copy=False)


class VideoReader:
    """Reads the first true video stream of a file; cover pictures are none.

    Args:
        file: Of any container and codec that FFmpeg decodes.

    Attributes:
        broken: Packets so far that could not be decoded, and frames that may build on them.
        told: Length that the file announces, in seconds; 0 if it announces none.
        end: Where the last frame so far ends, in seconds.

    Raises:
        BadVideo: It is not a video, holds none, or is larger than MAX_PIXELS.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.broken, self.end = file, 0, 0.0
        self._container = opened(file)
        try:
            self._stream = video_stream(self._container, file)
        except BadVideo:
            self._container.close()
            raise
        length, base = self._stream.duration, self._stream.time_base
        self.told = float(length * base) if length and base else 0.0
        self._step = float(1 / (self._stream.average_rate or USUAL_RATE))
        self._aspect = float(self._stream.sample_aspect_ratio or 1)
        self._first: float | None = None
        self._is_through = self._torn = False

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    @property
    def seconds(self) -> float:
        """Length to expect, 0 if unknown."""
        return self.told or (self._container.duration or 0) / av.time_base

    @property
    def damage(self) -> str:
        """What was wrong with what has been read so far; empty if nothing was."""
        found = []
        if self.broken:
            found.append(f"{self.broken} packets or frames are broken")
        if self._is_through and self.told - self.end > max(1.0, self.told / 20):
            found.append(f"ends at {self.end:.1f} of {self.told:.1f} s")
        return ", ".join(found)

    def frames(self) -> Iterator[Frame]:
        """All frames that are whole, in the order in which they are shown."""
        for packet in self._packets():
            for decoded in self._decoded(packet):
                seconds = self._time(decoded)
                if self._is_torn(decoded):
                    self.broken += 1
                else:
                    yield Frame(seconds, decoded, self._aspect)
        self._is_through = True

    def _is_torn(self, decoded: av.VideoFrame) -> bool:
        """Whether it is broken, or may be built on a broken one: until the next key frame."""
        self._torn = decoded.is_corrupt or (self._torn and not decoded.key_frame)
        return self._torn

    def _packets(self) -> Iterator[Packet[VideoStream] | None]:
        try:
            yield from self._container.demux(self._stream)
        except av.FFmpegError:  # the container is broken from here on
            self.broken += 1
            yield None

    def _decoded(self, packet: Packet[VideoStream] | None) -> list[av.VideoFrame]:
        try:
            return self._stream.decode(packet)
        except av.EOFError:
            return []
        except av.FFmpegError:
            self.broken += 1
            self._torn = True
            return []

    def _time(self, decoded: av.VideoFrame) -> float:
        """By the stamp; where it is missing or goes back, a frame's length after the last one."""
        if decoded.pts is None or decoded.time_base is None:
            seconds = self.end
        else:
            stamp = float(decoded.pts * decoded.time_base)
            self._first = stamp if self._first is None else self._first
            seconds = max(stamp - self._first, 0.0)
            if seconds <= self.end - self._step:
                seconds = self.end
        self.end = seconds + self._step
        return seconds


def opened(file: Path) -> InputContainer:
    """Open a file as FFmpeg sees it; that file alone.

    Raises:
        BadVideo: It is none that FFmpeg reads.
    """
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        return av.open(str(file), options=options, metadata_errors="replace")
    except av.FFmpegError as problem:
        raise BadVideo(file, _why_not_opened(file, problem)) from None


def _why_not_opened(file: Path, problem: av.FFmpegError) -> str:
    if not file.exists():
        return "no such file"
    if not file.stat().st_size:
        return "is empty"
    if looks_like_text(file):
        return "is a web page or other text, not a video, whatever its name says"
    return f"is not a video, or was cut off before its index ({problem.strerror})"


def looks_like_text(file: Path) -> bool:
    """Whether the file begins as text does; every video container begins with binary numbers."""
    with file.open("rb") as stream:
        start = stream.read(2048)
    return bool(start) and not any(byte < 9 for byte in start)


def video_stream(container: InputContainer, file: Path) -> VideoStream:
    """The first true video stream.

    Raises:
        BadVideo: There is none, or it is too large or of an unknown codec.
    """
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        sound = "sound and " if container.streams.audio else ""
        raise BadVideo(file, f"holds {sound}no video")
    first = streams[0]
    if first.codec_context is None:
        raise BadVideo(file, "its codec is not known; convert it to H.264")
    if first.width * first.height > MAX_PIXELS:
        raise BadVideo(
            file,
            f"{first.width}×{first.height} is more than {MAX_PIXELS // 1_000_000} megapixels",
        )
    return first


def _square(picture: RGB, aspect: float) -> RGB:
    """Widen what was stored narrow (DV, DVD), so that circles are round."""
    height, width = picture.shape[:2]
    return picture if aspect == 1 else resize_picture(picture, height, round(width * aspect))


def _upright(picture: RGB, decoded: av.VideoFrame) -> RGB:
    """Turn and mirror as the display matrix says; angles between go to the nearest quarter turn.

    The matrix maps stored (x, y) to shown (ax + cy, bx + dy), y downwards.
    """
    matrix = decoded.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, Buffer):
        return picture
    a, b, _, c, d = np.frombuffer(bytes(matrix), dtype=np.int32)[:5].tolist()
    if abs(b) > abs(a):
        picture, across, down = picture.transpose(1, 0, 2), c, b
    else:
        across, down = a, d
    if across < 0:
        picture = picture[:, ::-1]
    if down < 0:
        picture = picture[::-1]
    return np.ascontiguousarray(picture)
