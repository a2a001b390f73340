"""What is done to both pictures of a pair: weather, a shift of the channels, a blur."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, Self

import cv2
import numpy as np
from numpy.random import Generator

from pipeline.datasets.pairs.weather.film import Film, blurred
from pipeline.datasets.pairs.weather.flare import SunFlare
from pipeline.datasets.pairs.weather.fog import Fog
from pipeline.datasets.pairs.weather.rain import Rain
from pipeline.datasets.pairs.weather.shadow import Shadow
from pipeline.images import RGB
from pipeline.sections.pairs import PairsSection


class Weather(Protocol):
    """Drawn once; small numbers, from which a film of any size can be made."""

    @classmethod
    def draw(cls, rng: Generator, how: Any) -> Self:
        """Draw one, with its section of the parameters."""
        ...

    def film(self, height: int, width: int) -> Film:
        """What lies between the camera and a scene of that size."""
        ...


WEATHERS: dict[str, type[Weather]] = {
    "rain": Rain,
    "sun_flare": SunFlare,
    "shadow": Shadow,
    "fog": Fog,
}
"""By name in the parameters."""


class Effects(NamedTuple):
    """One draw, to be applied to any number of pictures of one size.

    Attributes:
        name: Of the weather; `none` if there is none.
        film: The weather.
        shift: Added to red, green and blue.
        blur: Radius of the blur after that; 0: none.
    """

    name: str
    film: Film | None
    shift: tuple[int, int, int]
    blur: int

    @property
    def radius(self) -> int:
        """How many pixels away, at most, a pixel of the picture has an influence."""
        return self.blur + (self.film.radius if self.film else 0)

    def __str__(self) -> str:
        shifted = f", colours {self.shift[0]:+d} {self.shift[1]:+d} {self.shift[2]:+d}"
        blurred = f", blur of radius {self.blur}"
        return self.name + shifted * any(self.shift) + blurred * bool(self.blur)

    def apply(self, picture: RGB) -> RGB:
        """The picture in this weather; the one that is given stays as it is."""
        if self.film:
            picture = self.film.over(picture)
        if any(self.shift):
            picture = cv2.add(picture, np.array([*self.shift, 0.0])).astype(np.uint8, copy=False)
        return blurred(picture, self.blur)


def draw_effects(rng: Generator, how: PairsSection) -> Effects:
    """Draw what happens to a frame of `how.height` × `how.width`."""
    name, film = _draw_weather(rng, how)
    limit = how.rgb_shift.limit if rng.random() < how.rgb_shift.p else 0
    red, green, blue = rng.integers(-limit, limit, 3, endpoint=True).tolist()
    blur = int(rng.integers(1, how.blur.most, endpoint=True)) if rng.random() < how.blur.p else 0
    return Effects(name, film, (red, green, blue), blur)


def _draw_weather(rng: Generator, how: PairsSection) -> tuple[str, Film | None]:
    name = list(WEATHERS)[rng.integers(len(WEATHERS))]
    settings = getattr(how.weather, name)
    if rng.random() >= settings.p:
        return "none", None
    return name, WEATHERS[name].draw(rng, settings).film(how.height, how.width)
