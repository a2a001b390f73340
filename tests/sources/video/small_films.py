"""Small films made for tests: a camera that moves over coloured textures."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.stream import Disposition

from pipeline.images import RGB
from pipeline.sections.frames import FramesLimits

HEIGHT, WIDTH, RATE = 64, 96, 10
LIMITS: dict[str, Any] = {
    "videos": [], "every": 1.0, "scene_change": 0.4, "min_sharpness": 0.0, "min_side": 16,
    "near_duplicate_bits": 2, "max_frames": 100, "quality": 90, "max_height": 720,
    "max_bytes": 10_000_000, "max_seconds": 30.0, "licence": "made here", "max_bad_share": 0.2,
}  # fmt: skip
COLOURS = ((200, 60, 50), (50, 180, 70), (60, 70, 210))


def limits(**changes: Any) -> FramesLimits:
    return FramesLimits(**{**LIMITS, **changes})


def shot(number: int, seconds: float) -> list[RGB]:
    """A camera that moves over a coloured texture; other shots have other colours."""
    rng = np.random.default_rng(number)
    grain = rng.normal(0, 60, (HEIGHT // 4 + 2, WIDTH // 4 + 400))
    texture = cv2.resize(grain, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    picture = np.clip(texture[..., None] + COLOURS[number % 3], 0, 255).astype(np.uint8)
    return [
        np.ascontiguousarray(picture[:HEIGHT, 5 * i : 5 * i + WIDTH])
        for i in range(round(seconds * RATE))
    ]


def blurred(frames: Sequence[RGB]) -> list[RGB]:
    return [cv2.GaussianBlur(frame, (0, 0), 8).astype(np.uint8) for frame in frames]


def write_film(
    file: Path,
    frames: Sequence[RGB],
    *,
    times: Sequence[float] | None = None,
    turned: int | None = None,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> Path:
    """Encode RGB frames; `times` in seconds, else ten a second."""
    times = [i / RATE for i in range(len(frames))] if times is None else times
    with av.open(str(file), "w", options=options or {}) as container:
        stream: Any = container.add_stream(codec, rate=RATE)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = pixels, Fraction(1, 1000)
        stream.options = {"g": "5", "crf": "12"} if codec == "libx264" else {}
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if turned is not None:
            stream.set_display_rotation(turned, hflip=mirrored)
        for seconds, picture in zip(times, frames, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(seconds * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def write_sound(file: Path, cover: RGB | None = None) -> Path:
    """A second of silence, perhaps with the cover of its record."""
    with av.open(str(file), "w") as container:
        sound: Any = container.add_stream("aac", rate=8000, layout="mono")
        if cover is not None:
            picture: Any = container.add_stream("mjpeg", rate=1)
            picture.height, picture.width = cover.shape[:2]
            picture.pix_fmt, picture.disposition = "yuvj420p", Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(cover, format="rgb24")
            container.mux(picture.encode(frame.reformat(format="yuvj420p")))
            container.mux(picture.encode())
        for index in range(8):
            silence = av.AudioFrame.from_ndarray(
                np.zeros((1, 1000), np.float32), format="fltp", layout="mono"
            )
            silence.sample_rate, silence.pts = 8000, 1000 * index
            container.mux(sound.encode(silence))
        container.mux(sound.encode())
    return file


def three_shots_film(file: Path) -> Path:
    """Six seconds: shots of 2.5, 1.5 and 2 seconds."""
    return write_film(file, shot(0, 2.5) + shot(1, 1.5) + shot(2, 2))


def rows(folder: Path, table: str = "manifest.csv") -> list[dict[str, str]]:
    with (folder / table).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
