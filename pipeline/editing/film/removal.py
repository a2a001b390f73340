"""Cars out of films: what they hide is taken from other frames, and painted where none shows it.

Three passes, each in bounded memory: find the cars and the way of the camera; put the ground
together; fill. A painter is asked once for each plate, and the paint is carried along by the
motion of the camera, so it cannot flicker.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from pipeline.editing.film.filling import Laid, completed, filled, laid
from pipeline.editing.film.motion import Homography
from pipeline.editing.film.plates import (
    Canvas,
    Plate,
    PlateMaker,
    Stretch,
    canvas_of,
    shares,
    stretches_of,
    to_middle,
)
from pipeline.editing.film.report import FilmReport
from pipeline.editing.film.survey import CameraPath, masks_of, survey
from pipeline.editing.film.tracking import REACH, Tracked, tracked
from pipeline.editing.film.work import (
    STRETCH,
    Counts,
    Progress,
    Work,
    check_places,
    key_of,
    meter,
    work_beside,
)
from pipeline.editing.options import Fill, Removal
from pipeline.editing.removal import CarEraser
from pipeline.editing.studio import Studio
from pipeline.images import RGB, Mask
from pipeline.video.joining import sides_of
from pipeline.video.planes import Upright, pasted
from pipeline.video.source import read_film
from pipeline.video.writer import encoding_for

LOOKING, COLLECTING = 0.6, 0.15
"""Shares of the work that the first and the second pass are taken to be."""


class Eraser(Protocol):
    """What finds cars in a frame and paints over them; see `editing.removal.CarEraser`."""

    def find(self, rgb: RGB, shadow: bool = False) -> Mask:
        """Where cars are, H×W, and what they shade."""
        ...

    def fill(self, rgb: RGB, mask: Mask, fill: Fill) -> RGB:
        """Paint what is masked."""
        ...


def remove_cars_from_film(
    source: Path,
    target: Path,
    studio: Studio,
    wanted: Removal | None = None,
    progress: Progress | None = None,
) -> FilmReport:
    """Remove the cars of a film, and what they shade; go on where a killed run stopped.

    Args:
        source: Any film.
        target: What to write, beside which the work lies until it is whole.
        studio: Whose networks are used.
        wanted: How.
        progress: Told how many frames are done.

    Raises:
        UsageError: The target's suffix does not suit.
        PipelineError: The source is no film, or there are no weights.
    """
    wanted = wanted or Removal()
    key = key_of(source, studio.networks, ("car_mask", "car_removal"), removal=wanted)
    painter = studio.networks.painter() if wanted.fill == "network" else None
    eraser = CarEraser(studio.networks.cars(), painter)
    return remove_with(eraser, source, target, wanted, key, progress)


def remove_with(
    eraser: Eraser,
    source: Path,
    target: Path,
    wanted: Removal,
    key: str,
    progress: Progress | None = None,
) -> FilmReport:
    """Remove by any eraser; `key` must name all that decides what comes out."""
    check_places(source, target)
    encoding = encoding_for(target)
    sides_of(source, target)
    film = read_film(source)
    with work_beside(target, film, key) as work:
        find = partial(eraser.find, shadow=wanted.shadow)
        path = survey(work, find, meter(progress, work.frames, 0.0, LOOKING))
        stretches = stretches_of(path, (film.look.height, film.look.width))
        collect(work, path, stretches, eraser, wanted.fill,
                meter(progress, work.frames, LOOKING, COLLECTING))  # fmt: skip
        tell = meter(progress, work.frames, LOOKING + COLLECTING, 1 - LOOKING - COLLECTING)
        done = work.written()
        filling = _Filling(work, path, stretches)
        frames = _steady(work, path, done * STRETCH)
        for number in range(done, work.stretches):
            counts: Counts = {"cuts": 0, "from_frames": 0, "painted": 0}
            ours = (filling(next(frames), counts, tell) for _ in range(_length(work, number)))
            work.write(number, ours, encoding, counts)
        return work.finish(encoding)


def collect(
    work: Work,
    path: CameraPath,
    stretches: list[Stretch],
    eraser: Eraser,
    fill: Fill,
    progress: Progress,
) -> None:
    """The second pass: make the plates that an earlier run has not made."""
    missing = [n for n in range(len(stretches)) if not work.has("plate", n)]
    if not missing:
        return
    start = min(stretches[number].first for number in missing)
    makers: dict[int, PlateMaker] = {}
    waiting = iter(missing)
    coming = next(waiting, None)
    look = work.film.look
    for frame in _steady(work, path, start):
        while coming is not None and stretches[coming].first <= frame.number:
            makers[coming] = PlateMaker(canvas_of(stretches[coming], path, look.height, look.width))
            coming = next(waiting, None)
        for number, maker in list(makers.items()):
            stretch = stretches[number]
            matrix = _matrix(path, stretch, maker.canvas, frame.number)
            maker.add(frame.shown.rgb, frame.mask, frame.number, matrix)
            if frame.number == stretch.last:
                _save(work, number, makers.pop(number), eraser, fill)
        progress(frame.number + 1, work.frames)
        if not makers and coming is None:
            break


class _Filling:
    """The third pass: fills frames in their order, with at most two plates in memory."""

    def __init__(self, work: Work, path: CameraPath, stretches: list[Stretch]) -> None:
        self.work, self.path, self.stretches = work, path, stretches
        self._plates: dict[int, Plate] = {}
        self._canvases: dict[int, Canvas] = {}

    def __call__(self, frame: Tracked, counts: Counts, progress: Progress) -> av.VideoFrame:
        counts["cuts"] += int(self.path.cuts[frame.number] and frame.number > 0)
        progress(frame.number + 1, self.work.frames)
        if not frame.mask.any():
            return frame.shown.frame
        ours = shares(self.stretches, self.path, frame.number)
        grounds = [(self._laid(number, frame), share) for number, share in ours]
        rgb = frame.shown.rgb
        mask = completed(rgb, frame.mask, max(grounds, key=lambda ground: ground[1])[0])
        result = filled(rgb, mask, grounds)
        counts["from_frames"] += result.seen
        counts["painted"] += result.painted
        return pasted(frame.shown, result.rgb, result.where)

    def _laid(self, number: int, frame: Tracked) -> Laid:
        if number not in self._plates:
            self._plates = {n: p for n, p in self._plates.items() if n >= number - 1}
            self._plates[number] = _load(self.work, number)
        look, stretch = self.work.film.look, self.stretches[number]
        if number not in self._canvases:
            self._canvases[number] = canvas_of(stretch, self.path, look.height, look.width)
        canvas = self._canvases[number]
        matrix = _matrix(self.path, stretch, canvas, frame.number)
        return laid(self._plates[number], matrix, look.height, look.width)


def _steady(work: Work, path: CameraPath, first: int) -> Iterator[Tracked]:
    """The frames from a number on, with their masks."""
    start = max(first - REACH, 0)
    masks = chain.from_iterable(
        masks_of(work, number) for number in range(start // STRETCH, work.stretches)
    )
    for _ in range(start % STRETCH):
        next(masks)

    def frames() -> Iterator[tuple[int, Upright, Mask, bool]]:
        shown = zip(work.film.frames(start), masks, strict=False)
        for number, (frame, mask) in enumerate(shown, start):
            yield number, frame, mask, bool(path.cuts[number])

    return (one for one in tracked(frames()) if one.number >= first)


def _matrix(path: CameraPath, stretch: Stretch, canvas: Canvas, number: int) -> Homography | None:
    """From pixels of a frame to those of a plate; None where they are the same."""
    if stretch.still:
        return None
    return np.asarray(canvas.shift @ to_middle(path, number, stretch.middle))


def _save(work: Work, number: int, maker: PlateMaker, eraser: Eraser, fill: Fill) -> None:
    """Paint what no frame shows, once, and keep the plate."""
    plate = maker.plate()
    hole = plate.wanted & ~plate.seen
    rgb = eraser.fill(plate.rgb, hole, fill) if hole.any() else plate.rgb
    work.save("plate", number, rgb=rgb, seen=plate.seen, wanted=plate.wanted)


def _load(work: Work, number: int) -> Plate:
    kept = work.load("plate", number)
    rgb, seen, wanted = kept["rgb"], kept["seen"], kept["wanted"]
    return Plate(rgb.astype(np.uint8), seen.astype(bool), wanted.astype(bool))


def _length(work: Work, number: int) -> int:
    return min(STRETCH, work.frames - number * STRETCH)
