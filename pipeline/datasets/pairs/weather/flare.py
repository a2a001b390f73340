"""Sun flare: the sun in the upper half, its glow and rays, and ghosts of the lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.datasets.pairs.weather.film import FRACTION, Film, enlarged
from pipeline.images import RGB
from pipeline.sections.pairs import SunFlareSettings

SUNLIGHT = (1.0, 0.95, 0.82)
OVEREXPOSED = 1.4
"""How bright the brightest of the glow is kept before it is tinted: its middle comes out white."""
GHOSTS = ((60, 46, 20), (16, 44, 60), (46, 20, 48), (20, 52, 30))
"""Colours of the reflections in the lens: its coating's."""


@dataclass(frozen=True, eq=False)
class SunFlare:
    """One sun.

    Attributes:
        place: Of the sun: share of the width, share of the height.
        radius: Of its glow, in pixels.
        strength: 1 burns the middle out.
        rays: Directions in radians.
        ghosts: N×4: place on the line from the sun (0) through the centre (1) on, radius as a
            share of the glow's, opacity, colour of GHOSTS.
    """

    place: tuple[float, float]
    radius: float
    strength: float
    rays: NDArray[np.float64]
    ghosts: NDArray[np.float64]

    @classmethod
    def draw(cls, rng: Generator, how: SunFlareSettings) -> Self:
        """Draw a sun."""
        count = int(rng.integers(5, 10))
        rays = rng.uniform(0, 2 * np.pi) + np.arange(rng.integers(6, 11)) * (np.pi * 0.618)
        return cls(
            place=(rng.uniform(0, 1), rng.uniform(0, 0.5)),
            radius=how.radius * rng.uniform(0.7, 1.1),
            strength=rng.uniform(0.8, 1.0),
            rays=np.asarray(rays, np.float64),
            ghosts=rng.uniform((0.3, 0.04, 0.3, 0), (2.2, 0.22, 1, len(GHOSTS)), (count, 4)),
        )

    def film(self, height: int, width: int) -> Film:
        """What is seen against the light."""
        half = self._light((height + 1) // 2, (width + 1) // 2)
        light = enlarged(half, height, width)
        return Film(255 - light, light, 0)

    def _light(self, height: int, width: int) -> RGB:
        sun, radius = np.array(self.place) * (width, height), self.radius / 2
        glow = self._glow(sun, radius, height, width)
        white = cv2.convertScaleAbs(glow, alpha=255 * self.strength / OVEREXPOSED)
        tint = np.diag(SUNLIGHT) * OVEREXPOSED
        tinted = cv2.transform(cv2.cvtColor(white, cv2.COLOR_GRAY2RGB), tint)
        light = tinted.astype(np.uint8, copy=False)
        self._add_ghosts(light, sun, radius)
        return light

    def _glow(
        self, sun: NDArray[np.float64], radius: float, height: int, width: int
    ) -> NDArray[np.float32]:
        """Disc, glow and rays; 1 is white."""
        across = np.square((np.arange(width, dtype=np.float32) + 0.5 - sun[0]) / radius)
        down = np.square((np.arange(height, dtype=np.float32) + 0.5 - sun[1]) / radius)
        squared = (down[:, None] + across).astype(np.float32)
        distance = np.sqrt(squared)
        rays = self._rays(sun, radius, height, width) * np.exp(distance * -2)
        glow = np.exp(distance * -3.2) + 1.6 * np.exp(squared * -60) + rays
        return np.asarray(glow, np.float32)

    def _rays(
        self, sun: NDArray[np.float64], radius: float, height: int, width: int
    ) -> NDArray[np.float32]:
        layer = np.zeros((height, width), np.uint8)
        for place, angle in enumerate(self.rays):
            way = np.array((np.cos(angle), np.sin(angle))) * radius
            tip = sun + way * (1.2 - 0.5 * (place % 2))
            aside = way[::-1] * (-0.024, 0.024)
            points = np.rint(np.stack([tip, sun + aside, sun - aside]) * 2**FRACTION)
            cv2.fillConvexPoly(layer, points.astype(np.int32), 90, cv2.LINE_AA, FRACTION)
        return cv2.blur(layer, (3, 3)).astype(np.float32) / np.float32(255)

    def _add_ghosts(self, light: RGB, sun: NDArray[np.float64], radius: float) -> None:
        height, width = light.shape[:2]
        centre = np.array((width, height)) / 2
        for along, share, opacity, number in self.ghosts:
            layer = np.zeros_like(light)
            middle = np.rint((sun + (centre - sun) * along) * 2**FRACTION).astype(int)
            colour = tuple(opacity * one for one in GHOSTS[int(number)])
            size = round(radius * share * 2**FRACTION)
            cv2.circle(layer, middle.tolist(), size, colour, -1, cv2.LINE_AA, FRACTION)
            cv2.add(light, layer, dst=light)
