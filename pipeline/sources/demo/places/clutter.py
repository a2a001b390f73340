"""Things in the scene that repeat the colours, and sometimes the pattern, of the people's clothes.

They are what makes colour useless: a banner in the green of the jumper, a screen the colour of the
face. None of them has the shape of a person.
"""

import numpy as np

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, scaled
from pipeline.sources.demo.art.place import Place
from pipeline.sources.demo.art.shapes import box, cloud, ellipse, points, smooth, tube
from pipeline.sources.demo.art.textures import (
    Texture,
    checks,
    dots,
    gradient,
    grained,
    plain,
    stripes,
)


def draw_clutter(place: Place, colours: tuple[Colour, ...], indoors: bool) -> None:
    """One thing for each colour, spread over the width of the picture."""
    rng, width = place.rng, place.canvas.width
    slots = (np.arange(len(colours)) + rng.uniform(0.0, 1.0, len(colours))) / len(colours)
    rng.shuffle(slots)
    draws = (_screen, _hanging, _crates, _poster, _cushion_heap) if indoors else (
        _banner, _stall, _crates, _hanging, _hedge)  # fmt: skip
    for colour, slot in zip(colours, slots, strict=True):
        shade = scaled(colour, between(rng, 0.85, 1.2))
        pick(rng, draws)(place, float(slot) * width, _fabric(place, shade), shade)


def _fabric(place: Place, colour: Colour) -> Texture:
    """The colour alone, shaded over its length, or in a pattern with another one."""
    rng, height = place.rng, place.canvas.height
    second, step = place.cloth(), max(4.0, between(rng, 0.06, 0.2) * place.metre)
    kinds: tuple[Texture, ...] = (
        gradient(scaled(colour, 1.2), scaled(colour, 0.7), 0, height, between(rng, 20, 160)),
        stripes(colour, second, 2 * step, between(rng, 0, 180), 0.35),
        checks(colour, second, 2 * step, 0),
        dots(colour, second, 2 * step, 0.22),
    )
    return pick(rng, kinds, (5, 1.6, 1, 1))


def _wide(place: Place, low: float, high: float) -> float:
    """A size that fills the same share of a portrait and of a wide view."""
    return between(place.rng, low, high) * place.canvas.width


def _level(place: Place) -> float:
    """The y on which things stand: the floor, or below the frame."""
    return min(place.floor + between(place.rng, 0, 0.25) * place.metre, 1.1 * place.canvas.height)


def _screen(place: Place, x: float, fabric: Texture, colour: Colour) -> None:
    """A folding screen of two or three leaves."""
    half, low = _wide(place, 0.05, 0.09), _level(place)
    top = low - between(place.rng, 0.5, 0.95) * place.canvas.height
    for leaf in range(int(place.rng.integers(2, 4))):
        left, slant = x + 2 * half * (leaf - 1), (0.08 if leaf % 2 else -0.08) * half
        panel = points([(left, top - slant), (left + 2 * half, top + slant),
                        (left + 2 * half, low + slant), (left, low - slant)])  # fmt: skip
        place.fill(panel, fabric)
        place.shade(panel, 0.82 if leaf % 2 else 1.1, 0.01)
        for start, end in ((0, 1), (1, 2), (2, 3), (3, 0)):
            edge = tube([panel[start], panel[end]], [0.05 * half] * 2)
            place.fill(edge, scaled(colour, 0.6), grain=0)


def _hanging(place: Place, x: float, fabric: Texture, colour: Colour) -> None:
    """A cloth hung from a rod, in folds."""
    rng, half = place.rng, _wide(place, 0.08, 0.17)
    top = between(rng, -0.05, 0.3) * place.canvas.height
    low = min(top + between(rng, 0.35, 0.8) * place.canvas.height, place.canvas.height + 5.0)
    hem = [(x + k * half, low + between(rng, -0.02, 0.02) * place.canvas.height)
           for k in np.linspace(1, -1, 7)]  # fmt: skip
    cloth = np.vstack([points([(x - half, top), (x + half, top)]), smooth(hem, 4, closed=False)])
    place.fill(cloth, fabric, relief=0.05)
    for step in np.linspace(-0.8, 0.8, 6) + rng.uniform(-0.1, 0.1, 6):
        fold = tube([(x + step * half, top), (x + 1.05 * step * half, low)], [0.05 * half] * 2)
        place.canvas.stain(fold, between(rng, 0.72, 0.86), 0.08 * half)
    rod = tube([(x - 1.2 * half, top), (x + 1.2 * half, top)], [0.04 * half] * 2)
    place.fill(rod, scaled(colour, 0.4), grain=0)


def _crates(place: Place, x: float, fabric: Texture, colour: Colour) -> None:
    """A stack of boxes."""
    rng, low = place.rng, _level(place)
    for _ in range(int(rng.integers(2, 5))):
        half, high = _wide(place, 0.07, 0.13), between(rng, 0.1, 0.2) * place.canvas.height
        left = x + between(rng, -0.3, 0.3) * half
        crate = box(left - half, low - high, left + half, low)
        place.fill(crate, fabric, relief=0.04)
        place.fill(box(left - half, low - 0.6 * high, left + half, low - 0.45 * high),
                   scaled(colour, 0.75), grain=0)  # fmt: skip
        low -= high


