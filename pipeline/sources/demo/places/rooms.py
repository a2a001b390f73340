"""Indoor backdrops: wall, floor and what hangs and stands in a room; also a photo studio."""

import numpy as np

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, scaled
from pipeline.sources.demo.art.place import Place
from pipeline.sources.demo.art.shapes import box, cloud, ellipse, points, tube
from pipeline.sources.demo.art.textures import (
    Texture,
    boards,
    bricks,
    checks,
    dots,
    gradient,
    plain,
    stripes,
)
from pipeline.sources.demo.places import furniture


def studio(place: Place) -> None:
    """A lit paper roll, seldom plain."""
    canvas, rng = place.canvas, place.rng
    colour = place.wall()
    degrees = between(rng, 0, 180)
    surface = gradient(scaled(colour, 0.95), scaled(colour, 0.4), 0, canvas.height, degrees)
    place.fill(box(0, 0, canvas.width, canvas.height), surface, grain=0.04)
    for _ in range(3):
        x = between(rng, 0, canvas.width)
        fold = points([(x, 0), (x + between(rng, -30, 30), canvas.height)])
        place.shade(tube(fold, [0.1 * place.metre] * 2), between(rng, 0.8, 1.15), 0.2)
    spot = ellipse(canvas.width * between(rng, 0.2, 0.8), canvas.height * 0.4,
                   canvas.width * 0.4, canvas.height * 0.35)  # fmt: skip
    place.shade(spot, 1.25, 0.7)


def room(place: Place) -> None:
    """A wall, a floor, and several things on them."""
    _wall(place)
    _floor(place)
    spread = place.canvas.width / place.metre
    count = int(np.clip(round(2 * spread), 4, 9))
    slots = (np.arange(count) + place.rng.uniform(0.1, 0.9, count)) / count
    hung = (_window, _picture, _picture, furniture.wall_shelf, _poster_row)
    stood = (
        furniture.bookcase,
        furniture.cupboard,
        furniture.plant,
        furniture.lamp,
        furniture.sofa,
        furniture.door,
        furniture.curtain,
    )
    for slot in place.rng.permutation(slots):
        draw = pick(place.rng, hung if chance(place.rng, 0.45) else stood)
        draw(place, float(slot) * place.canvas.width)


def _wall(place: Place) -> None:
    rng, canvas, metre = place.rng, place.canvas, place.metre
    colour = place.wall()
    second = scaled(place.wall(), 0.9)
    period = between(rng, 0.12, 0.4) * metre
    kind = pick(rng, ("paint", "stripes", "dots", "checks", "brick", "tiles", "boards"),
                (3, 2, 1.5, 1, 2, 1, 1.5))  # fmt: skip
    surface: Texture = {
        "paint": plain(colour),
        "stripes": stripes(colour, second, period, 0, 0.5),
        "dots": dots(colour, second, period, 0.25),
        "checks": checks(colour, second, 1.6 * period, 45),
        "brick": bricks(rng, palette.hue(between(rng, 5, 28), between(rng, 0.3, 0.6),
                                         between(rng, 110, 200)), (176, 168, 158), 0.25 * metre,
                        0.09 * metre, 0.2),
        "tiles": bricks(rng, colour, scaled(colour, 0.7), 0.2 * metre, 0.2 * metre, 0.08),
        "boards": boards(rng, palette.wood(rng), 0.16 * metre, True),
    }[kind]  # fmt: skip
    place.fill(box(0, 0, canvas.width, canvas.height), surface, grain=0.05)
    if chance(rng, 0.35):  # panelling below
        rail = place.floor - 0.95 * metre
        place.fill(box(0, rail, canvas.width, place.floor),
                   boards(rng, palette.wood(rng), 0.14 * metre, True))  # fmt: skip
        place.fill(box(0, rail - 0.05 * metre, canvas.width, rail + 0.02 * metre),
                   scaled(palette.wood(rng), 1.1))  # fmt: skip


