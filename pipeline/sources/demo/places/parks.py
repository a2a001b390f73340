"""Backdrops in the open: park and beach, and the sky and trees of the streets."""

import numpy as np

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, blend, scaled
from pipeline.sources.demo.art.place import Place
from pipeline.sources.demo.art.shapes import box, cloud, ellipse, points, smooth, tube
from pipeline.sources.demo.art.textures import gradient, grained, plain, stripes


def park(place: Place) -> None:
    """Sky, hills, trees, a meadow with a path, a bench, bushes and a fence."""
    rng, canvas = place.rng, place.canvas
    sky(place)
    for step in range(int(rng.integers(1, 4))):
        hill(place, step)
    for _ in range(int(rng.integers(2, 5))):
        tree(place, between(rng, 0, canvas.width))
    _meadow(place)
    for _ in range(int(rng.integers(1, 4))):
        draw = pick(rng, (bush, bush, fence, _bench, tree))
        draw(place, between(rng, 0, canvas.width))


def beach(place: Place) -> None:
    """Sea and sand; the sand is as bright and as warm as skin."""
    rng, canvas, metre = place.rng, place.canvas, place.metre
    sky(place)
    sea = palette.hue(between(rng, 175, 220), between(rng, 0.35, 0.7), between(rng, 110, 200))
    shore = place.floor + 0.25 * metre
    horizon = place.floor - between(rng, 0.5, 1.1) * metre
    water = stripes(sea, scaled(sea, 1.25), max(3.0, 0.12 * metre), 90, 0.3)
    place.fill(box(0, horizon, canvas.width, canvas.height), water, grain=0.08)
    sand = scaled(pick(rng, ((236, 208, 168), (214, 178, 140), (242, 220, 190))), 1.0)
    wave = [(x, shore + 0.05 * metre * np.sin(x / (0.2 * metre)))
            for x in np.linspace(0, canvas.width, 24)]  # fmt: skip
    land = points([*wave, (canvas.width, canvas.height), (0, canvas.height)])
    place.fill(land, grained(plain(sand), "fine", 2, 0.05, rng), grain=0.05)
    place.fill(tube(points(wave), [0.03 * metre] * len(wave)), (244, 244, 240))
    for _ in range(int(rng.integers(1, 4))):
        _parasol(place, between(rng, 0, canvas.width))


def sky(place: Place) -> None:
    """A sky with clouds, over the whole canvas."""
    rng, canvas, metre = place.rng, place.canvas, place.metre
    blue = (palette.hue(between(rng, 195, 225), between(rng, 0.15, 0.6), between(rng, 150, 240)),
            (186, 190, 196), (236, 172, 130))  # fmt: skip
    top: Colour = pick(rng, blue, (5, 2, 1))
    low = blend(top, (246, 236, 222), between(rng, 0.4, 0.8))
    end = max(1.0, min(place.floor, 1.5 * canvas.height))
    place.fill(box(0, 0, canvas.width, canvas.height), gradient(top, low, 0, end, 90))
    for _ in range(int(rng.integers(0, 5))):
        x, y = between(rng, 0, canvas.width), between(rng, 0, 0.6 * canvas.height)
        wide = between(rng, 0.5, 1.6) * metre
        puff = cloud(rng, x, y, wide, 0.28 * wide, 9, 0.3)
        canvas.paint([puff], plain((244, 244, 246)), "thing", relief=0.1 * metre,
                     soft=0.12 * metre, opacity=0.85)  # fmt: skip


def tree(place: Place, x: float) -> None:
    """A tree with a crown of three tufts."""
    rng, metre = place.rng, place.metre
    low = place.floor + between(rng, 0.0, 0.25) * metre
    high, bark, green = between(rng, 1.2, 2.2) * metre, palette.WOOD[4], palette.leaf(rng)
    lean = between(rng, -0.15, 0.15) * metre
    place.fill(tube([(x, low), (x + lean, low - high)], [0.14 * metre, 0.09 * metre]),
               grained(plain(bark), "fibre", 2, 0.15, rng), 0.06)  # fmt: skip
    for step in range(3):
        crown = cloud(rng, x + lean + between(rng, -0.5, 0.5) * metre,
                      low - high - between(rng, 0.0, 0.8) * metre, between(rng, 0.6, 1.0) * metre,
                      between(rng, 0.5, 0.8) * metre, 11, 0.16)  # fmt: skip
        leaves = grained(plain(scaled(green, 0.8 + 0.18 * step)), "leaf",
                         max(1.0, metre / 22), 0.2, rng)  # fmt: skip
        place.fill(crown, leaves, relief=0.2, grain=0)


