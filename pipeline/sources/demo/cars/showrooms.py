"""Where cars stand: a showroom, a street, a car park, a country road, in perspective."""

import cv2
import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.canvas import Canvas, Light
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.ground import Ground, ground
from pipeline.sources.demo.art.palette import Colour, blend, scaled
from pipeline.sources.demo.art.place import Place
from pipeline.sources.demo.art.raster import View
from pipeline.sources.demo.art.shapes import box
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.art.textures import gradient
from pipeline.sources.demo.cars.bodies import Body
from pipeline.sources.demo.cars.cabin import World
from pipeline.sources.demo.cars.floors import SETTINGS, Scene, draw_floor
from pipeline.sources.demo.cars.shadows import ground_shadow
from pipeline.sources.demo.places import parks, streets


def choose_scene(rng: Generator, azimuth: float) -> Scene:
    """A setting and its light; `azimuth` (radians) is where the camera stands."""
    setting = pick(rng, SETTINGS, (2, 3, 2, 2))
    around = azimuth + pick(rng, (-1, 1)) * between(rng, 0.2, 1.05)
    rise = between(rng, 0.55, 1.0)
    sun = (-np.cos(around) * np.cos(rise), np.sin(around) * np.cos(rise), np.sin(rise))
    direction = float(sun[0]), float(sun[1]), float(sun[2])
    if setting == "showroom":
        wall = palette.hue(between(rng, 0, 360), between(rng, 0.0, 0.16), between(rng, 150, 235))
        floor = scaled(pick(rng, (wall, (120, 120, 124), (70, 70, 74))), between(rng, 0.7, 1.0))
        light = World((190, 192, 196), (200, 202, 206), floor, scaled(wall, 0.6), direction, 0.25,
                      boxes=True)  # fmt: skip
        return Scene(setting, light, between(rng, 2.5, 5.0))
    dull = chance(rng, 0.35)
    zenith: Colour = (176, 184, 194) if dull else palette.hue(
        between(rng, 203, 220), between(rng, 0.35, 0.6), between(rng, 190, 235))  # fmt: skip
    horizon: Colour = (214, 218, 222) if dull else blend(zenith, (250, 246, 240), 0.75)
    scenery = pick(rng, ((58, 66, 52), (92, 84, 78), (64, 72, 78)))
    asphalt = scaled((104, 103, 104), between(rng, 0.8, 1.15))
    sunlight = between(rng, 0.1, 0.22) if dull else between(rng, 0.55, 0.8)
    light = World(zenith, horizon, asphalt, scenery, direction, sunlight)
    return Scene(setting, light, {"street": between(rng, 2.4, 4.5), "carpark": between(rng, 5, 14),
                                  "country": between(rng, 9, 30)}[setting])  # fmt: skip


def draw_scene(
    rng: Generator, scene: Scene, view: View, body: Body, height: int, width: int
) -> Floats:
    """The picture behind and under a car, H×W×3, shadows and all; far things are blurred."""
    centre = np.array((body.length / 2, 0, 0), np.float32)
    stand = float(np.hypot(*(centre - view.place)[:2]))
    land = ground(view, height, width)
    colour = _behind(rng, scene, view, stand + scene.behind, height, width)
    edge = int(np.clip(_row(view, stand + scene.behind), land.top, height))
    below = Ground(edge, *(part[edge - land.top :] for part in land[1:]))
    floor = draw_floor(rng, scene, below, body)
    colour[edge:] = floor
    blurred = cv2.GaussianBlur(colour, (0, 0), between(rng, 1.0, 2.2) * width / 400)
    far = np.ones((height, width), np.float32)
    far[edge:] = np.clip((below.away - stand - 0.8) / 5, 0, 1)
    colour += (blurred - colour) * far[..., None]
    colour[edge:] *= ground_shadow(scene.world, body, below)[..., None]
    return colour


def _row(view: View, away: float) -> float:
    """The row in which the ground at a distance is seen."""
    flat = view.ahead[:2] / np.hypot(*view.ahead[:2])
    spot = np.array([[*(view.place[:2] + flat * away), 0]], np.float32)
    return float(view.project(spot)[0][0, 1])


def _behind(
    rng: Generator, scene: Scene, view: View, away: float, height: int, width: int
) -> Floats:
    """What stands behind the floor."""
    metre, floor = view.focal / away, _row(view, away)
    angle = between(rng, -2.4, -0.7)
    light = Light(float(np.cos(angle)), float(np.sin(angle)), between(rng, 0.5, 1.0))
    place = Place(Canvas(np.zeros((height, width, 3), np.float32), light), rng, metre, floor)
    {"showroom": _studio, "street": _houses, "carpark": _edge_of_town, "country": _country}[
        scene.setting
    ](place, scene.world)
    return place.canvas.colour


