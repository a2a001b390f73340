"""From the painted canvas to a photograph: reduction, light, lens and sensor."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.textures import Plane

# Warm, cool and neutral light, as factors on red, green and blue.
TINTS = ((1.0, 1.0, 1.0), (1.1, 1.0, 0.84), (1.05, 1.0, 0.93), (0.9, 0.98, 1.1), (0.96, 1.02, 0.98))


def reduced(plane: Plane, height: int, width: int) -> Plane:
    """The mean over the canvas pixels under each picture pixel."""
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA))


def photograph(colour: Plane, rng: Generator) -> NDArray[np.uint8]:
    """H×W×3 colours in 0..255 under some light, through some lens, onto a noisy sensor."""
    height, width = colour.shape[:2]
    tint = np.array(pick(rng, TINTS, (3, 1.5, 2, 1.5, 1)), dtype=np.float32)
    exposure = pick(rng, (1.06, between(rng, 0.9, 1.22), between(rng, 0.55, 0.8)), (3, 4, 1))
    light = _falloff(height, width, rng) * np.float32(exposure)
    picture = colour * (light[..., None] * tint)
    if chance(rng, 0.5):
        picture = cv2.GaussianBlur(picture, (0, 0), between(rng, 0.3, 0.8))
    grain = rng.standard_normal((height, width, 1), dtype=np.float32)
    specks = rng.standard_normal((height, width, 3), dtype=np.float32)
    strength = np.float32(between(rng, 0.8, 4.5))
    picture = picture + strength * (np.float32(0.8) * grain + np.float32(0.5) * specks)
    return np.asarray(np.clip(picture, 0, 255).round(), dtype=np.uint8)


def _falloff(height: int, width: int, rng: Generator) -> Plane:
    """Side light and vignette."""
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    right, down = between(rng, -0.2, 0.2), between(rng, -0.15, 0.08)
    vignette = between(rng, 0.0, 0.22)
    return np.asarray((1 + right * x + down * y) * (1 - vignette * (x * x + y * y) / 2))
