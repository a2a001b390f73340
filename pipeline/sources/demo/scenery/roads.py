"""What covers the ground: grass, crops, sand, water, asphalt with its lines, in perspective."""

from dataclasses import dataclass

import numpy as np

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.ground import every, lay, noise, rough, stripe
from pipeline.sources.demo.art.palette import Colour, blend, scaled
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.scenery.outdoors import Outdoors

SNOW: Colour = (236, 240, 246)


@dataclass(frozen=True)
class Road:
    """A road: half its width, y where it starts, its slope and bend; asphalt or dirt."""

    half: float
    start: float
    slope: float
    bend: float
    dirt: bool = False

    def centre(self, x: Floats | float) -> Floats:
        """The y of its middle, x metres away."""
        far = np.minimum(np.asarray(x, np.float32), 160)
        return np.asarray(self.start + self.slope * far + self.bend * far * far, np.float32)


def choose_road(rng: np.random.Generator, dirt: bool = False) -> Road:
    """A road that leads away from near the camera, straight or in a slight bend."""
    half = between(rng, 1.1, 1.6) if dirt else between(rng, 2.7, 4.2)
    bend = pick(rng, (0.0, between(rng, -0.0022, 0.0022)), (1, 2))
    return Road(half, between(rng, -0.9, 0.9) * half, between(rng, -0.06, 0.06), bend, dirt)


def cover_ground(out: Outdoors, surface: Floats) -> None:
    """Lay a surface (colours in plain light, H'×W×3) on the ground, through haze."""
    out.canvas.colour[out.land.top :] = out.lit(surface, out.land.away)


def grass(out: Outdoors) -> Floats:
    """A meadow with blades, patches and, at times, flowers."""
    rng, land = out.rng, out.land
    green = blend(palette.leaf(rng), (98, 122, 58), 0.55)
    if out.mood.weather == "snow":
        return _snow(out)
    shift = between(rng, 0, 700), between(rng, 0, 700)
    blades = noise("fibre", 2, land.y, land.x, 46, shift) * np.clip(land.metre / 55, 0.15, 1)
    tufts = noise("cloud", 8, land.y, land.x, 18, shift) * np.clip(land.metre / 12, 0.25, 1)
    wide = noise("cloud", 32, land.y, land.x, 3.4, shift)
    light = 1 + 0.15 * blades + 0.09 * tufts + 0.07 * wide
    colour = np.array(green, np.float32) * light[..., None]
    lay(colour, (168, 158, 92), np.clip(0.32 * wide - 0.1, 0, 0.45).astype(np.float32))
    if chance(rng, 0.4):
        spots = noise("fine", 1, land.y, land.x, 17, shift) > 2.5
        flower = pick(rng, ((240, 236, 226), (236, 206, 70), (196, 70, 80), (150, 120, 190)))
        lay(colour, flower, (spots * np.clip(land.metre / 30, 0, 0.9)).astype(np.float32))
    return np.asarray(colour, np.float32)


def _snow(out: Outdoors) -> Floats:
    land, rng = out.land, out.rng
    shift = between(rng, 0, 700), between(rng, 0, 700)
    drifts = noise("cloud", 32, land.y, land.x, 9, shift) * 0.035
    stalks = noise("fine", 1, land.y, land.x, 26, shift)
    fine = noise("fine", 1, land.y, land.x, 60, shift) * 0.02 * np.clip(land.metre / 50, 0, 1)
    colour = np.array(SNOW, np.float32) * (1 + drifts + fine)[..., None]
    lay(colour, (128, 116, 84), (0.8 * (stalks > 2.4)).astype(np.float32))
    return np.asarray(colour, np.float32)


