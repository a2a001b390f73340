"""Street backdrops: houses along a pavement and a road."""

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, scaled
from pipeline.sources.demo.art.place import Place
from pipeline.sources.demo.art.shapes import box, ellipse, points, smooth, tube
from pipeline.sources.demo.art.textures import bricks, gradient, grained, plain, stripes
from pipeline.sources.demo.places.parks import sky, tree


def street(place: Place) -> None:
    """Houses along a pavement and a road, with lamp posts, cars and trees."""
    rng, canvas, metre = place.rng, place.canvas, place.metre
    sky(place)
    x = -between(rng, 0, 3) * metre
    while x < canvas.width:
        wide = between(rng, 2.2, 4.5) * metre
        house(place, x, x + wide)
        x += wide
    _pavement(place)
    for _ in range(int(rng.integers(1, 4))):
        draw = pick(rng, (_car, lamp_post, tree, _sign, _car))
        draw(place, between(rng, 0, canvas.width))


def house(place: Place, left: float, right: float) -> None:
    """A house front with its roof, windows and sometimes a door, between two x."""
    rng, metre = place.rng, place.metre
    colour = pick(rng, (place.wall(), palette.wood(rng), place.wall()))
    top = place.floor - between(rng, 2.6, 6.5) * metre
    surface = plain(colour)
    if chance(rng, 0.45):
        surface = bricks(rng, colour, scaled(colour, 0.8), 0.26 * metre, 0.1 * metre)
    place.fill(box(left, top, right, place.floor), surface, grain=0.05)
    roof = points([(left - 0.1 * metre, top), ((left + right) / 2, top - 0.9 * metre),
                   (right + 0.1 * metre, top)])  # fmt: skip
    place.fill(roof, palette.hue(between(rng, 0, 30), 0.5, between(rng, 90, 160)), grain=0.08)
    columns = max(2, round((right - left) / (1.3 * metre)))
    frame, glass = scaled(place.wall(), 1.2), palette.hue(between(rng, 190, 225), 0.25, 110)
    step = (right - left) / columns
    for row in range(1 + int((place.floor - top) / (1.35 * metre))):
        y = place.floor - (0.75 + 1.35 * row) * metre - 0.5 * metre
        if y < top + 0.1 * metre:
            break
        for column in range(columns):
            x = left + (column + 0.5) * step
            _pane(place, x, y, 0.3 * metre, 0.45 * metre, frame,
                  (240, 214, 150) if chance(rng, 0.12) else glass)  # fmt: skip
    if chance(rng, 0.6):
        door = left + between(rng, 0.2, 0.8) * (right - left)
        place.fill(box(door - 0.45 * metre, place.floor - 2.0 * metre, door + 0.45 * metre,
                       place.floor), place.cloth(), relief=0.04)  # fmt: skip
    if chance(rng, 0.35):
        low = place.floor - 2.1 * metre
        awning = points(
            [
                (left + 0.2 * metre, low - 0.5 * metre),
                (right - 0.2 * metre, low - 0.5 * metre),
                (right, low),
                (left, low),
            ]
        )
        place.fill(awning, stripes(place.cloth(), (240, 236, 228), 0.3 * metre, 0, 0.5))


def _pane(
    place: Place, x: float, y: float, half: float, high: float, frame: Colour, glass: Colour
) -> None:
    m = 0.06 * place.metre
    place.fill(box(x - half - m, y - high - m, x + half + m, y + high + m), frame, grain=0)
    shine = gradient(scaled(glass, 1.5), scaled(glass, 0.7), y - high, y + high, 90)
    place.fill(box(x - half, y - high, x + half, y + high), shine, grain=0)
    place.fill(box(x - 0.3 * m, y - high, x + 0.3 * m, y + high), frame, grain=0)


