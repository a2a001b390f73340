"""Where trees and bushes stand in a landscape, and the shadows they throw."""

import numpy as np

from pipeline.sources.demo.art.dice import between, pick
from pipeline.sources.demo.art.ground import noise
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.scenery.outdoors import Outdoors
from pipeline.sources.demo.scenery.plants import Plant, plant
from pipeline.sources.demo.scenery.roads import Road, cover_ground
from pipeline.sources.demo.scenery.weather import wet

Standing = tuple[float, float, float, Floats]  # x, y, height in metres, and the sprite


def finish(
    out: Outdoors, surface: Floats, trees: list[Standing], cover: Floats | None, road: Road
) -> None:
    """Lay the ground with the shadows of the trees, stand them on it, and wet the road."""
    cover_ground(out, shaded(out, surface, trees))
    stand_all(out, trees)
    if cover is not None and not road.dirt and out.mood.weather in ("wet", "rain"):
        near = [tree for tree in trees if abs(tree[1] - float(road.centre(tree[0]))) < road.half]
        if not near:
            wet(out, cover)


def shaded(out: Outdoors, surface: Floats, trees: list[Standing]) -> Floats:
    """The surface under the shadows of trees and of clouds."""
    land, mood = out.land, out.mood
    dark = 0.16 * np.clip(noise("cloud", 32, land.y, land.x, 1.1, (5.0, 77.0)), -1, 1)
    edge = noise("cloud", 4, land.y, land.x, 16, (40.0, 3.0)) * np.float32(0.22)
    for x, y, high, _ in trees:
        if x > 90:
            continue
        reach = mood.sun * high * 0.6
        u = (land.y - np.float32(y + reach * 0.5)) / np.float32(0.24 * high + abs(reach) * 0.5)
        v = (land.x - np.float32(x)) / np.float32(0.24 * high)
        dark = np.maximum(dark, np.clip((1 - u * u - v * v + edge) * 2.2, 0, 1))
    return np.asarray(surface * (1 - np.float32(mood.shade) * dark)[..., None], np.float32)


def stand_all(out: Outdoors, trees: list[Standing]) -> None:
    """Stand them on the ground, the farthest first."""
    for x, y, high, sprite in sorted(trees, key=lambda tree: -tree[0]):
        out.stand(sprite, x, y, high)


def sprites(out: Outdoors, names: tuple[Plant, ...]) -> list[Floats]:
    """One plant of each kind, lit and covered as the weather has it."""
    side = -1.0 if out.mood.sun > 0 else 1.0
    return [plant(out.rng, name, side, out.mood.weather == "snow") for name in names]


def scattered(out: Outdoors, road: Road, count: int, near: float, far: float) -> list[Standing]:
    """Trees and bushes anywhere but on the road."""
    rng = out.rng
    names: tuple[Plant, ...] = ("broad", "broad", pick(rng, ("poplar", "conifer", "bare")), "bush")
    kinds = sprites(out, names)
    found: list[Standing] = []
    for _ in range(count):
        x = 1 / between(rng, 1 / far, 1 / near)
        y = between(rng, -0.8, 0.8) * x
        off = y - float(road.centre(x))
        if abs(off) < road.half + 2.5:
            y += float(np.copysign(road.half + 3.5, off))
        sprite = pick(rng, kinds)
        high = between(rng, 0.8, 2.2) if sprite is kinds[-1] else between(rng, 4, 10)
        found.append((x, y, high, sprite))
    return found


def avenue(out: Outdoors, road: Road, off: float, step: float) -> list[Standing]:
    """Trees in rows along a road, at one side, both or none."""
    rng = out.rng
    sides = pick(rng, ((), (-1,), (1,), (-1, 1)))
    kind: Plant = pick(rng, ("broad", "poplar", "conifer", "bare"))
    kinds = sprites(out, (kind, kind)) if sides else []
    return [
        (x, float(road.centre(x)) + side * (road.half + off), between(rng, 5.5, 8.0),
         pick(rng, kinds))
        for side in sides
        for x in np.arange(between(rng, 8, 16), 150, step).tolist()
    ]  # fmt: skip
