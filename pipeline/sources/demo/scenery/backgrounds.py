"""Landscapes and streets without a car in them, one by one or as a folder."""

from pathlib import Path
from typing import Literal, get_args

import numpy as np
from joblib import Parallel, delayed
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.ground import every, lay, noise, stripe
from pipeline.sources.demo.art.palette import scaled
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.people.pictures import JPEG_QUALITY
from pipeline.sources.demo.scenery import facades, roads, roadside
from pipeline.sources.demo.scenery.outdoors import Outdoors, outdoors
from pipeline.sources.demo.scenery.planting import (
    Standing,
    avenue,
    finish,
    scattered,
    shaded,
    sprites,
    stand_all,
)
from pipeline.sources.demo.scenery.plants import Plant
from pipeline.sources.demo.scenery.roads import Road, choose_road, cover_ground, lay_road
from pipeline.sources.demo.scenery.skies import ranges, sky
from pipeline.sources.demo.scenery.weather import develop, fall, wet

STREAM = 2  # keeps these dice apart from those of the people and cars of the same seed

Theme = Literal["road", "hills", "street", "coast", "forest", "field"]
THEMES: tuple[Theme, ...] = get_args(Theme)


def theme_of(seed: int, index: int) -> Theme:
    """The theme of a picture: every theme once, in an order of its own, before any comes again."""
    turn, place = divmod(index, len(THEMES))
    order = np.random.default_rng([seed, turn, STREAM, 1]).permutation(len(THEMES))
    return THEMES[int(order[place])]


def draw_background(seed: int, index: int) -> NDArray[np.uint8]:
    """Background `index` of the world `seed`, H×W×3 RGB; 576 to 640 wide, 352 to 416 high."""
    rng = np.random.default_rng([seed, index, STREAM])
    height, width = 8 * int(rng.integers(44, 53)), 8 * int(rng.integers(72, 81))
    return draw_landscape(rng, theme_of(seed, index), height, width)


def draw_landscape(rng: Generator, theme: Theme, height: int, width: int) -> NDArray[np.uint8]:
    """A picture of a theme, of any size."""
    out = outdoors(rng, height, width, (1.3, 2.4) if theme == "street" else (1.4, 3.4))
    sky(out)
    {"road": _road, "hills": _hills, "street": _street, "coast": _coast, "forest": _forest,
     "field": _field}[theme](out)  # fmt: skip
    fall(out)
    return develop(out.canvas.colour, rng)


def _road(out: Outdoors) -> None:
    """A road through meadows, with trees, posts, guard rails and poles."""
    rng = out.rng
    ranges(out, int(rng.integers(1, 4)), between(rng, 0.06, 0.2), 0.6)
    surface, road = roads.grass(out), choose_road(rng)
    cover = lay_road(out, surface, road)
    trees = avenue(out, road, between(rng, 2.5, 7.0), between(rng, 9, 22))
    trees += scattered(out, road, int(rng.integers(4, 14)), 14, 160)
    finish(out, surface, trees, cover, road)
    if chance(rng, 0.45):
        roadside.guard_rail(out, road, pick(rng, (-1, 1)))
    else:
        roadside.posts(out, road)
    if chance(rng, 0.5):
        roadside.wires(out, road, pick(rng, (-1, 1)))


def _hills(out: Outdoors) -> None:
    """Several ranges, a meadow, sometimes a track or a fence."""
    rng = out.rng
    ranges(out, int(rng.integers(3, 6)), between(rng, 0.22, 0.36), 0.5)
    surface = roads.grass(out)
    road = choose_road(rng, dirt=chance(rng, 0.5))
    cover = lay_road(out, surface, road) if chance(rng, 0.65) else None
    finish(out, surface, scattered(out, road, int(rng.integers(6, 20)), 9, 220), cover, road)
    if chance(rng, 0.6):
        roadside.fence(out, road, pick(rng, (-1, 1)))


