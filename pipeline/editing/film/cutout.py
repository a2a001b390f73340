"""People of a film before another background, or before none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from pipeline.editing.cutout import PersonCutter, compose
from pipeline.editing.edge_colours import foreground_colours
from pipeline.editing.film.behind import Ground, ground_for, told
from pipeline.editing.film.report import FilmReport
from pipeline.editing.film.smoothing import REACH, Matted, smoothed
from pipeline.editing.film.work import (
    STRETCH,
    Progress,
    Work,
    check_places,
    key_of,
    meter,
    work_beside,
)
from pipeline.editing.options import Cut
from pipeline.editing.studio import Studio
from pipeline.errors import UsageError
from pipeline.images import RGB, RGBA
from pipeline.matting import Alpha
from pipeline.video.joining import sides_of
from pipeline.video.planes import pasted
from pipeline.video.source import read_film
from pipeline.video.writer import encoding_for
from pipeline.workspace import file_hash


class Cutter(Protocol):
    """What finds people in a frame; see `editing.cutout.PersonCutter`."""

    def alpha(self, picture: RGB, quick: bool = False) -> Alpha:
        """How opaque they are, H×W."""
        ...


def cut_out_film(
    source: Path,
    target: Path,
    studio: Studio,
    wanted: Cut | None = None,
    film_behind: Path | None = None,
    progress: Progress | None = None,
) -> FilmReport:
    """Cut the people out of a film; go on where a killed run stopped.

    Args:
        source: Any film.
        target: What to write; a transparent film is a .webm or .mov.
        studio: Whose networks are used.
        wanted: How; `crop` cannot be asked of a film.
        film_behind: A film that stands behind the people instead of `wanted.background`; it begins
            again when it ends.
        progress: Told how many frames are done.

    Raises:
        UsageError: The target's suffix does not suit, or a crop was asked for.
        PipelineError: The source is no film, or there are no weights.
    """
    wanted = wanted or Cut()
    _check(source, target, wanted, film_behind)
    behind = "" if film_behind is None else file_hash(film_behind)
    key = key_of(source, studio.networks, (wanted.model,), model=wanted.model, mask=wanted.mask,
                 background=told(wanted.background), film_behind=behind)  # fmt: skip
    cutter = PersonCutter(studio.networks.persons(wanted.model))
    return cut_with(cutter, source, target, wanted, key, film_behind, progress)


def cut_with(
    cutter: Cutter,
    source: Path,
    target: Path,
    wanted: Cut,
    key: str,
    film_behind: Path | None = None,
    progress: Progress | None = None,
) -> FilmReport:
    """Cut out by any cutter; `key` must name all that decides what comes out."""
    _check(source, target, wanted, film_behind)
    ground = ground_for(wanted.background, film_behind)
    encoding = encoding_for(target, transparent=ground is None and not wanted.mask)
    sides_of(source, target)
    film = read_film(source)
    with work_beside(target, film, key) as work:
        tell = meter(progress, work.frames, 0.0, 1.0)
        done = work.written()
        frames = _matted(work, cutter, done * STRETCH)
        for number in range(done, work.stretches):
            length = min(STRETCH, work.frames - number * STRETCH)
            ours = (_shown(work, next(frames), wanted, ground, tell) for _ in range(length))
            work.write(number, ours, encoding, {})
        return work.finish(encoding)


def _check(source: Path, target: Path, wanted: Cut, film_behind: Path | None) -> None:
    check_places(source, target)
    if film_behind is not None:
        check_places(film_behind, target)
    if wanted.crop:
        raise UsageError(
            f"{source}: a film is not cropped to people who move; leave out --crop, or crop the "
            "result with a video editor"
        )


def _matted(work: Work, cutter: Cutter, first: int) -> Iterator[Matted]:
    """The frames from a number on, with their alphas."""
    start = max(first - REACH, 0)
    found = (
        Matted(number, shown, cutter.alpha(shown.rgb, quick=True))
        for number, shown in enumerate(work.film.frames(start), start)
    )
    return (one for one in smoothed(found) if one.number >= first)


def _shown(
    work: Work, frame: Matted, wanted: Cut, ground: Ground | None, progress: Progress
) -> av.VideoFrame | RGBA:
    progress(frame.number + 1, work.frames)
    rgb, alpha = frame.shown.rgb, frame.alpha
    if wanted.mask:
        return np.repeat(alpha[..., None], 3, axis=2)
    if ground is None:
        return np.dstack([foreground_colours(rgb, alpha), alpha])
    times = work.film.times
    seconds = float((times.stamps[frame.number] - times.stamps[0]) * times.base)
    composed = compose(rgb, alpha, ground(seconds, rgb, alpha))
    return pasted(frame.shown, composed, alpha < 255)