def hill(place: Place, step: int) -> None:
    """A range of hills; the higher the step, the nearer."""
    rng, canvas, metre = place.rng, place.canvas, place.metre
    base = place.floor - (1.1 - 0.35 * step) * metre
    xs = np.linspace(-0.1 * canvas.width, 1.1 * canvas.width, 7)
    crest = smooth([(x, base - between(rng, 0, 0.9) * metre) for x in xs], 6, closed=False)
    colour = blend(palette.leaf(rng), (176, 196, 214), 0.55 - 0.18 * step)
    place.fill(np.vstack([crest, points([(1.1 * canvas.width, canvas.height),
                                         (-0.1 * canvas.width, canvas.height)])]),
               colour, grain=0.08)  # fmt: skip


def _meadow(place: Place) -> None:
    rng, canvas, metre, floor = place.rng, place.canvas, place.metre, place.floor
    if floor >= canvas.height:
        return
    green = palette.leaf(rng)
    blades = grained(plain(green), "fibre", max(1.0, metre / 60), 0.14, rng)
    place.fill(box(0, floor, canvas.width, canvas.height), blades, grain=0.1)
    if chance(rng, 0.5):
        x, end = between(rng, 0.2, 0.8) * canvas.width, between(rng, 0.1, 0.9) * canvas.width
        half = 0.3 * canvas.width
        path = points([(x - 3, floor), (x + 3, floor), (end + half, canvas.height),
                       (end - half, canvas.height)])  # fmt: skip
        place.fill(path, scaled(pick(rng, palette.WOOD[1:]), 1.1), grain=0.08)
    for _ in range(int(rng.integers(0, 26))):
        x, y = between(rng, 0, canvas.width), between(rng, floor, canvas.height)
        place.fill(ellipse(x, y, 0.035 * metre, 0.03 * metre, count=8), place.cloth(), grain=0)


def bush(place: Place, x: float) -> None:
    """A bush on its shadow."""
    rng, metre = place.rng, place.metre
    green, y = palette.leaf(rng), place.floor + between(rng, 0.0, 0.3) * metre
    wide, high = between(rng, 0.4, 0.9) * metre, between(rng, 0.35, 0.7) * metre
    leaves = grained(plain(green), "leaf", max(1.0, metre / 20), 0.22, rng)
    place.shade(ellipse(x, y + 0.6 * high, wide, 0.15 * metre), 0.6, 0.1)
    place.fill(cloud(rng, x, y, wide, high, 12, 0.15), leaves, relief=0.15, grain=0)


def fence(place: Place, x: float) -> None:
    """A picket fence."""
    rng, metre, colour = place.rng, place.metre, palette.wood(place.rng)
    low, left = place.floor + 0.1 * metre, x - 1.4 * metre
    for up in (0.3, 0.65):
        place.fill(box(left, low - up * metre, left + 2.8 * metre, low - (up - 0.1) * metre),
                   scaled(colour, 0.85))  # fmt: skip
    for post in range(10):
        at = left + post * 0.3 * metre
        picket = points(
            [
                (at, low),
                (at, low - 0.8 * metre),
                (at + 0.06 * metre, low - 0.9 * metre),
                (at + 0.12 * metre, low - 0.8 * metre),
                (at + 0.12 * metre, low),
            ]
        )
        place.fill(picket, scaled(colour, between(rng, 0.9, 1.15)), grain=0)


def _bench(place: Place, x: float) -> None:
    metre, colour = place.metre, palette.wood(place.rng)
    low, half = place.floor + 0.3 * metre, 0.75 * metre
    for side in (-0.8, 0.8):
        leg = box(x + side * half - 0.04 * metre, low - 0.85 * metre, x + side * half
                  + 0.04 * metre, low)  # fmt: skip
        place.fill(leg, (52, 52, 54))
    for up in (0.42, 0.62, 0.78):
        slat = box(x - half, low - (up + 0.1) * metre, x + half, low - up * metre)
        place.fill(slat, colour, 0.02)


def _parasol(place: Place, x: float) -> None:
    rng, metre = place.rng, place.metre
    low, half = place.floor + between(rng, 0.2, 0.6) * metre, between(rng, 0.7, 1.1) * metre
    top = low - between(rng, 1.5, 2.1) * metre
    place.fill(box(x - 0.03 * metre, top, x + 0.03 * metre, low), (230, 226, 220))
    arc = [(x + half * np.sin(t), top + 0.5 * metre - 0.6 * metre * np.cos(t))
           for t in np.linspace(-1.57, 1.57, 13)]  # fmt: skip
    place.fill(points(arc), stripes(place.cloth(), place.cloth(), 0.35 * metre, 0, 0.5),
               relief=0.1)  # fmt: skip
    towel = points([(x, low), (x + 1.1 * metre, low), (x + 1.3 * metre, low + 0.2 * metre),
                    (x + 0.1 * metre, low + 0.2 * metre)])  # fmt: skip
    place.fill(towel, stripes(place.cloth(), place.cloth(), 0.2 * metre, 0, 0.5))