def _street(out: Outdoors) -> None:
    """Houses at both sides of a street, pavements, trees and lamp posts."""
    rng = out.rng
    ranges(out, 1, 0.05, 1.0)
    road = Road(between(rng, 2.8, 4.0), between(rng, -1.5, 1.5), between(rng, -0.012, 0.012), 0.0)
    walk = between(rng, 1.5, 3.2)
    surface = _pavement(out, road)
    cover = lay_road(out, surface, road, gravel=(172, 169, 164))
    _kerbs(out, surface, road)
    cover_ground(out, shaded(out, surface, []))
    for side in (-1.0, 1.0):
        far = between(rng, 90, 170)
        facades.row(out, road.start + side * (road.half + walk), between(rng, -6, 1), far)
    if out.mood.weather in ("wet", "rain"):
        wet(out, cover)
    kinds = sprites(out, ("broad", "broad"))
    trees: list[Standing] = []
    if chance(rng, 0.6):
        for x in np.arange(between(rng, 7, 12), 80, between(rng, 8, 16)).tolist():
            side = pick(rng, (-1, 1))
            y = float(road.centre(x)) + side * (road.half + 0.6)
            trees.append((x, y, between(rng, 4.0, 6.5), pick(rng, kinds)))
    lamp = pick(rng, (-1, 1))
    for x in np.arange(between(rng, 5, 12), 90, between(rng, 14, 22)).tolist()[::-1]:
        stand_all(out, [tree for tree in trees if tree[0] >= x])
        trees = [tree for tree in trees if tree[0] < x]
        roadside.lamp_post(out, x, float(road.centre(x)) + lamp * (road.half + 0.45), -lamp)
    stand_all(out, trees)


def _coast(out: Outdoors) -> None:
    """A beach and the sea, a headland, grass and a road or a promenade at the other side."""
    rng, side = out.rng, pick(out.rng, (-1.0, 1.0))
    ranges(out, int(rng.integers(1, 3)), between(rng, 0.05, 0.16), 0.5)
    surface = roads.sand_and_sea(out, side)
    road = Road(between(rng, 2.0, 3.6), -side * between(rng, 3.0, 6.5), between(rng, -0.03, 0.03),
                0.0)  # fmt: skip
    cover = lay_road(out, surface, road) if chance(rng, 0.75) else None
    beyond = -side * out.land.y - (abs(road.start) + road.half + 0.8)
    green = roads.grass(out)
    ragged = noise("cloud", 8, out.land.y, out.land.x, 12, (3.0, 9.0)) * 0.3
    surface += (green - surface) * np.clip((beyond + ragged) * 3, 0, 1)[..., None]
    trees: list[Standing] = []
    kinds = sprites(out, ("bush", "bush", "conifer", "broad"))
    for _ in range(int(rng.integers(3, 12))):
        x = between(rng, 10, 120)
        y = float(road.centre(x)) - side * (road.half + between(rng, 2.0, 25))
        trees.append((x, y, between(rng, 1.2, 5.0), pick(rng, kinds)))
    finish(out, surface, trees, cover, road)
    if cover is not None and chance(rng, 0.6):
        roadside.guard_rail(out, road, int(side))
    elif cover is not None:
        roadside.posts(out, road)


def _forest(out: Outdoors) -> None:
    """A road or a track between walls of trees."""
    rng = out.rng
    ranges(out, 1, 0.16, 1.0)
    surface = roads.grass(out)
    if out.mood.weather != "snow":
        brown = noise("cloud", 16, out.land.y, out.land.x, 12, (1.0, 2.0))
        lay(surface, (112, 92, 66), np.clip(0.35 + 0.3 * brown, 0, 0.85).astype(np.float32))
    road = choose_road(rng, dirt=chance(rng, 0.5))
    cover = lay_road(out, surface, road)
    names: tuple[Plant, ...] = pick(rng, (("conifer", "conifer", "conifer", "bush"),
                                          ("broad", "poplar", "broad", "bush"),
                                          ("broad", "conifer", "conifer", "bush"),
                                          ("bare", "conifer", "bare", "bush")))  # fmt: skip
    kinds = sprites(out, names)
    trees: list[Standing] = []
    for _ in range(int(rng.integers(90, 150))):
        x = 1 / between(rng, 1 / 130, 1 / 8.5)
        deep = road.half + 1.6 + rng.exponential(5.0)
        y = float(road.centre(x)) + pick(rng, (-1, 1)) * deep
        sprite = pick(rng, kinds, (3, 3, 3, 1.5))
        high = between(rng, 0.9, 2.0) if sprite is kinds[-1] else between(rng, 7, 14)
        trees.append((x, y, high, sprite))
    finish(out, surface, trees, cover, road)