def _studio(place: Place, world: World) -> None:
    """A seamless wall with a pool of light, or panels with a strip of lamps."""
    rng, canvas, metre = place.rng, place.canvas, place.metre
    wall = scaled(world.scenery, 1.6)
    surface = gradient(scaled(wall, 0.72), scaled(wall, 1.08), 0, max(place.floor, 1), 90)
    place.fill(box(0, 0, canvas.width, canvas.height), surface, grain=0.01)
    if chance(rng, 0.5):
        wide, start = between(rng, 0.9, 1.8) * metre, between(rng, -1, 0) * metre
        for x in np.arange(start, canvas.width, wide).tolist():
            place.fill(box(x, 0, x + 0.03 * metre, place.floor), scaled(wall, 0.7), grain=0)
    if chance(rng, 0.4):
        y = place.floor - between(rng, 2.0, 2.8) * metre
        place.fill(box(0, y, canvas.width, y + 0.12 * metre), (252, 250, 244), grain=0)
    if chance(rng, 0.4):
        x, colour = between(rng, 0.1, 0.9) * canvas.width, palette.cloth(rng)
        banner = box(x - 0.5 * metre, place.floor - 2.4 * metre, x + 0.5 * metre, place.floor)
        place.fill(banner, gradient(scaled(colour, 1.1), scaled(colour, 0.7), 0, place.floor, 90))
    skirting = box(0, place.floor - 0.1 * metre, canvas.width, place.floor)
    place.fill(skirting, scaled(wall, between(rng, 0.5, 1.0)), grain=0)


def _houses(place: Place, world: World) -> None:
    """Houses along a pavement, with trees and lamp posts before them."""
    rng, canvas, metre = place.rng, place.canvas, place.metre
    _sky(place, world)
    x = -between(rng, 0, 3) * metre
    while x < canvas.width:
        wide = between(rng, 3.0, 5.5) * metre
        streets.house(place, x, x + wide)
        x += wide
    for _ in range(int(rng.integers(0, 3))):
        draw = pick(rng, (parks.tree, streets.lamp_post, parks.bush))
        draw(place, between(rng, 0, canvas.width))


def _edge_of_town(place: Place, world: World) -> None:
    """A hedge or a flat hall, trees and lamp posts at the end of a car park."""
    rng, canvas, metre = place.rng, place.canvas, place.metre
    _sky(place, world)
    for _ in range(int(rng.integers(2, 6))):
        parks.tree(place, between(rng, 0, canvas.width))
    if chance(rng, 0.5):
        start, wide = between(rng, -0.3, 0.5) * canvas.width, between(rng, 9, 20) * metre
        wall, top = palette.wall(rng), place.floor - between(rng, 3, 5) * metre
        place.fill(box(start, top, start + wide, place.floor), wall, grain=0.04)
        place.fill(box(start, top, start + wide, top + 0.5 * metre), palette.cloth(rng))
        for x in np.arange(start + metre, start + wide - metre, 2.2 * metre).tolist():
            place.fill(box(x, place.floor - 2 * metre, x + 1.5 * metre, place.floor - 0.4 * metre),
                       (70, 84, 96), grain=0.05)  # fmt: skip
    else:
        for x in np.arange(0, canvas.width + metre, 0.8 * metre).tolist():
            parks.bush(place, x)
    streets.lamp_post(place, between(rng, 0, canvas.width))


def _country(place: Place, world: World) -> None:
    """Hills, trees, bushes and a fence."""
    rng, canvas = place.rng, place.canvas
    _sky(place, world)
    for step in range(int(rng.integers(1, 4))):
        parks.hill(place, step)
    meadow = blend(palette.leaf(rng), world.scenery, 0.3)
    place.fill(box(0, place.floor - 0.4 * place.metre, canvas.width, canvas.height), meadow)
    for _ in range(int(rng.integers(1, 7))):
        draw = pick(rng, (parks.tree, parks.tree, parks.bush, parks.fence))
        draw(place, between(rng, 0, canvas.width))


def _sky(place: Place, world: World) -> None:
    canvas = place.canvas
    end = max(1.0, min(place.floor, 1.2 * canvas.height))
    place.fill(box(0, 0, canvas.width, canvas.height),
               gradient(blend(world.zenith, world.horizon, 0.35), world.horizon, 0, end, 90),
               grain=0.015)  # fmt: skip
