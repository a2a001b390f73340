"""What stands in a room: shelves, cupboards, doors, plants, lamps, sofas and curtains."""

import numpy as np

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, scaled
from pipeline.sources.demo.art.place import Place
from pipeline.sources.demo.art.shapes import box, ellipse, points, smooth, tube
from pipeline.sources.demo.art.textures import boards, stripes


def wall_shelf(place: Place, x: float) -> None:
    """A board with books and a vase on the wall."""
    rng, metre = place.rng, place.metre
    half, y = between(rng, 0.35, 0.6) * metre, place.floor - between(rng, 1.4, 1.9) * metre
    _books(place, x - half, x + 0.4 * half, y)
    vase = ellipse(x + 0.7 * half, y - 0.12 * metre, 0.08 * metre, 0.13 * metre)
    place.fill(vase, place.cloth(), relief=0.05)
    place.fill(box(x - half, y, x + half, y + 0.05 * metre), palette.wood(rng), relief=0.02)


def bookcase(place: Place, x: float) -> None:
    """A case of shelves full of books."""
    rng, metre = place.rng, place.metre
    half, high = between(rng, 0.4, 0.65) * metre, between(rng, 1.4, 2.2) * metre
    colour = palette.wood(rng)
    top, m = place.floor - high, 0.05 * metre
    place.fill(box(x - half, top, x + half, place.floor + m), colour, relief=0.03)
    rows = max(3, round(high / (0.36 * metre)))
    for row in range(rows):
        ceiling, ground = top + m + row * high / rows, top + (row + 1) * high / rows
        place.fill(box(x - half + m, ceiling, x + half - m, ground), scaled(colour, 0.45), grain=0)
        _books(place, x - half + 1.3 * m, x + half - m, ground)


def _books(place: Place, left: float, right: float, low: float) -> None:
    rng, metre = place.rng, place.metre
    x = left
    while x < right - 0.04 * metre:
        wide = between(rng, 0.03, 0.08) * metre
        high = between(rng, 0.16, 0.28) * metre
        if chance(rng, 0.88):
            place.fill(box(x, low - high, min(x + wide, right), low), place.cloth(), 0.02, 0)
        x += wide + 0.3


def cupboard(place: Place, x: float) -> None:
    """A wooden cupboard with two doors."""
    rng, metre = place.rng, place.metre
    half, high = between(rng, 0.35, 0.7) * metre, between(rng, 0.8, 1.9) * metre
    colour, top = palette.wood(rng), place.floor - high
    surface = boards(rng, colour, 0.3 * metre, True)
    place.fill(box(x - half, top, x + half, place.floor + 0.06 * metre), surface, relief=0.05)
    for side in (-1, 1):
        panel = box(x + side * 0.52 * half - 0.4 * half, top + 0.1 * metre,
                    x + side * 0.52 * half + 0.4 * half, place.floor - 0.06 * metre)  # fmt: skip
        place.shade(panel, 0.86, 0.02)
        knob = ellipse(x + side * 0.1 * half, place.floor - 0.5 * high, 0.02 * metre, 0.03 * metre)
        place.fill(knob, (210, 186, 120))


def door(place: Place, x: float) -> None:
    """A panelled door in its frame."""
    rng, metre = place.rng, place.metre
    colour = pick(rng, (palette.wood(rng), place.wall()))
    half, top = 0.45 * metre, place.floor - 2.05 * metre
    place.fill(box(x - 1.15 * half, top - 0.07 * metre, x + 1.15 * half, place.floor),
               scaled(colour, 1.25))  # fmt: skip
    place.fill(box(x - half, top, x + half, place.floor), colour, grain=0.05)
    for up in (0.12, 1.08):
        panel = box(x - 0.7 * half, top + up * metre, x + 0.7 * half, top + (up + 0.8) * metre)
        place.shade(panel, 0.82, 0.03)
    place.fill(ellipse(x + 0.82 * half, place.floor - metre, 0.03 * metre, 0.03 * metre),
               (212, 190, 130))  # fmt: skip


def plant(place: Place, x: float) -> None:
    """A pot plant with long leaves."""
    rng, metre = place.rng, place.metre
    y, green = place.floor - 0.3 * metre, palette.leaf(rng)
    pot = points([(x - 0.2 * metre, y), (x + 0.2 * metre, y), (x + 0.15 * metre, y + 0.4 * metre),
                  (x - 0.15 * metre, y + 0.4 * metre)])  # fmt: skip
    for _ in range(12):
        angle, long = between(rng, -2.8, -0.34), between(rng, 0.4, 1.0) * metre
        tip = (x + long * np.cos(angle), y + long * np.sin(angle))
        bend = (x + 0.4 * long * np.cos(angle), y - 0.55 * long)
        leaf = tube([(x, y), bend, tip], [0.02 * metre, 0.07 * metre, 0.01 * metre])
        place.fill(leaf, scaled(green, between(rng, 0.65, 1.3)), 0.03, 0)
    place.fill(pot, place.cloth(), relief=0.08)


def lamp(place: Place, x: float) -> None:
    """A lit standard lamp."""
    rng, metre = place.rng, place.metre
    top = place.floor - between(rng, 1.4, 1.75) * metre
    place.fill(box(x - 0.02 * metre, top, x + 0.02 * metre, place.floor + 0.05 * metre),
               (70, 64, 58))  # fmt: skip
    shade = points([(x - 0.14 * metre, top - 0.2 * metre), (x + 0.14 * metre, top - 0.2 * metre),
                    (x + 0.25 * metre, top + 0.12 * metre),
                    (x - 0.25 * metre, top + 0.12 * metre)])  # fmt: skip
    place.fill(shade, palette.hue(between(rng, 25, 50), between(rng, 0.1, 0.5), 245), 0.08)
    place.shade(ellipse(x, top, 0.5 * metre, 0.5 * metre), 1.25, 0.4)


def sofa(place: Place, x: float) -> None:
    """A sofa with two cushions."""
    rng, metre = place.rng, place.metre
    half, colour = between(rng, 0.7, 1.0) * metre, place.cloth()
    seat, low = place.floor - 0.35 * metre, place.floor + 0.12 * metre
    top = seat - 0.45 * metre
    back = smooth([(x - half, top), (x + half, top), (x + half, low), (x - half, low)], 8)
    place.fill(back, colour, relief=0.1, grain=0.05)
    place.fill(box(x - 0.9 * half, seat, x + 0.9 * half, low), scaled(colour, 1.1), relief=0.06)
    for side in (-1, 1):
        arm = tube([(x + side * half, seat - 0.1 * metre), (x + side * half, low)],
                   [0.16 * metre] * 2)  # fmt: skip
        place.fill(arm, scaled(colour, 0.92), relief=0.08)
        spot = ellipse(x + side * 0.5 * half, seat - 0.1 * metre, 0.2 * metre, 0.17 * metre, 12)
        place.fill(spot, place.cloth(), relief=0.07)


def curtain(place: Place, x: float) -> None:
    """A curtain down to the floor."""
    half = between(place.rng, 0.3, 0.6) * place.metre
    drape(place, x, half, place.floor - 2.5 * place.metre, place.floor, place.cloth())


def drape(place: Place, x: float, half: float, top: float, low: float, colour: Colour) -> None:
    """Folded cloth between two heights."""
    folds = stripes(scaled(colour, 1.1), scaled(colour, 0.68), max(3.0, 0.13 * place.metre), 0, 0.5)
    place.fill(box(x - half, top, x + half, low), folds, relief=0.06, grain=0.06)
