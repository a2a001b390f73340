"""The sun as a disc and the sky as a half dome, each a set of directions of equal weight."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RADIUS = 0.27
"""Of the sun seen from the earth, in degrees."""
HAZE = 7.0
"""Degrees by which an overcast sky widens it."""
LOWEST = 4.0
"""Degrees above the ground below which no part of it shines: shadows would never end."""
GOLDEN = np.pi * (3 - 5**0.5)


class Slopes(NamedTuple):
    """Directions to a light, as metres along X and Z for each metre up."""

    along_x: NDArray[np.float64]
    along_z: NDArray[np.float64]


class Sun(NamedTuple):
    """Where the sun stands, and through how much haze.

    Attributes:
        azimuth: Degrees clockwise from straight ahead: 0 behind the scene (shadows come towards
            the camera), 90 to the right (shadows fall to the left), 180 behind the camera.
        elevation: Degrees above the horizon, at most 90.
        softness: 0: clear, hard shadows; 1: overcast, no shadow but that of contact.
    """

    azimuth: float
    elevation: float
    softness: float

    @property
    def radius(self) -> float:
        """Of the disc that shines, in degrees."""
        return RADIUS + HAZE * self.softness**2


def shadow_of_one_metre(sun: Sun) -> tuple[float, float]:
    """Metres along X and Z from the foot of an upright metre to the tip of its shadow."""
    length, azimuth = 1 / np.tan(np.radians(sun.elevation)), np.radians(sun.azimuth)
    return float(-length * np.sin(azimuth)), float(-length * np.cos(azimuth))


def sun_slopes(sun: Sun, count: int) -> Slopes:
    """Directions that fill the disc evenly; the mirrored sun has the mirrored ones.

    Args:
        sun: Where it stands.
        count: How many, even.
    """
    right, up = _half_disc(count // 2)
    across = np.radians(sun.radius) * np.concatenate([right, -right])
    above = np.radians(sun.radius) * np.concatenate([up, up])
    elevation, azimuth = np.radians((sun.elevation, sun.azimuth))
    rise = np.clip(elevation + above, np.radians(LOWEST), np.pi / 2)
    turn = across / max(np.cos(elevation), 0.1)
    # Signs and sines of the azimuth alone: -azimuth gives exactly -x.
    sine, cosine = np.sin(azimuth), np.cos(azimuth)
    length = 1 / np.tan(rise)
    along_x = length * (sine * np.cos(turn) + cosine * np.sin(turn))
    along_z = length * (cosine * np.cos(turn) - sine * np.sin(turn))
    return Slopes(along_x, along_z)


def sky_slopes(count: int) -> Slopes:
    """Directions over the half dome, dense where they light the ground most (cosine law).

    Args:
        count: How many, even; mirrored left to right.
    """
    half = count // 2
    place = np.arange(half) + 0.5
    sine = np.sqrt(1 - place / half)  # of the elevation
    azimuth = np.mod(place * GOLDEN, np.pi)
    length = np.sqrt(1 - sine**2) / np.maximum(sine, np.sin(np.radians(LOWEST)))
    along_x, along_z = length * np.sin(azimuth), length * np.cos(azimuth)
    return Slopes(np.concatenate([along_x, -along_x]), np.concatenate([along_z, along_z]))


def _half_disc(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of the right half of the unit disc, evenly spread (Vogel's spiral, folded)."""
    place = np.arange(count) + 0.5
    radius, angle = np.sqrt(place / count), place * GOLDEN
    return np.abs(radius * np.sin(angle)), radius * np.cos(angle)
