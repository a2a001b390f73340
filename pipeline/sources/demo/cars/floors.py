"""The ground that cars stand on: a showroom's floor, asphalt, a pavement, a road through grass."""

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.ground import Ground, every, lay, noise, rough, stripe
from pipeline.sources.demo.art.palette import Colour, blend, scaled
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.cars.bodies import Body
from pipeline.sources.demo.cars.cabin import World

Setting = Literal["showroom", "street", "carpark", "country"]
SETTINGS: tuple[Setting, ...] = get_args(Setting)


class Scene(NamedTuple):
    """What a car stands in: the setting, its light, and how far behind the car it begins."""

    setting: Setting
    world: World
    behind: float


def draw_floor(rng: Generator, scene: Scene, land: Ground, body: Body) -> Floats:
    """The ground in perspective, H'×W×3."""
    shift = between(rng, 0, 700), between(rng, 0, 700)
    colour = np.empty((*land.x.shape, 3), dtype=np.float32)
    colour[:] = scene.world.ground
    if scene.setting == "showroom":
        _studio_floor(rng, scene.world, land, body, colour)
        return colour
    colour *= (1 + np.float32(0.07) * rough(land, shift))[..., None]
    paint = scaled((222, 220, 212), between(rng, 0.8, 1.05))
    if scene.setting == "carpark":
        bay, worn = between(rng, 2.4, 2.8), between(rng, 0.5, 0.95)
        lines = stripe(every(land.y - np.float32(bay / 2), bay), 0, 0.11, land.metre)
        within = (land.x > -1.0) & (land.x < body.length + 0.4)
        lay(colour, paint, np.asarray(lines * within * np.float32(worn)))
        ends = stripe(land.x, body.length + 0.4, 0.11, land.metre)
        lay(colour, paint, np.asarray(ends * np.float32(worn)))
    elif scene.setting == "street":
        _kerb(rng, land, colour)
    else:
        _verges(rng, land, colour, paint, shift)
    return colour


def _studio_floor(rng: Generator, world: World, land: Ground, body: Body, colour: Floats) -> None:
    """Plain, tiled, or a turntable; brighter around the car."""
    x, y = land.x - np.float32(body.length / 2), land.y
    radius = np.hypot(x, y)
    dark, light = scaled(world.ground, 0.72), scaled(world.ground, 1.2)
    kind = pick(rng, ("plain", "tiles", "turntable"), (1, 1.5, 1.5))
    if kind == "tiles":
        side = between(rng, 0.6, 1.3)
        angle = between(rng, 0, 1.5)
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        for at in (u, v):
            lines = stripe(every(np.asarray(at, np.float32), side), 0, 0.018, land.metre)
            lay(colour, dark, np.asarray(lines * np.float32(0.8)))
    elif kind == "turntable":
        edge = np.float32(body.length / 2 + between(rng, 0.35, 0.7))
        inside = np.clip((edge - radius) * land.metre + 0.5, 0, 1)
        lay(colour, light, np.asarray(inside * np.float32(0.6)))
        lay(colour, scaled(dark, 0.7), stripe(radius, float(edge), 0.05, land.metre))
    pool = 0.78 + 0.34 * np.exp(-((radius / 4.2) ** 2))
    colour *= pool[..., None].astype(np.float32)


def _kerb(rng: Generator, land: Ground, colour: Floats) -> None:
    """A pavement of slabs at the far side of the road, and sometimes a line before the kerb."""
    edge = float(land.away[0].max()) - between(rng, 0.6, 1.6)
    stone = scaled(pick(rng, ((168, 164, 158), (186, 176, 160), (150, 148, 150))),
                   between(rng, 0.85, 1.1))  # fmt: skip
    beyond = np.clip((land.away - np.float32(edge)) * 12, 0, 1)
    if chance(rng, 0.5):
        line = stripe(land.away, edge - 0.35, 0.12, land.metre)
        lay(colour, pick(rng, ((222, 220, 212), (216, 180, 60))), np.asarray(line * 0.8))
    lay(colour, stone, beyond.astype(np.float32))
    slabs = stripe(every(land.away, 0.6), 0, 0.03, land.metre)
    lay(colour, scaled(stone, 0.75), np.asarray(slabs * beyond, np.float32))
    lay(colour, scaled(stone, 1.12), stripe(land.away, edge, 0.14, land.metre))
    lay(colour, scaled(stone, 0.5), stripe(land.away, edge - 0.11, 0.08, land.metre))


def _verges(
    rng: Generator, land: Ground, colour: Floats, paint: Colour, shift: tuple[float, float]
) -> None:
    """A road along the car, with lines, gravel and grass at both sides."""
    lane = between(rng, 2.6, 3.4)
    centre = pick(rng, (-1, 1)) * between(rng, 1.0, 1.6)
    across = land.y - np.float32(centre)
    ragged = noise("cloud", 16, land.x, land.y, 14, shift) * np.float32(0.12)
    off = np.abs(across) + ragged - np.float32(lane + 0.25)
    lay(colour, (150, 138, 116), np.clip(off * 6, 0, 1).astype(np.float32))
    green = blend(palette.leaf(rng), (110, 120, 60), 0.4)
    blades = noise("fibre", 2, land.x, land.y, 40, shift) * np.clip(land.metre / 40, 0.2, 1)
    grass = np.array(green, np.float32) * (1 + np.float32(0.16) * blades)[..., None]
    cover = np.clip((off - np.float32(0.3)) * 5, 0, 1).astype(np.float32)[..., None]
    colour += (grass - colour) * cover
    edges = stripe(np.abs(across), lane, 0.12, land.metre)
    dashes = stripe(across, 0, 0.12, land.metre) * (np.mod(land.x + shift[0], 6) < 3.2)
    lay(colour, paint, np.asarray(np.maximum(edges, dashes) * np.float32(0.85), np.float32))
