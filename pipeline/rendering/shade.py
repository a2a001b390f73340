"""What a picture says about its light: how clear the sky is, and what colour shade has.

Shade is what the sun leaves to the sky alone: picture × sky / (sky + sun), per channel, in linear
light. Nothing in one photo tells both apart; these are estimates from what usually holds. A blue
upper part, strong contrast and bright ground speak for sun. The colour of skylight is that of the
upper part, softened by that of the dark parts, which see the sky alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB
from pipeline.rendering.light import Linear, luminance, to_linear
from pipeline.rendering.shadows import Blocked

CLEAR_SKY, OVERCAST_SKY = 0.2, 0.85
"""The sky's share of the light on level ground, under a clear and under a covered sky."""
TINT = 0.15
"""A channel of skylight differs from grey by this share at most."""
DAYLIGHT = 0.3
"""Luminance of the brighter parts of a picture taken in daylight."""
UNDER = 0.92
"""Share of skylight that can be lacking: some comes back from the ground."""


class Lights(NamedTuple):
    """The light on open ground.

    Attributes:
        sky: 3 float32 in (0, 1): the sky's share per channel, which is left in the sun's shadow.
    """

    sky: NDArray[np.float32]

    @property
    def strength(self) -> float:
        """The sun's share."""
        return 1 - float(luminance(self.sky))


def estimate_clearness(picture: RGB, horizon: float) -> float:
    """How much the picture looks as if the sun shone, 0 to 1.

    Args:
        picture: The scene.
        horizon: Row of the horizon; what lies above it counts as sky.
    """
    light = to_linear(picture)
    bright = luminance(light)
    first = int(np.clip(horizon, 1, len(picture) - 1))
    ground = float(np.median(bright[first:]))
    stops = float(np.std(np.log2(bright + 0.01)))
    sky = light[: max(1, first // 2)].reshape(-1, 3).mean(axis=0)
    blue = float((sky[2] - sky[0]) / (sky.max() + 1e-6))
    seen = 0.35 + 0.3 * _rise(blue, 0.05, 0.4) + 0.3 * _rise(stops, 0.6, 1.6)
    seen += 0.2 * _rise(ground, 0.04, 0.25)
    seen = min(1.0, seen)
    return float(seen * _rise(ground, 0.0, 0.04))


def estimate_lights(picture: RGB, horizon: float, softness: float) -> Lights:
    """Strength and colour of skylight for a sun behind so much haze."""
    share = CLEAR_SKY + (OVERCAST_SKY - CLEAR_SKY) * softness
    sky = np.clip(share * _sky_colour(to_linear(picture), horizon), 0.05, 0.97)
    return Lights(sky.astype(np.float32))


def light_left(lights: Lights, blocked: Blocked) -> Linear:
    """H×W×3 shares of the light on open ground that still arrive."""
    sky, sun = lights.sky, 1 - lights.sky
    open_sky = (1 - UNDER * blocked.sky)[..., None]
    return open_sky * sky + (1 - blocked.sun)[..., None] * sun


def relit(colours: RGB, background: RGB) -> Linear:
    """Colours of a cutout in the light of another picture: a car in the dusk is no studio car.

    Brightness and colour go part of the way only: what a car looked like in its own light is
    unknown, and dark ground may be black asphalt in full sun.
    """
    around = to_linear(background).reshape(-1, 3)
    level = float(np.quantile(luminance(around), 0.75))
    gain = np.clip((level / DAYLIGHT) ** 0.4, 0.4, 1.1)
    return to_linear(colours) * np.float32(gain) * _chroma(around.mean(axis=0)) ** 0.3


def _sky_colour(light: Linear, horizon: float) -> NDArray[np.float32]:
    """Of skylight relative to all light, luminance 1; near grey."""
    pixels = light.reshape(-1, 3)
    bright = luminance(pixels)
    above = light[: max(1, int(horizon) // 2)].reshape(-1, 3).mean(axis=0)
    dark = pixels[bright <= np.quantile(bright, 0.15)].mean(axis=0)
    colour = np.sqrt(_chroma(above) * _chroma(dark)) / _chroma(pixels.mean(axis=0))
    colour = np.clip(colour / _mean_luminance(colour), 1 - TINT, 1 + TINT)
    return np.asarray(colour / _mean_luminance(colour), np.float32)


def _chroma(colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """A colour with luminance 1, dark ones pulled to grey."""
    return (colour + 0.01) / (_mean_luminance(colour) + 0.01)


def _mean_luminance(colour: NDArray[np.float32]) -> float:
    return float(luminance(colour))


def _rise(value: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, straight between."""
    return float(np.clip((value - low) / (high - low), 0, 1))
