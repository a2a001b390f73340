"""The camera: which point of the ground a pixel shows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FOCAL = 1.2
"""Focal length in picture widths that is assumed: 45° across, a photo of a phone or a street."""

NEAR_HORIZON = 0.02
"""Nearer to the horizon, in picture heights, no ground is lit or shaded: it is too far away."""


class Camera(NamedTuple):
    """A pinhole that looks level, its lens shifted so that the horizon is where it is.

    World axes in metres: X right, Y up from the ground, Z away from the camera.

    Attributes:
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        horizon: Row of the picture; may lie above it (negative).
        eye: Height of the camera above the ground in metres.
        focal: Focal length in pixels.
    """

    height: int
    width: int
    horizon: float
    eye: float
    focal: float

    @property
    def centre(self) -> float:
        """The column straight ahead."""
        return (self.width - 1) / 2

    def depth(self, row: float) -> float:
        """Z of the ground at a row below the horizon."""
        return self.focal * self.eye / (row - self.horizon)

    def ground_at(self, column: float, row: float) -> tuple[float, float]:
        """X and Z of the ground that a pixel shows."""
        depth = self.depth(row)
        return (column - self.centre) * depth / self.focal, depth

    def pixels_per_metre(self, row: float) -> float:
        """Of something upright that stands on the ground at a row."""
        return (row - self.horizon) / self.eye

    def first_ground_row(self) -> int:
        """The uppermost row in which ground is lit or shaded."""
        return max(0, int(np.ceil(self.horizon + NEAR_HORIZON * self.height)))

    def ground(self, step: int = 1) -> tuple[Floats, Floats]:
        """X and Z of the ground at the pixels from `first_ground_row` down.

        Args:
            step: Side of the blocks of pixels that share a value, taken at their middle.
        """
        first = self.first_ground_row()
        rows = np.arange(first, self.height, step, dtype=np.float64) + (step - 1) / 2
        columns = np.arange(0, self.width, step, dtype=np.float64) + (step - 1) / 2
        depth = (self.focal * self.eye / (rows - self.horizon)).astype(np.float32)
        across = ((columns - self.centre) / self.focal).astype(np.float32)
        return depth[:, None] * across, np.repeat(depth[:, None], len(columns), axis=1)


def camera_of(height: int, width: int, horizon: float, eye: float) -> Camera:
    """A camera with the assumed focal length; the horizon in rows, the eye in metres."""
    return Camera(height, width, horizon, eye, FOCAL * max(height, width))
