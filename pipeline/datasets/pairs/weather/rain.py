"""Rain: bright streaks, far and near, before a dimmed and hazy scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.datasets.pairs.weather.film import FRACTION, Film, Pane, film_between
from pipeline.sections.pairs import RainSettings

DROP = (205, 210, 215)
HAZE = (168, 174, 180)
LAYERS = ((0.6, 60, 0.25), (1.0, 110, 0.45), (1.9, 330, 0.7))
"""Of streaks, far to near: length in drops, one streak for so many pixels ÷ drop, opacity."""


@dataclass(frozen=True, eq=False)
class Rain:
    """One shower.

    Attributes:
        slope: Of the streaks, pixels sideways for each pixel down.
        length: Of a drop's streak in the middle distance, in pixels.
        heaviness: 1 is as many streaks as LAYERS say.
        brightness: What is left of the scene's light.
        haze: Share of the scene hidden by drops too far to be seen.
        radius: Of the blur of the scene.
        seed: Of the places of the drops.
    """

    slope: float
    length: float
    heaviness: float
    brightness: float
    haze: float
    radius: int
    seed: int

    @classmethod
    def draw(cls, rng: Generator, how: RainSettings) -> Self:
        """Draw a shower."""
        return cls(
            slope=rng.uniform(-0.35, 0.35),
            length=how.drop_length * rng.uniform(0.8, 1.25),
            heaviness=rng.uniform(0.6, 1.4),
            brightness=how.brightness * rng.uniform(0.9, 1.05),
            haze=rng.uniform(0.06, 0.2),
            radius=how.blur,
            seed=int(rng.integers(2**32)),
        )

    def film(self, height: int, width: int) -> Film:
        """What is seen through the shower."""
        rng = np.random.default_rng(self.seed)
        streaks = np.zeros((height, width), np.uint8)
        for share, sparse, opacity in LAYERS:
            length = self.length * share
            count = round(height * width * self.heaviness / (sparse * max(self.length, 4) / 2))
            self._draw_layer(streaks, rng, count, length, opacity)
        softened = cv2.blur(streaks, (1, 3)).astype(np.uint8, copy=False)
        left = self.brightness * (1 - self.haze)
        red, green, blue = (self.haze * one for one in HAZE)
        air = Pane((left, left, left), (red, green, blue))
        return film_between(air, Pane((0, 0, 0), DROP), softened, self.radius)

    def _draw_layer(
        self, streaks: NDArray[np.uint8], rng: Generator, count: int, length: float, opacity: float
    ) -> None:
        height, width = streaks.shape
        head = rng.uniform((-0.2 * width, -length), (1.2 * width, height), (count, 2))
        lengths = length * rng.uniform(0.6, 1.3, (count, 1))
        ends = np.stack([head, head + lengths * (self.slope, 1.0)], axis=1)
        points = np.rint(ends * 2**FRACTION).astype(np.int32)
        for part, strength in zip(np.array_split(points, 3), (0.6, 0.8, 1.0), strict=True):
            grey = 255 * opacity * strength
            cv2.polylines(streaks, list(part), False, grey, 1, cv2.LINE_AA, FRACTION)