def _pavement(place: Place) -> None:
    rng, canvas, metre, floor = place.rng, place.canvas, place.metre, place.floor
    if floor >= canvas.height:
        return
    stone = scaled(pick(rng, ((168, 164, 158), (190, 178, 160), (140, 138, 140))),
                   between(rng, 0.8, 1.1))  # fmt: skip
    kerb = floor + between(rng, 0.15, 0.6) * (canvas.height - floor)
    slabs = bricks(rng, stone, scaled(stone, 0.75), 0.6 * metre, 0.18 * metre, 0.06)
    place.fill(box(0, floor, canvas.width, kerb), slabs, grain=0.06)
    road = grained(plain(scaled((96, 96, 100), between(rng, 0.7, 1.3))), "fine", 1, 0.07, rng)
    place.fill(box(0, kerb, canvas.width, canvas.height), road, grain=0.06)
    place.fill(box(0, kerb - 0.05 * metre, canvas.width, kerb + 0.03 * metre), scaled(stone, 1.15))
    place.shade(box(0, floor - 2, canvas.width, floor + 0.1 * metre), 0.7, 0.08)


def _car(place: Place, x: float) -> None:
    rng, metre = place.rng, place.metre
    y, colour = place.floor + between(rng, 0.05, 0.3) * metre, place.cloth()
    wide, high = 1.9 * metre, 0.55 * metre
    place.shade(ellipse(x, y + 0.02 * metre, wide, 0.12 * metre), 0.5, 0.1)
    roof = smooth([(x - 0.55 * wide, y - high), (x - 0.35 * wide, y - 2.35 * high),
                   (x + 0.3 * wide, y - 2.35 * high), (x + 0.6 * wide, y - high)], 5)  # fmt: skip
    place.fill(roof, scaled(colour, 0.92), relief=0.1, grain=0)
    centre = roof.mean(axis=0)
    place.fill(centre + (roof - centre) * (0.84, 0.74), (70, 84, 98), relief=0.04, grain=0)
    hull = smooth([(x - wide, y - 0.3 * high), (x - 0.92 * wide, y - 1.15 * high),
                   (x, y - 1.35 * high), (x + 0.9 * wide, y - 1.1 * high), (x + wide, y - 0.35
                    * high), (x + 0.9 * wide, y), (x - 0.9 * wide, y)], 5)  # fmt: skip
    place.fill(hull, colour, relief=0.18, grain=0)
    place.fill(box(x + 0.02 * wide - 1, y - 2.2 * high, x + 0.02 * wide + 1, y - 0.2 * high),
               scaled(colour, 0.6), grain=0)  # fmt: skip
    for side in (-0.58, 0.6):
        hub = x + side * wide
        place.fill(ellipse(hub, y, 0.32 * metre, 0.32 * metre), (34, 34, 36), 0.06, 0)
        place.fill(ellipse(hub, y, 0.17 * metre, 0.17 * metre), (170, 172, 176), 0.03, 0)
    for side in (-0.95, 0.95):
        place.fill(ellipse(x + side * wide, y - 0.75 * high, 0.07 * metre, 0.08 * metre),
                   (246, 226, 170) if side > 0 else (190, 50, 44), grain=0)  # fmt: skip


def lamp_post(place: Place, x: float) -> None:
    """A lamp on a post."""
    metre = place.metre
    top, low = place.floor - 3.4 * metre, place.floor + 0.2 * metre
    place.fill(tube([(x, low), (x, top)], [0.07 * metre, 0.04 * metre]), (58, 62, 62), 0.03)
    place.fill(ellipse(x, top, 0.16 * metre, 0.2 * metre), (250, 238, 200), 0.05)


def _sign(place: Place, x: float) -> None:
    rng, metre = place.rng, place.metre
    y = place.floor - between(rng, 1.5, 2.2) * metre
    place.fill(box(x - 0.03 * metre, y, x + 0.03 * metre, place.floor + 0.15 * metre), (92, 94, 96))
    board = pick(
        rng,
        (
            ellipse(x, y, 0.3 * metre, 0.3 * metre),
            box(x - 0.35 * metre, y - 0.25 * metre, x + 0.35 * metre, y + 0.25 * metre),
        ),
    )
    place.fill(board, place.cloth(), relief=0.03)
    place.fill(box(x - 0.18 * metre, y - 0.05 * metre, x + 0.18 * metre, y + 0.05 * metre),
               place.cloth())  # fmt: skip