def _poster(place: Place, x: float, fabric: Texture, colour: Colour) -> None:
    """A large picture of coloured shapes."""
    rng, canvas = place.rng, place.canvas
    half, high = _wide(place, 0.1, 0.18), between(rng, 0.12, 0.25) * canvas.height
    y = between(rng, 0.1, 0.6) * canvas.height
    frame = 0.1 * half
    place.shade(box(x - half, y - high, x + 1.15 * half, y + 1.1 * high), 0.7, 0.04)
    place.fill(box(x - half - frame, y - high - frame, x + half + frame, y + high + frame),
               scaled(colour, 0.4), relief=0.02)  # fmt: skip
    place.fill(box(x - half, y - high, x + half, y + high), fabric)
    for _ in range(3):
        spot = ellipse(between(rng, x - half, x + half), between(rng, y - high, y + high),
                       between(rng, 0.2, 0.6) * half, between(rng, 0.1, 0.5) * high)  # fmt: skip
        place.fill(points(np.clip(spot, (x - half, y - high), (x + half, y + high))),
                   place.cloth())  # fmt: skip


def _cushion_heap(place: Place, x: float, fabric: Texture, _: Colour) -> None:
    """Large cushions, or beanbags, against the wall."""
    rng, low = place.rng, _level(place)
    for step in range(3):
        wide, high = _wide(place, 0.1, 0.17), between(rng, 0.07, 0.13) * place.canvas.height
        y = low - (0.6 + 1.2 * step) * high
        corners = [(-1, -0.8), (0, -1.0), (1, -0.8), (1.05, 0.7), (0, 1.0), (-1.05, 0.7)]
        pillow = smooth(points(corners) * (wide, high) + (x + between(rng, -8, 8), y), 5)
        place.fill(pillow, fabric if step != 1 else scaled(place.cloth(), 1.05), relief=0.1)


def _banner(place: Place, x: float, fabric: Texture, _: Colour) -> None:
    """A cloth between two poles."""
    rng, half, low = place.rng, _wide(place, 0.12, 0.22), _level(place)
    top = low - between(rng, 0.45, 0.9) * place.canvas.height
    high = between(rng, 0.16, 0.32) * place.canvas.height
    for side in (-1, 1):
        pole = tube([(x + side * half, low), (x + side * half, top)], [0.04 * half] * 2)
        place.fill(pole, (96, 92, 88), grain=0)
    sag = 0.08 * high
    cloth = smooth([(x - half, top), (x, top + sag), (x + half, top), (x + half, top + high),
                    (x, top + high + sag), (x - half, top + high)], 4)  # fmt: skip
    place.fill(cloth, fabric, relief=0.06)
    place.fill(box(x - 0.6 * half, top + 0.45 * high, x + 0.5 * half, top + 0.6 * high),
               place.cloth())  # fmt: skip


def _stall(place: Place, x: float, fabric: Texture, colour: Colour) -> None:
    """A market stall: awning, counter, and heaps of fruit on it."""
    rng, half, low = place.rng, _wide(place, 0.16, 0.26), _level(place)
    high = between(rng, 0.4, 0.65) * place.canvas.height
    counter = low - 0.38 * high
    for side in (-0.9, 0.9):
        place.fill(tube([(x + side * half, low), (x + side * half, low - high)],
                        [0.04 * half] * 2), (120, 96, 72), grain=0)  # fmt: skip
    place.fill(box(x - half, counter, x + half, low), fabric, relief=0.04)
    for k in np.linspace(-0.75, 0.75, 4):
        heap = cloud(rng, x + k * half, counter, 0.22 * half, 0.1 * high, 7, 0.2)
        place.fill(heap, place.cloth(), relief=0.05)
    awning = points(
        [
            (x - 0.85 * half, low - 1.25 * high),
            (x + 0.85 * half, low - 1.25 * high),
            (x + 1.15 * half, low - 0.95 * high),
            (x - 1.15 * half, low - 0.95 * high),
        ]
    )
    place.fill(awning, stripes(colour, place.cloth(), 0.4 * half, 0, 0.5), relief=0.03)


def _hedge(place: Place, x: float, _: Texture, colour: Colour) -> None:
    """Bushes in bloom."""
    rng, low = place.rng, _level(place)
    for step in (-1, 1, 0):
        wide, high = _wide(place, 0.09, 0.16), between(rng, 0.08, 0.2) * place.canvas.height
        shape = cloud(rng, x + step * wide, low - 0.5 * high, wide, high, 11, 0.15)
        bloom = grained(plain(colour), "leaf", max(1.0, place.metre / 24), 0.25, rng)
        place.fill(shape, bloom if chance(rng, 0.75) else palette.leaf(rng), relief=0.12, grain=0)