def crops(out: Outdoors) -> Floats:
    """Rows of wheat, rape, young green or ploughed earth that run away from the camera."""
    rng, land = out.rng, out.land
    if out.mood.weather == "snow":
        return _snow(out)
    colour_, deep = pick(rng, (((198, 170, 96), 0.22), ((206, 186, 60), 0.2), ((104, 136, 62), 0.3),
                               ((122, 92, 68), 0.34), ((158, 150, 84), 0.22)))  # fmt: skip
    shift = between(rng, 0, 700), between(rng, 0, 700)
    turn = between(rng, -0.5, 0.5)
    across = land.y + land.x * np.float32(turn)
    wobble = noise("cloud", 8, land.y, land.x, 14, shift) * np.float32(0.06)
    row = np.cos((across + wobble) * np.float32(2 * np.pi / between(rng, 0.55, 0.9)))
    row *= np.clip(land.metre / 10 - 0.2, 0, 1)
    ears = noise("fibre", 2, across, land.x, 52, shift) * np.clip(land.metre / 60, 0.15, 1)
    wide = noise("cloud", 32, land.y, land.x, 3, shift)
    light = 1 + deep * 0.6 * row + 0.15 * ears + 0.07 * wide
    tracks = np.abs(every(across, 12.0))
    lay_ = np.array(colour_, np.float32) * light[..., None]
    track = np.maximum(stripe(tracks, 0.9, 0.35, land.metre), 0)
    lay(lay_, scaled(colour_, 0.6), np.asarray(0.8 * track, np.float32))
    return np.asarray(lay_, np.float32)


def sand_and_sea(out: Outdoors, side: float) -> Floats:
    """A beach that runs away from the camera, the sea at one side (-1 right, 1 left)."""
    rng, land = out.rng, out.land
    shift = between(rng, 0, 700), between(rng, 0, 700)
    sand = scaled(pick(rng, ((222, 200, 162), (206, 182, 146), (196, 184, 162))), 1.0)
    if out.mood.weather == "snow":
        sand = blend(sand, SNOW, 0.7)
    fine = noise("fine", 1, land.y, land.x, 50, shift) * np.clip(land.metre / 55, 0.1, 1)
    ripples = noise("plank", 2, land.y, land.x, 22, shift) * np.clip(land.metre / 25, 0.1, 1)
    colour = np.array(sand, np.float32) * (1 + 0.07 * fine + 0.05 * ripples)[..., None]
    bay = 1.4 * np.sin(land.x / 9 + shift[0]) + 0.5 * np.sin(land.x / 2.3 + shift[1])
    edge = side * land.y - between(rng, 1.5, 6.0) - 0.3 * bay - between(rng, -0.08, 0.05) * land.x
    wet = np.clip((edge + 2.4) / 2.4, 0, 1)
    lay(colour, scaled(sand, 0.62), np.asarray(0.8 * wet, np.float32))
    sea = palette.hue(between(rng, 180, 208), between(rng, 0.35, 0.62), between(rng, 110, 165))
    swell = noise("plank", 4, land.y * 0.35, land.x, 9, shift)
    chop = noise("plank", 1, land.y * 0.5, land.x, 26, shift) * np.clip(land.metre / 16, 0.2, 1)
    water = np.array(sea, np.float32) * (1 + 0.13 * swell + 0.12 * chop)[..., None]
    glance = np.clip(land.away / 160, 0, 0.65)[..., None]
    water += (np.array(out.mood.horizon, np.float32) - water) * glance
    colour += (water - colour) * np.clip(edge * 2 + 0.5, 0, 1)[..., None]
    for row in range(3):
        at = edge - row * between(rng, 1.6, 3.0)
        at += 0.35 * noise("cloud", 8, land.y, land.x, 9, shift)
        foam = stripe(np.asarray(at, np.float32), 0.1, 0.3, land.metre) * (0.9 - 0.2 * row)
        lay(colour, (244, 246, 246), np.asarray(foam, np.float32))
    return np.asarray(colour, np.float32)


