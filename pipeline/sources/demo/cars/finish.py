"""How a car looks in its light: materials, reflections of sky and ground, the view inside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.demo.art.palette import Colour
from pipeline.sources.demo.art.raster import Seen, View
from pipeline.sources.demo.art.solids import Floats, unit
from pipeline.sources.demo.cars.blueprints import Blueprint
from pipeline.sources.demo.cars.bodies import Body
from pipeline.sources.demo.cars.cabin import World, through
from pipeline.sources.demo.cars.drawings import Stuff
from pipeline.sources.demo.cars.shapes import INSIDE, MIRROR, SHELL, TRIM, WHEEL


@dataclass(frozen=True)
class Finish:
    """What one car chose for itself."""

    paint: Colour
    flakes: float  # 0 is plain paint, 1 a metallic one
    rim: Colour
    spokes: int
    swept: float  # how far the spokes turn on their way out, in radians


# Colour in white light, and the share of light that is mirrored at right angles.
LOOKS: dict[Stuff, tuple[Colour, float]] = {
    Stuff.PAINT: ((0, 0, 0), 0.13),
    Stuff.GLASS: ((18, 24, 26), 0.14),
    Stuff.TRIM: ((36, 37, 39), 0.015),
    Stuff.BLACK: ((14, 14, 16), 0.05),
    Stuff.CHROME: ((150, 154, 160), 0.45),
    Stuff.HEADLAMP: ((118, 126, 134), 0.16),
    Stuff.LED: ((250, 250, 246), 0.1),
    Stuff.TAIL: ((176, 16, 20), 0.07),
    Stuff.CLEAR: ((222, 214, 210), 0.1),
    Stuff.PLATE: ((236, 236, 226), 0.02),
    Stuff.INK: ((20, 20, 24), 0.02),
    Stuff.SEAM: ((16, 16, 18), 0.0),
    Stuff.LIP: ((0, 0, 0), 0.03),
    Stuff.TYRE: ((34, 34, 35), 0.01),
    Stuff.RIM: ((0, 0, 0), 0.16),
    Stuff.WELL: ((9, 9, 10), 0.0),
}


def shade(
    seen: Seen, view: View, body: Body, print_: Blueprint, finish: Finish, world: World
) -> Floats:
    """The colour of each visible point, N×3 in 0..255 and a little more."""
    stuff = _stuff(seen, body, print_, finish)
    towards = unit(view.place - seen.point)
    colour = _base(stuff, finish)
    glass = np.flatnonzero(stuff == Stuff.GLASS)
    colour[glass] = through(seen.point[glass], -towards[glass], body, print_, world)
    facing = np.clip(np.einsum("ni,ni->n", seen.normal, towards), 0, 1)
    mirror = np.array([LOOKS[Stuff(index)][1] for index in range(len(Stuff))], np.float32)[stuff]
    fresnel = mirror + (np.minimum(mirror * 6, 0.8) - mirror) * (1 - facing) ** 4
    bounced = 2 * facing[:, None] * seen.normal - towards
    light = _diffuse(seen, world)
    light += _flakes(stuff, finish, facing)[:, None]
    lamp = (stuff == Stuff.LED) | (stuff == Stuff.CLEAR)
    light[lamp] = np.maximum(light[lamp], 0.9)
    light[glass] = 1.0
    reflected = surroundings(bounced, world) * _open(seen.point, bounced)[:, None]
    shine = colour * light * (1 - fresnel)[:, None] + reflected * fresnel[:, None]
    return np.asarray(_soft(shine + _glint(bounced, stuff, world)[:, None]), dtype=np.float32)


def _stuff(seen: Seen, body: Body, print_: Blueprint, finish: Finish) -> NDArray[np.uint8]:
    """The material of each visible point."""
    fixed = {SHELL: Stuff.PAINT, WHEEL: Stuff.TYRE, INSIDE: Stuff.WELL, TRIM: Stuff.TRIM,
             MIRROR: Stuff.PAINT}  # fmt: skip
    table = np.array([fixed[part] for part in sorted(fixed)], dtype=np.uint8)
    stuff = table[seen.part]
    shell = np.flatnonzero(seen.part == SHELL)
    stuff[shell] = _on_shell(seen.point[shell], seen.normal[shell], print_)
    wheel = np.flatnonzero(seen.part == WHEEL)
    stuff[wheel] = _on_wheel(seen.chart[wheel] / np.float32(body.wheel), finish)
    back = (seen.part == MIRROR) & (seen.normal[:, 0] > 0.75)
    stuff[back] = Stuff.BLACK
    return stuff


def _on_shell(point: Floats, normal: Floats, print_: Blueprint) -> NDArray[np.uint8]:
    x, y, z = point.T
    across = np.abs(normal[:, 1])
    ahead, aback = -normal[:, 0], normal[:, 0]
    stuff = print_.top.at(x, y + np.float32(print_.top.top / 2))
    side = across > 0.5
    stuff[side] = print_.side.at(x[side], z[side])
    front = (ahead > 0.28) & (ahead > across)
    stuff[front] = print_.front.at(-y[front], z[front])  # seen from before, left is right
    rear = (aback > 0.22) & (aback > across)
    stuff[rear] = print_.rear.at(y[rear], z[rear])
    stuff[normal[:, 2] < -0.6] = Stuff.TRIM
    return stuff


def _on_wheel(chart: Floats, finish: Finish) -> NDArray[np.uint8]:
    """Tyre, rim, spokes, hub and nuts by their place on the disc, in tyre radii."""
    radius, turn = np.hypot(chart[:, 0], chart[:, 1]), np.arctan2(chart[:, 1], chart[:, 0])
    stuff = np.full(len(radius), Stuff.TYRE, dtype=np.uint8)
    stuff[radius < 0.69] = Stuff.RIM
    phase = (turn + finish.swept * radius) * finish.spokes / (2 * np.pi)
    away = np.abs(phase - np.round(phase)) * 2 * np.pi / finish.spokes * radius
    thick = np.float32(0.62 / finish.spokes)
    gap = (away > thick * (0.6 + 0.5 * radius)) & (radius > 0.19) & (radius < 0.6)
    stuff[gap] = Stuff.WELL
    nut = turn * 5 / (2 * np.pi) + 0.5
    nuts = np.hypot((nut - np.round(nut)) * 2 * np.pi / 5 * 0.125, radius - 0.125) < 0.022
    stuff[nuts] = Stuff.WELL
    stuff[radius < 0.07] = Stuff.BLACK
    return stuff


def _base(stuff: NDArray[np.uint8], finish: Finish) -> Floats:
    """The colour of each point in white light."""
    table = np.array([LOOKS[Stuff(index)][0] for index in range(len(Stuff))], dtype=np.float32)
    table[Stuff.PAINT] = finish.paint
    table[Stuff.LIP] = np.array(finish.paint) * 0.6
    table[Stuff.SEAM] = np.array(finish.paint) * 0.16 + 6
    table[Stuff.RIM] = finish.rim
    return table[stuff]


def _diffuse(seen: Seen, world: World) -> Floats:
    """Light that falls on each point, N×3, about one in the open."""
    up = (0.5 + 0.5 * seen.normal[:, 2]) ** 0.8
    sky = np.array(world.zenith, np.float32) * 0.5 + np.array(world.horizon, np.float32) * 0.5
    sky = sky / sky.max() * np.float32(1.02)
    ground = np.array(world.ground, np.float32) / 255 * np.float32(0.7)
    light = ground + (sky - ground) * up[:, None]
    sun = np.clip(np.einsum("ni,i->n", seen.normal, np.array(world.sun, np.float32)), 0, 1)
    warm = np.array((1.0, 0.97, 0.9), np.float32)
    light = light + (sun * np.float32(world.sunlight))[:, None] * warm
    near_ground = np.clip(seen.point[:, 2] / 0.55, 0, 1) ** 0.7
    light *= (0.5 + 0.5 * near_ground)[:, None]
    light[seen.part == INSIDE] *= 0.35
    return np.asarray(light, dtype=np.float32)


def _flakes(stuff: NDArray[np.uint8], finish: Finish, facing: Floats) -> Floats:
    """Metallic paint is brighter where it is seen straight on."""
    glow = np.float32(0.3 * finish.flakes) * (facing**2 - np.float32(0.45))
    return np.asarray(np.where(stuff == Stuff.PAINT, glow, 0), dtype=np.float32)


def _glint(bounced: Floats, stuff: NDArray[np.uint8], world: World) -> Floats:
    """The sun itself, mirrored in what is glossy."""
    aim = np.clip(np.einsum("ni,i->n", bounced, np.array(world.sun, np.float32)), 0, 1)
    glossy = np.isin(stuff, (Stuff.PAINT, Stuff.GLASS, Stuff.CHROME, Stuff.BLACK, Stuff.RIM,
                             Stuff.HEADLAMP, Stuff.TAIL))  # fmt: skip
    spark = 190 * aim**220 + 34 * aim**20
    return np.asarray(np.where(glossy, spark * world.sunlight, 0), dtype=np.float32)


def surroundings(way: Floats, world: World) -> Floats:
    """What is seen from the car in each direction, N×3: sky, scenery, ground."""
    up = way[:, 2]
    rise = np.clip(up, 0, 1)[:, None] ** 0.6
    horizon, zenith = np.array(world.horizon, np.float32), np.array(world.zenith, np.float32)
    sky = horizon + (zenith - horizon) * rise
    if world.boxes:
        sky = sky * 0.55 + 420 * _lamps(way)[:, None]
    turn = np.arctan2(way[:, 1], way[:, 0])
    crest = (
        0.04 + 0.025 * np.sin(5 * turn) + 0.02 * np.sin(13 * turn + 1) + 0.015 * np.sin(29 * turn)
    )
    behind = np.clip((crest - up) / 0.03, 0, 1)[:, None]
    seen = sky + (np.array(world.scenery, np.float32) - sky) * behind
    depth = np.clip(-up, 0, 1)[:, None]
    floor = np.array(world.ground, np.float32) * (1.0 - 0.45 * depth)
    below = np.clip(0.5 - up / 0.02, 0, 1)[:, None]
    return np.asarray(seen + (floor - seen) * below, dtype=np.float32)


def _lamps(way: Floats) -> Floats:
    """Rows of long lamps under a ceiling, along the car."""
    up = np.maximum(way[:, 2], 0.05)
    x, y = way[:, 0] / up, way[:, 1] / up
    across = np.abs(y / 1.6 - np.round(y / 1.6))
    rows = np.clip((0.17 - across) / 0.05, 0, 1) * np.clip((5 - np.abs(y)) * 3, 0, 1)
    ends = np.clip((7 - np.abs(x)) * 2, 0, 1) * np.clip((way[:, 2] - 0.08) * 20, 0, 1)
    return np.asarray(rows * ends, dtype=np.float32)


def _open(point: Floats, bounced: Floats) -> Floats:
    """How much of the surroundings a low, downward mirror image still finds: its own shadow."""
    shadow = np.clip(-bounced[:, 2] * 1.6, 0, 1) * np.clip(1.1 - point[:, 2] * 0.9, 0, 1)
    return np.asarray(1 - 0.55 * shadow, dtype=np.float32)


def _soft(colour: Floats) -> Floats:
    """Highlights roll off instead of clipping."""
    over = np.maximum(colour - 200, 0)
    return np.asarray(np.minimum(colour, 200) + 60 * (1 - np.exp(-over / 60)), dtype=np.float32)
