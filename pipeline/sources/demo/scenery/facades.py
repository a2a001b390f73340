"""Rows of houses along a street, as strips of texture on upright planes that run away."""

import cv2
import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, blend, scaled
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.art.textures import noise_bank
from pipeline.sources.demo.scenery.outdoors import Outdoors

FINE = 26  # pixels of a strip per metre
TOP = 15.0  # metres: no roof is higher
SIDE = 400, 376  # pixels that the largest front takes
LEVELS = 4  # halvings of the strip, for what is far away


def row(out: Outdoors, y: float, start: float, long: float) -> None:
    """A row of houses with its fronts on the plane at `y`, from x = `start` on."""
    strip = _strip(out.rng, long, out.mood.weather == "snow")
    column = np.arange(out.width, dtype=np.float32) + 0.5
    slope = (out.width / 2 - column) / out.focal
    with np.errstate(divide="ignore"):
        x = np.where(slope * y > 0, y / slope, np.inf).astype(np.float32)
    columns = np.flatnonzero((x > max(start, 0.5)) & (x < start + long))
    if len(columns) == 0:
        return
    x = x[columns]
    line = np.arange(out.height, dtype=np.float32)[:, None] + 0.5
    z = out.eye - (line - out.horizon) * x[None, :] / out.focal
    colour = _sample(strip, np.broadcast_to((x - start)[None, :], z.shape), z, out.focal / x)
    inside = colour[..., 3:] * ((z > 0) & (z < TOP))[..., None]
    side = 1.0 if y * out.mood.sun > 0 else 1 - 0.6 * out.mood.shade
    lit = out.lit(colour[..., :3] * np.float32(side), np.broadcast_to(x[None, :], z.shape))
    view = out.canvas.colour[:, columns]
    out.canvas.colour[:, columns] = view + (lit - view) * inside


