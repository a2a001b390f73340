"""Rain, snow in the air, wet roads, and the camera that sees them."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.ground import noise
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.scenery.outdoors import Outdoors

TINTS = ((1.0, 1.0, 1.0), (1.05, 1.0, 0.93), (0.95, 0.99, 1.05))


def wet(out: Outdoors, cover: Floats) -> None:
    """A wet road, H'×W cover: darker, and a mirror of what stands above the horizon."""
    land, colour = out.land, out.canvas.colour
    rows = np.arange(land.top, out.height)
    mirror = np.clip(np.round(2 * out.horizon - rows), 0, out.height - 1).astype(int)
    image = cv2.GaussianBlur(colour[mirror], (0, 0), sigmaX=2.0, sigmaY=9.0)
    shift = between(out.rng, 0, 700), between(out.rng, 0, 700)
    puddles = noise("cloud", 32, land.y, land.x, 12, shift)
    share = np.clip(0.3 + 0.28 * puddles, 0.1, 0.8) * np.clip(0.45 + land.away / 40, 0, 1)
    view = colour[land.top :]
    view *= (1 - 0.38 * cover)[..., None]
    view += (image - view) * (share * cover)[..., None].astype(np.float32)


def fall(out: Outdoors) -> None:
    """Streaks of rain or flakes of snow before everything."""
    rng = out.rng
    if out.mood.weather == "rain":
        _streaks(out, between(rng, -12, 12))
    elif out.mood.weather == "snow" and chance(rng, 0.5):
        _flakes(out)


def _streaks(out: Outdoors, lean: float) -> None:
    rng, size = out.rng, (out.height, out.width)
    layer = np.zeros(size, np.uint8)
    for _ in range(int(rng.integers(250, 600))):
        x, y = between(rng, 0, out.width), between(rng, -20, out.height)
        long = between(rng, 8, 26) * out.height / 380
        end = round(x + long * lean / 40), round(y + long)
        cv2.line(layer, (round(x), round(y)), end, (int(rng.integers(60, 170)),), 1, cv2.LINE_AA)
    light = layer.astype(np.float32)[..., None] / 255
    out.canvas.colour[:] += (np.float32(214) - out.canvas.colour) * light * np.float32(0.5)


def _flakes(out: Outdoors) -> None:
    rng = out.rng
    layer = np.zeros((out.height, out.width), np.uint8)
    for _ in range(int(rng.integers(200, 700))):
        spot = int(rng.integers(out.width)), int(rng.integers(out.height))
        radius = pick(rng, (0, 1, 2), (6, 3, 0.6))
        cv2.circle(layer, spot, radius, (int(rng.integers(110, 240)),), -1, cv2.LINE_AA)
    light = cv2.GaussianBlur(layer, (3, 3), 0).astype(np.float32)[..., None] / 255
    out.canvas.colour[:] += (np.float32(244) - out.canvas.colour) * light


def develop(colour: Floats, rng: Generator) -> NDArray[np.uint8]:
    """H×W×3 in 0..255 onto a sensor: tint, exposure, vignette and fine noise, nothing blurred."""
    height, width = colour.shape[:2]
    tint = np.array(pick(rng, TINTS, (3, 1, 1)), np.float32) * np.float32(between(rng, 0.9, 1.08))
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    dark = 1 - np.float32(between(rng, 0, 0.14)) * (x * x + y * y) / 2
    grain = rng.standard_normal((height, width, 1), dtype=np.float32) * np.float32(
        between(rng, 0.6, 2.2))  # fmt: skip
    picture = colour * tint * dark[..., None]
    over = np.maximum(picture - 215, 0)
    picture = np.minimum(picture, 215) + 40 * (1 - np.exp(-over / 40)) + grain
    return np.asarray(np.clip(picture, 0, 255).round(), np.uint8)
