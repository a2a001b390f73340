"""Fog: a veil of scattered light, thick far away, thin near the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.datasets.pairs.weather.film import CLEAR, Film, Pane, enlarged, film_between, grown
from pipeline.sections.pairs import FogSettings


@dataclass(frozen=True, eq=False)
class Fog:
    """One fog.

    Attributes:
        density: Mean share of the veil in what is seen.
        horizon: Where it is thickest, as a share of the height.
        drifts: Two grids in [0, 1], coarse and finer: where it is thicker.
        grey: Of the veil.
        radius: Of the blur of the scene.
    """

    density: float
    horizon: float
    drifts: tuple[NDArray[np.float32], NDArray[np.float32]]
    grey: float
    radius: int

    @classmethod
    def draw(cls, rng: Generator, how: FogSettings) -> Self:
        """Draw a fog."""
        return cls(
            density=rng.uniform(how.thinnest, how.thickest),
            horizon=rng.uniform(0.3, 0.5),
            drifts=(rng.random((4, 5), np.float32), rng.random((8, 12), np.float32)),
            grey=rng.uniform(195, 232),
            radius=how.blur,
        )

    def film(self, height: int, width: int) -> Film:
        """What is seen through the fog.

        The scene's depth is not known. It is taken for a plain under a sky: a row below the
        horizon is as far away as one over its distance from the horizon.
        """
        rows, columns = (height + 3) // 4, (width + 3) // 4
        coarse, fine = (grown(grid, rows, columns) for grid in self.drifts)
        row = ((np.arange(rows, dtype=np.float32) + 0.5) / rows - self.horizon)[:, None]
        row = row + 0.2 * (coarse - 0.5)
        ground, sky = np.abs(row / 0.22) ** 1.5, np.square(row / 0.6)
        depth = 1 / (1 + np.where(row > 0, ground, sky))
        thickness = depth * (0.5 + 0.6 * coarse + 0.4 * fine)
        seen = cv2.exp(thickness * -self._extinction(float(thickness.mean())))
        hidden = 255 - cv2.convertScaleAbs(seen, alpha=255).astype(np.uint8, copy=False)
        veil = Pane((0, 0, 0), (self.grey, self.grey * 1.005, self.grey * 1.02))
        return film_between(CLEAR, veil, enlarged(hidden, height, width), self.radius)

    def _extinction(self, thickness: float) -> float:
        """Such that a fog of even thickness would have the density."""
        return float(-np.log(max(1 - self.density, 0.01)) / thickness)
