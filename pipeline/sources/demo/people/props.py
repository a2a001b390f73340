"""Things in hand: painted as things, so that they hide the person and are never in the mask."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.art.dice import pick
from pipeline.sources.demo.art.palette import Colour, scaled
from pipeline.sources.demo.art.shapes import (
    Points,
    box,
    cloud,
    ellipse,
    points,
    smooth,
    tube,
    turned,
)
from pipeline.sources.demo.art.textures import grained, plain
from pipeline.sources.demo.people.limbs import slope
from pipeline.sources.demo.people.skeleton import Bend, Skeleton

Kind = Literal["bag", "umbrella", "ball", "balloon", "book", "phone", "stick", "cup", "flower"]

# Bends of the arm that holds the thing.
HOLDING: dict[Kind, tuple[Bend, Bend]] = {
    "bag": ((10, 4), (3, 8)),
    "umbrella": ((22, 24), (-24, 128)),
    "ball": ((14, 10), (-40, 50)),
    "balloon": ((24, 20), (34, 110)),
    "book": ((12, 16), (-40, 92)),
    "phone": ((14, 14), (-26, 138)),
    "stick": ((20, 8), (18, 30)),
    "cup": ((14, 16), (-30, 122)),
    "flower": ((14, 18), (-24, 124)),
}


@dataclass(frozen=True)
class Prop:
    """A thing, the hand that holds it (0 is left in the picture) and its colours."""

    kind: Kind
    hand: int
    colour: Colour
    second: Colour
    size: float


def choose_prop(rng: Generator) -> Prop:
    """Any of the things."""
    kind = pick(rng, tuple(HOLDING), (4, 1.4, 2, 2, 2, 2, 1.5, 2, 2))
    return Prop(kind, int(rng.integers(2)), palette.cloth(rng), palette.cloth(rng),
                float(rng.uniform(0.85, 1.2)))  # fmt: skip


def draw_prop(canvas: Canvas, body: Skeleton, prop: Prop, rng: Generator) -> None:
    """The thing in its hand; the fingers are drawn over it afterwards."""
    size = body.head_size
    wrist, elbow = body.wrists[prop.hand], body.elbows[prop.hand]
    angle = np.deg2rad(slope(elbow, wrist))
    grip = wrist[:2] + np.array([np.cos(angle), np.sin(angle)]) * 0.26 * size
    DRAW[prop.kind](canvas, prop, grip, size, rng)


def _thing(canvas: Canvas, shapes: list[Points], colour: Colour, relief: float,
           rng: Generator) -> None:  # fmt: skip
    canvas.paint(shapes, grained(plain(colour), "fine", 3, 0.03, rng), "thing", relief=relief,
                 drop=relief)  # fmt: skip


def _bag(canvas: Canvas, prop: Prop, grip: Points, size: float, rng: Generator) -> None:
    x, y = grip
    wide, high = 0.62 * size * prop.size, 0.85 * size * prop.size
    top = y + 0.45 * size
    handle = tube([(x - 0.5 * wide, top), (x, y), (x + 0.5 * wide, top)], [0.035 * size] * 3)
    _thing(canvas, [handle], scaled(prop.colour, 0.7), 0.03 * size, rng)
    body = smooth(
        [
            (x - 0.8 * wide, top),
            (x, top - 0.03 * size),
            (x + 0.8 * wide, top),
            (x + wide, top + high),
            (x, top + 1.06 * high),
            (x - wide, top + high),
        ],
        5,
    )
    _thing(canvas, [body], prop.colour, 0.18 * size, rng)
    flap = box(x - 0.82 * wide, top + 0.02 * size, x + 0.82 * wide, top + 0.2 * high)
    _thing(canvas, [flap], scaled(prop.second, 0.9), 0.03 * size, rng)


def _umbrella(canvas: Canvas, prop: Prop, grip: Points, size: float, rng: Generator) -> None:
    x, y = grip
    tip = (x + 0.1 * size, y - 2.6 * size)
    _thing(canvas, [tube([(x - 0.04 * size, y + 0.35 * size), tip], [0.03 * size] * 2)],
           (60, 56, 54), 0.02 * size, rng)  # fmt: skip
    half, rise = 1.65 * size * prop.size, 0.95 * size
    low = tip[1] + rise
    arc = [
        (tip[0] + half * np.sin(t), low - rise * np.cos(t)) for t in np.linspace(-1.57, 1.57, 13)
    ]
    edge = [(tip[0] + half * k, low - (0.14 * size if i % 2 else 0.0))
            for i, k in enumerate(np.linspace(1, -1, 9))]  # fmt: skip
    _thing(canvas, [points([*arc, *edge])], prop.colour, 0.3 * size, rng)
    for k in (-0.5, 0.0, 0.5):
        rib = points([tip, (tip[0] + 0.8 * k * half, low - 0.5 * rise), (tip[0] + k * half, low)])
        canvas.stain(tube(rib, [0.02 * size] * 3), 0.75, 0.02 * size)


def _ball(canvas: Canvas, prop: Prop, grip: Points, size: float, rng: Generator) -> None:
    x, y = grip
    radius = 0.48 * size * prop.size
    _thing(canvas, [ellipse(x, y, radius, radius)], prop.colour, 0.5 * radius, rng)
    for tilt in (25, 115):
        band = ellipse(x, y, 0.97 * radius, 0.35 * radius, tilt)
        loop = tube(np.vstack([band, band[:1]]), [0.045 * radius] * (len(band) + 1))
        canvas.paint([loop], plain(prop.second), "thing", opacity=0.8)


def _balloon(canvas: Canvas, prop: Prop, grip: Points, size: float, rng: Generator) -> None:
    x, y = grip
    wide, high = 0.55 * size * prop.size, 0.68 * size * prop.size
    top = (x + rng.uniform(-0.3, 0.3) * size, y - 2.1 * size)
    string = tube(np.vstack([grip, (x + 0.08 * size, y - 0.8 * size), top]), [0.014 * size] * 3)
    _thing(canvas, [string], (214, 210, 200), 0.0, rng)
    knot = points([(top[0], top[1] + high), (top[0] - 0.08 * size, top[1] + 1.12 * high),
                   (top[0] + 0.08 * size, top[1] + 1.12 * high)])  # fmt: skip
    _thing(canvas, [ellipse(*top, wide, high), knot], prop.colour, 0.3 * size, rng)
    shine = ellipse(top[0] - 0.4 * wide, top[1] - 0.45 * high, 0.12 * wide, 0.2 * high, 25)
    canvas.stain(shine, 1.6, 0.05 * size)


def _book(canvas: Canvas, prop: Prop, grip: Points, size: float, rng: Generator) -> None:
    tilt = rng.uniform(-14, 14)
    wide, high = 0.42 * size * prop.size, 0.55 * size * prop.size
    cover = turned(box(-wide, -high, wide, 0.55 * high), tilt) + grip
    pages = turned(box(-0.95 * wide, -0.9 * high, 1.08 * wide, 0.6 * high), tilt) + grip
    _thing(canvas, [pages], (234, 228, 212), 0.02 * size, rng)
    _thing(canvas, [cover], prop.colour, 0.06 * size, rng)
    label = turned(box(-0.6 * wide, -0.65 * high, 0.6 * wide, -0.3 * high), tilt) + grip
    canvas.paint([label], plain(prop.second), "thing", opacity=0.85)


def _phone(canvas: Canvas, prop: Prop, grip: Points, size: float, rng: Generator) -> None:
    tilt, up = rng.uniform(-20, 20), np.array([0.0, -0.12 * size])
    case = turned(box(-0.15 * size, -0.28 * size, 0.15 * size, 0.24 * size), tilt) + grip + up
    _thing(canvas, [case], (36, 38, 42), 0.02 * size, rng)
    glass = turned(box(-0.12 * size, -0.24 * size, 0.12 * size, 0.2 * size), tilt) + grip + up
    canvas.paint([glass], plain(scaled(prop.colour, 0.6)), "thing", opacity=0.6)


def _stick(canvas: Canvas, _: Prop, grip: Points, size: float, rng: Generator) -> None:
    lean = rng.uniform(-0.3, 0.3) * size
    path = [grip + (lean * 0.4, -0.7 * size), grip, grip - (lean, -2.7 * size)]
    _thing(canvas, [tube(path, [0.05 * size, 0.055 * size, 0.04 * size])], palette.wood(rng),
           0.04 * size, rng)  # fmt: skip


def _cup(canvas: Canvas, prop: Prop, grip: Points, size: float, rng: Generator) -> None:
    x, y = grip
    high = 0.34 * size * prop.size
    wide, low = 0.17 * size, y + 0.6 * high
    cup = points([(x - wide, y - high), (x + wide, y - high), (x + 0.75 * wide, low),
                  (x - 0.75 * wide, low)])  # fmt: skip
    _thing(canvas, [cup], prop.colour, 0.1 * size, rng)
    _thing(canvas, [ellipse(x, y - high, 0.19 * size, 0.06 * size)], (238, 234, 226), 0.02 * size,
           rng)  # fmt: skip


def _flower(canvas: Canvas, prop: Prop, grip: Points, size: float, rng: Generator) -> None:
    x, y = grip
    green = palette.leaf(rng)
    for step in (-0.28, 0.0, 0.26):
        top = (x + step * size, y - (0.75 - abs(step) * 0.5) * size)
        stem = tube([(x, y + 0.35 * size), (x, y), top], [0.02 * size] * 3)
        _thing(canvas, [stem], green, 0.0, rng)
        petals = cloud(rng, *top, 0.18 * size, 0.17 * size, 7, 0.3)
        _thing(canvas, [petals], prop.colour, 0.08 * size, rng)
        _thing(canvas, [ellipse(*top, 0.05 * size, 0.05 * size)], prop.second, 0.0, rng)


DRAW = {
    "bag": _bag, "umbrella": _umbrella, "ball": _ball, "balloon": _balloon, "book": _book,
    "phone": _phone, "stick": _stick, "cup": _cup, "flower": _flower,
}  # fmt: skip
