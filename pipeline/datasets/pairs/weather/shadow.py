"""Shadow: what stands beside the camera darkens parts of the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.datasets.pairs.weather.film import CLEAR, FRACTION, Film, Pane, enlarged, film_between
from pipeline.sections.pairs import ShadowSettings

SUNLIGHT = (1.0, 0.97, 0.9)
"""Of each channel's light, what comes from the sun itself; the sky, which is blue, is left."""

QUARTERS = np.array([(0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5)])
"""Of the box of a shadow, their upper left corners: each holds a corner of the shadow."""


@dataclass(frozen=True, eq=False)
class Shadow:
    """Shadows of one light.

    Attributes:
        corners: N×4×2: of each shadow, shares of the width and height.
        strength: Share of the light taken.
        softness: Width of the soft edge, as a share of the width of the picture.
    """

    corners: NDArray[np.float64]
    strength: float
    softness: float

    @classmethod
    def draw(cls, rng: Generator, how: ShadowSettings) -> Self:
        """Draw one shadow or more on the lower half."""
        count = int(rng.integers(1, how.most, endpoint=True))
        size = rng.uniform((0.25, 0.25), (0.9, 0.5), (count, 1, 2))
        corner = (0, 0.5) + rng.random((count, 1, 2)) * ((1, 0.5) - size)
        return cls(
            corners=corner + size * (QUARTERS + rng.uniform(0, 0.5, (count, 4, 2))),
            strength=min(1.0, how.intensity * rng.uniform(0.8, 1.2)),
            softness=rng.uniform(0.004, 0.025),
        )

    def film(self, height: int, width: int) -> Film:
        """What the light that is left shows."""
        half = np.zeros(((height + 1) // 2, (width + 1) // 2), np.uint8)
        for corners in self.corners:
            outline = cv2.convexHull((corners * half.shape[::-1]).astype(np.float32))
            points = np.rint(outline * 2**FRACTION).astype(np.int32)
            cv2.fillConvexPoly(half, points, 255, cv2.LINE_AA, FRACTION)
        side = 2 * round(self.softness * width / 2) + 1
        for _ in range(2):
            half = cv2.blur(half, (side, side)).astype(np.uint8, copy=False)
        red, green, blue = (1 - self.strength * one for one in SUNLIGHT)
        shade = Pane((red, green, blue), (0, 0, 0))
        return film_between(CLEAR, shade, enlarged(half, height, width))