def lay_road(
    out: Outdoors, surface: Floats, road: Road, gravel: Colour = (152, 140, 118)
) -> Floats:
    """A road on the surface, in place; what comes back is its cover, H'×W in 0..1."""
    rng, land = out.rng, out.land
    shift = between(rng, 0, 700), between(rng, 0, 700)
    at = land.y - road.centre(land.x)
    ragged = noise("cloud", 8, land.y, land.x, 20, shift) * np.float32(0.09)
    off = np.abs(at) + ragged - np.float32(road.half)
    soft = np.maximum(0.7 / land.metre, 0.02)
    if out.mood.weather == "snow":
        gravel = blend(gravel, SNOW, 0.75)
    lay(surface, gravel, np.clip(0.5 - (off - 0.45) / (4 * soft), 0, 1).astype(np.float32))
    cover = np.clip(0.5 - off / (2 * soft), 0, 1).astype(np.float32)
    grey = between(rng, 84, 132)
    base: Colour = (grey, grey, grey + between(rng, -3, 6))
    if road.dirt:
        base = pick(rng, ((158, 134, 104), (140, 118, 94), (176, 160, 132)))
    asphalt = np.array(base, np.float32) * (1 + 0.075 * rough(land, shift))[..., None]
    ruts = np.exp(-(((np.abs(at) - road.half * 0.5) / 0.32) ** 2))
    asphalt *= (1 - (0.12 if road.dirt else 0.06) * ruts)[..., None]
    if road.dirt:
        strip = np.clip(1 - np.abs(at) / 0.32 + ragged * 4, 0, 1).astype(np.float32)
        lay(asphalt, (112, 124, 66), np.asarray(0.75 * strip, np.float32))
    else:
        _cracks(out, asphalt, shift)
        _markings(out, asphalt, road, at)
    if out.mood.weather == "snow":
        slush = 0.92 - 1.1 * ruts + 0.2 * noise("cloud", 16, land.y, land.x, 12, shift)
        lay(asphalt, SNOW, np.asarray(np.clip(slush, 0, 1), np.float32))
    surface += (asphalt - surface) * cover[..., None]
    return np.asarray(cover, np.float32)


def _cracks(out: Outdoors, asphalt: Floats, shift: tuple[float, float]) -> None:
    """Tarred cracks and mended patches."""
    rng, land = out.rng, out.land
    field = noise("cloud", 32, land.y, land.x, 11, (shift[1], shift[0]))
    crack = stripe(field, 0.0, 0.05, np.maximum(land.metre, 1)) * np.clip(land.metre / 30, 0, 0.7)
    lay(asphalt, (48, 48, 50), np.asarray(crack, np.float32))
    for _ in range(int(rng.integers(0, 4))):
        x, y = between(rng, 4, 25), between(rng, -3, 3)
        long, wide = between(rng, 0.6, 3), between(rng, 0.4, 1.4)
        inside = np.minimum(long - np.abs(land.x - x), wide - np.abs(land.y - y)) * land.metre
        lay(asphalt, (66, 66, 69), (0.55 * np.clip(inside + 0.5, 0, 1)).astype(np.float32))


def _markings(out: Outdoors, asphalt: Floats, road: Road, at: Floats) -> None:
    """Edge lines and a centre line, dashed, whole or double, white or yellow, worn."""
    rng, land = out.rng, out.land
    white: Colour = (222, 221, 214)
    worn = np.clip(0.9 + 0.25 * noise("cloud", 4, land.y, land.x, 40, (9.0, 5.0)), 0, 1)
    worn = worn * between(rng, 0.65, 1.0)
    lines = np.zeros(at.shape, np.float32)
    if chance(rng, 0.75):
        lines = stripe(np.abs(at), road.half - 0.22, 0.13, land.metre)
    lay(asphalt, white, np.asarray(lines * worn, np.float32))
    kind = pick(rng, ("dashed", "whole", "double", "none"), (4, 1.2, 1, 0.5))
    period = between(rng, 5, 11)
    dashes = np.mod(land.x + between(rng, 0, period), period) < between(rng, 0.35, 0.6) * period
    centre = stripe(at, 0, 0.13, land.metre)
    if kind == "double":
        centre = stripe(np.abs(at), 0.14, 0.1, land.metre)
    centre = centre * {"dashed": dashes, "whole": 1.0, "double": 1.0, "none": 0.0}[kind]
    paint = pick(rng, (white, (220, 178, 58)), (4, 1))
    lay(asphalt, paint, np.asarray(centre * worn, np.float32))
