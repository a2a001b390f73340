"""What stands behind the people of a film, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np

from pipeline.editing.backgrounds import blurred_ground, converted, covering, laid_over
from pipeline.editing.options import Background
from pipeline.images import RGB
from pipeline.matting import Alpha
from pipeline.photos import Photo
from pipeline.video.source import Film, read_film

Ground = Callable[[float, RGB, Alpha], RGB]
"""From seconds since the first frame, a frame and its alpha to what stands behind, H×W×3."""


def ground_for(wanted: Background, film_behind: Path | None) -> Ground | None:
    """What stands behind; None leaves it transparent.

    Raises:
        BadVideo: The film that is to stand behind is none.
    """
    if film_behind is not None:
        return LoopedFilm(read_film(film_behind))
    if wanted == "none":
        return None
    if wanted == "blur":
        return lambda _seconds, rgb, alpha: blurred_ground(rgb, (255 - alpha).astype(np.uint8))
    if isinstance(wanted, Photo):
        return _Still(wanted)
    colour = np.array(wanted, np.uint8)
    return lambda _seconds, rgb, _alpha: np.broadcast_to(colour, rgb.shape)


def told(wanted: Background) -> str:
    """A background in words that no other one has."""
    if isinstance(wanted, Photo):
        alpha = b"" if wanted.alpha is None else wanted.alpha.tobytes()
        return sha256(wanted.rgb.tobytes() + alpha + (wanted.icc or b"")).hexdigest()
    return repr(wanted)


class _Still:
    """A picture, scaled once."""

    def __init__(self, photo: Photo) -> None:
        rgb = converted(photo.rgb, photo.icc, None)
        if photo.alpha is not None:
            rgb = laid_over(rgb, photo.alpha, np.broadcast_to(np.uint8(255), rgb.shape))
        self._picture, self._covering = rgb, rgb[:0]

    def __call__(self, seconds: float, rgb: RGB, alpha: Alpha) -> RGB:
        if self._covering.shape != rgb.shape:
            self._covering = covering(self._picture, *rgb.shape[:2])
        return self._covering


class LoopedFilm:
    """A film that begins again when it ends; asked for rising times, it is decoded once a round.

    Args:
        film: Which.
    """

    def __init__(self, film: Film) -> None:
        times = film.times
        stamps = np.array(times.stamps, np.float64) * float(times.base)
        self.film, self._starts = film, stamps - stamps[0]
        self._length = float(self._starts[-1]) + float(times.last * times.base)
        self._at, self._frames = -1, film.frames()
        self._picture: RGB | None = None

    def __call__(self, seconds: float, rgb: RGB, alpha: Alpha) -> RGB:
        """The frame that is shown then."""
        number = int(np.searchsorted(self._starts, seconds % self._length + 1e-6, "right")) - 1
        if number < self._at or self._picture is None:
            self._at, self._frames = number - 1, self.film.frames(number)
        while self._at < number:
            self._picture, self._at = next(self._frames).rgb, self._at + 1
        assert self._picture is not None
        return covering(self._picture, *rgb.shape[:2])