def _sample(strip: Floats, along: Floats, up: Floats, metre: Floats) -> Floats:
    """The strip at each place, from the level whose pixels are about as large as the picture's."""
    level = np.clip(np.log2(FINE / metre), 0, LEVELS - 1)
    total = np.zeros((*along.shape, 4), np.float32)
    for step in range(LEVELS):
        weight = np.clip(1 - np.abs(level - step), 0, 1)
        columns = np.flatnonzero(weight > 0)
        if len(columns) == 0:
            continue
        scale = FINE / 2**step
        u = (along[:, columns] * np.float32(scale)).astype(np.float32)
        v = ((np.float32(TOP) - up[:, columns]) * np.float32(scale)).astype(np.float32)
        part = cv2.remap(strip, u - 0.5, v - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        total[:, columns] += part * weight[columns][None, :, None].astype(np.float32)
        half = cv2.resize(strip, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        strip = np.asarray(half, np.float32)
    return total


def _strip(rng: Generator, long: float, snow: bool) -> Floats:
    """Fronts side by side, H×W×4."""
    strip = np.zeros((round(TOP * FINE), round(long * FINE), 4), np.float32)
    x = 0.0
    while x < long:
        wide = between(rng, 5.0, 10.0)
        if long - x - wide < 4:
            wide = long - x
        _front(strip, rng, x, x + wide, snow)
        x += wide
    return strip


def _rect(strip: Floats, left: float, low: float, right: float, high: float,
          colour: Colour | Floats) -> None:  # fmt: skip
    """Fill a rectangle given in metres; heights from the ground."""
    rows, columns = strip.shape[:2]
    a, b = np.clip([round((TOP - high) * FINE), round((TOP - low) * FINE)], 0, rows)
    c, d = np.clip([round(left * FINE), round(right * FINE)], 0, columns)
    if isinstance(colour, tuple):
        strip[a:b, c:d, :3] = colour
    else:
        strip[a:b, c:d, :3] = colour[: b - a, : d - c]
    strip[a:b, c:d, 3] = 1


def _front(strip: Floats, rng: Generator, left: float, right: float, snow: bool) -> None:
    floors = int(rng.integers(2, 4))
    storey = between(rng, 2.7, 3.2)
    eaves = floors * storey + 0.4
    wall = _wall(rng)
    rough = noise_bank("cloud", 4)[: SIDE[0], : SIDE[1]]
    plain = np.array(wall, np.float32) * (1 + 0.035 * rough)[..., None]
    if chance(rng, 0.45):
        plain *= _courses(rng)[..., None]
    _rect(strip, left, 0, right, eaves, np.asarray(plain, np.float32))
    _rect(strip, left, 0, right, between(rng, 0.4, 0.9), scaled(wall, 0.72))
    _roof(strip, rng, left, right, eaves, snow)
    trim = pick(rng, ((238, 236, 230), (214, 206, 192), (92, 82, 74)))
    count = max(1, int((right - left) / between(rng, 1.7, 2.4)))
    step = (right - left) / count
    door = int(rng.integers(count))
    shop = chance(rng, 0.25)
    for floor in range(floors):
        for column in range(count):
            x = left + (column + 0.5) * step
            if floor == 0 and column == door:
                _door(strip, rng, x, trim)
            elif floor == 0 and shop:
                _window(strip, rng, x, 0.5, 0.45 * step, 2.0, scaled(wall, 0.5))
            else:
                _window(strip, rng, x, floor * storey + 0.95, 0.5, 1.35, trim)
    if shop:
        _rect(strip, left + 0.2, 2.55, right - 0.2, 3.0, palette.cloth(rng))
    _rect(strip, right - 0.09, 0, right, eaves, scaled(wall, 0.6))


def _wall(rng: Generator) -> Colour:
    """Plaster or brick, mostly pale or earthen."""
    kind = pick(rng, ("pale", "earth", "brick", "strong"), (4, 3, 3, 0.7))
    if kind == "brick":
        return palette.hue(between(rng, 8, 24), between(rng, 0.35, 0.5), between(rng, 120, 170))
    if kind == "earth":
        return palette.hue(between(rng, 28, 48), between(rng, 0.18, 0.4), between(rng, 170, 220))
    if kind == "pale":
        return palette.hue(between(rng, 20, 220), between(rng, 0.02, 0.1), between(rng, 195, 236))
    return palette.hue(between(rng, 0, 240), between(rng, 0.2, 0.4), between(rng, 130, 200))


def _courses(rng: Generator) -> Floats:
    """Bricks as factors on the light, as large as the largest front."""
    y, x = np.mgrid[0 : SIDE[0], 0 : SIDE[1]]
    course = y // 3
    joint = (y % 3 == 2) | ((x + 4 * (course % 2)) % 8 == 7)
    tints = rng.uniform(0.88, 1.1, (SIDE[0] // 3 + 1, SIDE[1] // 8 + 1))
    tint = tints[course, (x + 4 * (course % 2)) // 8]
    return np.where(joint, 1.12, tint).astype(np.float32)


def _roof(strip: Floats, rng: Generator, left: float, right: float, eaves: float,
          snow: bool) -> None:  # fmt: skip
    high = between(rng, 1.2, 2.2)
    tile = palette.hue(between(rng, 5, 25), between(rng, 0.25, 0.55), between(rng, 80, 140))
    if chance(rng, 0.35):
        tile = (84, 86, 92)
    if snow:
        tile = (228, 232, 238)
    for step in np.arange(0, high, 0.22).tolist():
        _rect(strip, left, eaves + step, right, eaves + step + 0.22,
              scaled(tile, between(rng, 0.9, 1.08)))  # fmt: skip
        _rect(strip, left, eaves + step, right, eaves + step + 0.05, scaled(tile, 0.72))
    _rect(strip, left, eaves - 0.12, right, eaves + 0.05, blend(tile, (225, 220, 210), 0.6))
    if chance(rng, 0.6):
        x = between(rng, left + 0.5, right - 1.2)
        _rect(strip, x, eaves + high - 0.5, x + 0.7, eaves + high + 0.9, (134, 92, 74))


def _window(strip: Floats, rng: Generator, x: float, low: float, half: float, high: float,
            trim: Colour) -> None:  # fmt: skip
    _rect(strip, x - half - 0.09, low - 0.09, x + half + 0.09, low + high + 0.09, trim)
    glass: Colour = (248, 218, 150) if chance(rng, 0.08) else palette.hue(
        between(rng, 195, 220), between(rng, 0.12, 0.3), between(rng, 70, 120))  # fmt: skip
    for step in range(4):
        _rect(strip, x - half, low + high * step / 4, x + half, low + high * (step + 1) / 4,
              scaled(glass, 0.75 + 0.16 * step))  # fmt: skip
    if chance(rng, 0.6):
        veil = blend(glass, (230, 228, 220), 0.5)
        _rect(strip, x - half, low, x - half * 0.55, low + high, veil)
        _rect(strip, x + half * 0.55, low, x + half, low + high, veil)
    _rect(strip, x - 0.03, low, x + 0.03, low + high, trim)
    _rect(strip, x - half, low + 0.66 * high, x + half, low + 0.66 * high + 0.05, trim)
    _rect(strip, x - half - 0.14, low - 0.15, x + half + 0.14, low - 0.07, scaled(trim, 0.85))


def _door(strip: Floats, rng: Generator, x: float, trim: Colour) -> None:
    colour = scaled(palette.cloth(rng), 0.8)
    _rect(strip, x - 0.6, 0, x + 0.6, 2.35, trim)
    _rect(strip, x - 0.48, 0.1, x + 0.48, 2.2, colour)
    for low in (0.3, 1.2):
        _rect(strip, x - 0.36, low, x + 0.36, low + 0.75, scaled(colour, 0.82))
    _rect(strip, x - 0.75, 0, x + 0.75, 0.1, (150, 148, 144))