def _floor(place: Place) -> None:
    rng, canvas, metre, floor = place.rng, place.canvas, place.metre, place.floor
    if floor >= canvas.height:
        return
    colour = palette.wood(rng)
    kinds = (
        boards(rng, colour, 0.1 * metre, False),
        bricks(rng, place.wall(), (120, 116, 112), 0.5 * metre, 0.16 * metre, 0.08),
        plain(place.cloth()),
    )
    ground = box(0, floor, canvas.width, canvas.height)
    place.fill(ground, pick(rng, kinds, (4, 2, 2)), grain=0.07)
    place.shade(box(0, floor - 0.02 * metre, canvas.width, floor + 0.1 * metre), 0.7, 0.1)
    place.fill(box(0, floor - 0.1 * metre, canvas.width, floor), palette.wood(rng))
    if chance(rng, 0.4):
        rug = ellipse(canvas.width * between(rng, 0.2, 0.8), (floor + canvas.height) / 2,
                      between(rng, 0.5, 1.0) * metre, 0.25 * (canvas.height - floor))  # fmt: skip
        place.fill(rug, stripes(place.cloth(), place.cloth(), 0.14 * metre, 0, 0.5))


def _window(place: Place, x: float) -> None:
    rng, metre = place.rng, place.metre
    half, top = between(rng, 0.4, 0.7) * metre, place.floor - between(rng, 2.1, 2.4) * metre
    low = top + between(rng, 1.0, 1.4) * metre
    frame: Colour = pick(rng, ((236, 234, 228), (130, 92, 60), (60, 60, 64)))
    m = 0.07 * metre
    place.fill(box(x - half - m, top - m, x + half + m, low + m), frame)
    sky = gradient((146, 186, 226), (232, 236, 232), top, low, 90)
    place.fill(box(x - half, top, x + half, low), sky, grain=0.06)
    tree = cloud(rng, x + between(rng, -0.5, 0.5) * half, low, 0.7 * half, 0.5 * metre, 9, 0.2)
    keep = points(np.clip(tree, (x - half, top), (x + half, low)))
    place.fill(keep, palette.leaf(rng), grain=0.2)
    place.fill(box(x - 0.3 * m, top, x + 0.3 * m, low), frame)
    place.fill(box(x - half, (top + low) / 2 - 0.3 * m, x + half, (top + low) / 2 + 0.3 * m), frame)
    if chance(rng, 0.6):
        colour = place.cloth()
        for side in (-1, 1):
            at = x + side * half * 1.1
            furniture.drape(place, at, 0.25 * metre, top - m, low + 0.5 * metre, colour)


def _picture(place: Place, x: float) -> None:
    rng, metre = place.rng, place.metre
    wide, high = between(rng, 0.18, 0.42) * metre, between(rng, 0.18, 0.42) * metre
    y = place.floor - between(rng, 1.35, 1.85) * metre
    place.shade(box(x - wide, y - high, x + 1.1 * wide, y + 1.12 * high), 0.7, 0.05)
    place.fill(box(x - wide, y - high, x + wide, y + high), palette.wood(rng), relief=0.02)
    m = 0.05 * metre
    left, top, right, low = x - wide + m, y - high + m, x + wide - m, y + high - m
    place.fill(box(left, top, right, low), gradient(place.cloth(), place.cloth(), top,
                                                    low, 90))  # fmt: skip
    for _ in range(int(rng.integers(2, 6))):
        spot = ellipse(between(rng, left, right), between(rng, top, low),
                       between(rng, 0.1, 0.5) * wide, between(rng, 0.1, 0.5) * high,
                       between(rng, 0, 90))  # fmt: skip
        colour = palette.skin(rng) if chance(rng, 0.3) else place.cloth()
        place.fill(points(np.clip(spot, (left, top), (right, low))), colour)


def _poster_row(place: Place, x: float) -> None:
    rng, metre = place.rng, place.metre
    y = place.floor - between(rng, 1.3, 2.0) * metre
    for step in range(3):
        left = x + (step - 1.5) * 0.34 * metre
        place.fill(box(left, y - 0.2 * metre, left + 0.28 * metre, y + 0.2 * metre),
                   place.cloth())  # fmt: skip
        for line in range(3):
            top = y + (line * 0.09 - 0.1) * metre
            place.fill(box(left + 0.05 * metre, top, left + between(rng, 0.12, 0.24) * metre,
                           top + 0.03 * metre), place.cloth())  # fmt: skip
