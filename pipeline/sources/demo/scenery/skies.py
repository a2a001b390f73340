"""Skies with clouds in perspective, and ranges of hills and woods below them."""

import numpy as np

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance
from pipeline.sources.demo.art.ground import noise
from pipeline.sources.demo.art.palette import Colour, blend, scaled
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.scenery.outdoors import Outdoors, fractal


def sky(out: Outdoors) -> None:
    """Fill the picture with sky, down to its last row."""
    rows = np.arange(out.height, dtype=np.float32)[:, None]
    rise = np.clip((out.horizon - rows) / max(out.horizon, 1), 0, 1) ** 0.75
    zenith, horizon = np.array(out.mood.zenith), np.array(out.mood.horizon)
    colour = horizon + (zenith - horizon) * rise[..., None]
    out.canvas.colour[:] = colour.astype(np.float32)
    if out.mood.sky == "evening" and out.mood.weather != "fog":
        _glow(out)
    if out.mood.weather != "fog":
        _clouds(out)


def _glow(out: Outdoors) -> None:
    """The light around a sun that has set, or nearly."""
    x = (np.arange(out.width) - between(out.rng, 0.1, 0.9) * out.width) / out.width
    y = (np.arange(out.height)[:, None] - out.horizon) / out.width
    glow = np.exp(-((x / 0.25) ** 2) - (y / 0.12) ** 2)[..., None].astype(np.float32)
    out.canvas.colour += glow * np.array((46, 30, 8), np.float32)


def _clouds(out: Outdoors) -> None:
    """A layer of clouds far above, seen in perspective, lit from one side."""
    rng, sky_ = out.rng, out.mood.sky
    rows = int(min(out.horizon, out.height))
    if rows < 4:
        return
    up = (out.horizon - np.arange(rows, dtype=np.float32)[:, None]) / out.focal
    away = 1 / (up + 0.06)
    column = (np.arange(out.width, dtype=np.float32)[None, :] - out.width / 2) / out.focal
    across = np.asarray(column * away, np.float32)
    depth = np.asarray(np.broadcast_to(away, across.shape), np.float32)
    shift = between(rng, 0, 700), between(rng, 0, 700)
    density = _puffs(across, depth, shift)
    lit = density - _puffs(
        np.asarray(across + 0.06, np.float32), np.asarray(depth + 0.08, np.float32), shift
    )
    cover = {"clear": -1.25, "cloudy": 0.05, "evening": -0.2, "overcast": 1.3}[sky_]
    cover += between(rng, -0.35, 0.35)
    alpha = np.clip((density + cover) * 0.85, 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha) * np.clip(up / 0.05, 0.15, 1)
    white: Colour = {"clear": (250, 251, 253), "cloudy": (246, 247, 250),
                     "evening": (240, 178, 150), "overcast": (208, 212, 217)}[sky_]  # fmt: skip
    if out.mood.weather == "rain":
        white = (150, 155, 162)
    shade = np.clip(0.93 + 0.16 * lit - 0.1 * np.clip(density + cover - 0.6, 0, 1.5), 0.66, 1.08)
    colour = np.array(white, np.float32) * shade[..., None]
    view = out.canvas.colour[:rows]
    view += (colour - view) * np.asarray(alpha, np.float32)[..., None] * np.float32(0.92)


def _puffs(x: Floats, y: Floats, shift: tuple[float, float]) -> Floats:
    total = np.zeros(x.shape, np.float32)
    for scale, weight in ((9, 1.0), (21, 0.55), (48, 0.3), (100, 0.17), (210, 0.09)):
        total += np.float32(weight) * noise("fine", 32, x, y, scale, shift)
    return total


def ranges(out: Outdoors, count: int, tall: float, wooded: float) -> None:
    """Hills, the farthest first; `tall` is their height as a share of the picture's."""
    green = palette.leaf(out.rng)
    for step in range(count):
        away = 2600 * 0.42**step
        base: Colour = blend((92, 112, 74), green, 0.35)
        if chance(out.rng, wooded):
            _range(out, scaled(blend(base, (38, 62, 42), 0.6), 1.0), away, tall * 0.62**step, True)
        else:
            _range(out, base, away, tall * 0.62**step, False)


def _range(out: Outdoors, colour: Colour, away: float, tall: float, woods: bool) -> None:
    rng = out.rng
    crest = (fractal(rng, out.width, between(rng, 1.5, 4), 5) + 0.9) * 0.5 * tall * out.height
    if woods:
        crest += np.abs(fractal(rng, out.width, out.width / 7, 2)) * 0.018 * out.height
    line = out.horizon - np.maximum(crest, 0.004 * out.height)
    rows = np.arange(out.height, dtype=np.float32)[:, None]
    cover = np.clip(rows - line[None, :] + 0.5, 0, 1) * (rows < out.horizon + 3)
    first, last = int(max(0, line.min() - 1)), int(min(out.height, out.horizon + 3))
    if first >= last:
        return
    x = np.broadcast_to(np.arange(out.width, dtype=np.float32)[None, :], (last - first, out.width))
    y = (rows[first:last] - line[None, :]) * np.float32(1.6)
    shift = between(rng, 0, 700), between(rng, 0, 700)
    fine = noise("leaf", 4, x, y, 1.6, shift) * 0.16
    if not woods:
        fine = noise("cloud", 16, x, y, 1, shift) * 0.1
    grain = fine + noise("cloud", 32, x, y, 0.7, shift) * 0.08
    if out.mood.weather == "snow":
        colour = blend(colour, (232, 236, 242), 0.45 if woods else 0.85)
    surface = np.array(colour, np.float32) * (1 + grain)[..., None]
    lit = out.lit(surface, np.full(grain.shape, away, np.float32))
    view = out.canvas.colour[first:last]
    view += (lit - view) * cover[first:last, :, None].astype(np.float32)
