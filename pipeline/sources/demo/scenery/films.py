"""Short films of landscapes: shots with hard cuts, slow pans and zooms, and some blurred frames."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.video.stream import VideoStream
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.sources.demo.art.dice import between
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.scenery.backgrounds import THEMES, draw_landscape

STREAM = 3  # keeps these dice apart from those of the pictures of the same seed
HEIGHT, WIDTH = 352, 576
LARGER = 1.4  # how much larger a landscape is than the frame that travels over it
RATE = 12  # frames per second
SHOTS = 3
SHOT_FRAMES = 32
CODECS = ("libx264", "mpeg4")  # the first that PyAV has


def write_films(folder: Path, count: int, seed: int) -> None:
    """Write `count` films as film_00.mp4, three shots each, 8 seconds at 12 frames per second."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        _encode(folder / f"film_{index:02d}.mp4", film_frames(seed, index))


def film_frames(seed: int, index: int) -> Iterator[NDArray[np.uint8]]:
    """The frames of a film, H×W×3 RGB; the same pair always gives the same ones."""
    rng = np.random.default_rng([seed, index, STREAM])
    themes = rng.permutation(len(THEMES))[:SHOTS]
    for theme in themes:
        size = 8 * round(HEIGHT * LARGER / 8), 8 * round(WIDTH * LARGER / 8)
        yield from _shot(draw_landscape(rng, THEMES[int(theme)], *size), rng)


def _shot(picture: NDArray[np.uint8], rng: Generator) -> Iterator[NDArray[np.uint8]]:
    """A window that travels slowly over a picture; for two or three frames the camera shakes."""
    start, end = _window(picture, rng), _window(picture, rng)
    shaken = int(rng.integers(6, SHOT_FRAMES - 8))
    shake = range(shaken, shaken + int(rng.integers(2, 4)))
    kernel = _smear(between(rng, 24, 44), between(rng, -0.5, 0.5))
    for step in range(SHOT_FRAMES):
        share = step / (SHOT_FRAMES - 1)
        share = share * share * (3 - 2 * share)
        left, top, zoom = start + (end - start) * share
        where = np.array([[zoom, 0, left], [0, zoom, top]], np.float32)
        frame = cv2.warpAffine(picture, where, (WIDTH, HEIGHT),
                               flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)  # fmt: skip
        yield np.asarray(cv2.filter2D(frame, -1, kernel) if step in shake else frame, np.uint8)


def _window(picture: NDArray[np.uint8], rng: Generator) -> NDArray[np.float64]:
    """Left, top and zoom (picture pixels per frame pixel) of a window inside a picture."""
    height, width = picture.shape[:2]
    zoom = between(rng, 0.95, 1.25)
    return np.array([between(rng, 0, width - 1 - zoom * WIDTH),
                     between(rng, 0, height - 1 - zoom * HEIGHT), zoom])  # fmt: skip


def _smear(length: float, slope: float) -> Floats:
    """The kernel of a camera that moved `length` pixels while the shutter was open."""
    size = 2 * round(length / 2) + 1
    kernel = np.zeros((size, size), np.float32)
    middle, rise = size // 2, round(slope * size / 2)
    cv2.line(kernel, (0, middle - rise), (size - 1, middle + rise), (1.0,))
    return np.asarray(kernel / kernel.sum(), np.float32)


def _encode(file: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
    """One thread and no encoder's signature, so that the same frames give the same bytes."""
    with av.open(str(file), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(_codec(), rate=RATE)
        assert isinstance(stream, VideoStream)  # what both codecs make
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        stream.thread_count = 1
        stream.codec_context.flags |= Flags.bitexact
        if stream.codec_context.name == "libx264":
            # its macroblock tree reads memory that nobody has written: other bytes each time
            stream.options = {"crf": "19", "preset": "veryfast", "x264-params": "mbtree=0"}
        else:
            stream.bit_rate = 3_000_000
        for number, picture in enumerate(frames):
            planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _codec() -> str:
    return next(name for name in CODECS if name in av.codecs_available)