def _field(out: Outdoors) -> None:
    """Crops up to a line of trees, sometimes a track, poles with wires, a fence."""
    rng = out.rng
    ranges(out, int(rng.integers(1, 3)), between(rng, 0.04, 0.12), 0.7)
    surface = roads.crops(out)
    road = choose_road(rng, dirt=True)
    cover = lay_road(out, surface, road) if chance(rng, 0.6) else None
    trees = scattered(out, road, int(rng.integers(2, 6)), 25, 140)
    kinds = sprites(out, ("broad", "bush", "poplar"))
    line = between(rng, 90, 200)
    for y in np.arange(-1.1 * line, 1.1 * line, between(rng, 4, 9)).tolist():
        if chance(rng, 0.85):
            trees.append((line + between(rng, -8, 8), y, between(rng, 3, 9), pick(rng, kinds)))
    finish(out, surface, trees, cover, road)
    if chance(rng, 0.6):
        roadside.wires(out, road, pick(rng, (-1, 1)))
    if chance(rng, 0.4):
        roadside.fence(out, road, pick(rng, (-1, 1)))


def _pavement(out: Outdoors, road: Road) -> Floats:
    """Slabs over the whole ground."""
    rng, land = out.rng, out.land
    stone = scaled(pick(rng, ((170, 166, 160), (184, 174, 158), (148, 147, 148))),
                   between(rng, 0.9, 1.1))  # fmt: skip
    surface = np.empty((*land.x.shape, 3), np.float32)
    surface[:] = stone
    surface *= (1 + 0.05 * noise("cloud", 8, land.y, land.x, 20, (7.0, 8.0)))[..., None]
    side = between(rng, 0.4, 0.8)
    at = land.y - road.centre(land.x)
    for line in (at, land.x):
        joints = stripe(every(np.asarray(line, np.float32), side), 0, 0.022, land.metre)
        lay(surface, scaled(stone, 0.68), np.asarray(joints * 0.8, np.float32))
    if out.mood.weather == "snow":
        lay(surface, roads.SNOW, np.full(at.shape, 0.85, np.float32))
    return surface


def _kerbs(out: Outdoors, surface: Floats, road: Road) -> None:
    at = np.abs(out.land.y - road.centre(out.land.x))
    if chance(out.rng, 0.4):
        lay(surface, (214, 172, 60), stripe(at, road.half - 0.3, 0.1, out.land.metre) * 0.8)
    lay(surface, (62, 62, 64), stripe(at, road.half - 0.06, 0.14, out.land.metre) * 0.8)
    lay(surface, (196, 193, 187), stripe(at, road.half + 0.08, 0.16, out.land.metre))


def write_backgrounds(folder: Path, count: int, seed: int, *, workers: int = -1) -> None:
    """Write `count` backgrounds as theme_0000.jpg.

    The bytes do not depend on the number of workers; -1 takes every core.
    """
    folder = folder.absolute()  # a worker that is used again has a working directory of its own
    folder.mkdir(parents=True, exist_ok=True)
    Parallel(n_jobs=workers)(delayed(_write)(folder, seed, index) for index in range(count))


def _write(folder: Path, seed: int, index: int) -> None:
    name = f"{theme_of(seed, index)}_{index:04d}.jpg"
    Image.fromarray(draw_background(seed, index)).save(folder / name, quality=JPEG_QUALITY)
