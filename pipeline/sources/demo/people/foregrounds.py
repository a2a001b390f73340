"""What touches the person: contact shadows, seats behind, and things that stand in front."""

import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, scaled
from pipeline.sources.demo.art.shapes import Points, box, cloud, ellipse, points, smooth, tube
from pipeline.sources.demo.art.textures import boards, grained, plain
from pipeline.sources.demo.people.skeleton import Skeleton


def draw_contact_shadow(canvas: Canvas, body: Skeleton) -> None:
    """A soft shadow under the feet, pulled away from the light."""
    size = body.head_size
    x = float(np.mean([body.ankles[0][0], body.ankles[1][0]])) - 0.5 * canvas.light.right * size
    spread = abs(body.ankles[0][0] - body.ankles[1][0]) / 2
    under = ellipse(x, body.ground, spread + 0.9 * size, 0.22 * size)
    canvas.stain(under, 0.5, 0.2 * size)
    for ankle in body.ankles:
        spot = ellipse(ankle[0], ankle[1] + 0.24 * size, 0.4 * size, 0.09 * size)
        canvas.stain(spot, 0.55, 0.08 * size)


def draw_wall_shadow(canvas: Canvas, body: Skeleton) -> None:
    """A faint shadow of head and trunk on what is close behind."""
    size = body.head_size
    step = np.array([-0.55 * canvas.light.right, 0.2]) * size
    x, y = body.head[:2] + step
    trunk = tube([body.neck[:2] + step, body.pelvis[:2] + step], [0.75 * size, 0.7 * size])
    for shape in (trunk, ellipse(x, y, 0.42 * size, 0.52 * size)):
        canvas.stain(shape, 0.8, 0.3 * size)


def draw_seat(canvas: Canvas, body: Skeleton, rng: Generator) -> None:
    """A chair, a stool, a box or a bench under the pelvis."""
    size = body.head_size
    x, y = body.pelvis[0], body.pelvis[1] + 0.28 * size
    low, colour = body.ground - 0.1 * size, palette.wood(rng)
    kind = pick(rng, ("chair", "box", "bench", "armchair"), (4, 1, 1, 0.6))
    half = {"chair": 0.85, "box": 1.0, "bench": 2.6, "armchair": 1.35}[kind] * size
    cloth = palette.cloth(rng)
    if kind == "armchair":
        back = smooth([(x - half, y - 2.0 * size), (x + half, y - 2.0 * size), (x + half, low),
                       (x - half, low)], 7)  # fmt: skip
        _thing(canvas, [back], cloth, 0.3 * size, rng)
        return
    if kind == "box":
        surface = boards(rng, colour, 0.4 * size, False)
        canvas.paint([box(x - half, y, x + half, low)], surface, "thing", relief=0.1 * size)
        return
    posts = [tube([(x + side * 0.9 * half, low), (x + side * 0.9 * half, y - 1.9 * size)],
                 [0.09 * size] * 2) for side in (-1, 1)]  # fmt: skip
    rails = [box(x - 0.9 * half, y - up * size, x + 0.9 * half, y - (up - 0.3) * size)
             for up in (0.8, 1.3, 1.85)]  # fmt: skip
    _thing(canvas, posts + rails, colour, 0.06 * size, rng)
    _thing(canvas, [box(x - half, y, x + half, y + 0.25 * size)], scaled(colour, 1.1), 0.06 * size,
           rng)  # fmt: skip


def draw_in_front(canvas: Canvas, body: Skeleton, close: bool, rng: Generator) -> None:
    """A table, a bush, a post, a rail or a plant before the person; it is not in the mask."""
    draws = (_table, _leaves, _post) if close else (_table, _leaves, _post, _rail, _bush)
    draw = pick(rng, draws, (3, 1.5, 1, 1, 2.5)[: len(draws)])
    draw(canvas, body, rng)


def _thing(
    canvas: Canvas, shapes: list[Points], colour: Colour, relief: float, rng: Generator
) -> None:
    surface = grained(plain(colour), "cloud", 6, 0.05, rng)
    canvas.paint(shapes, surface, "thing", relief=relief)


def _table(canvas: Canvas, body: Skeleton, rng: Generator) -> None:
    size, high, wide = body.head_size, canvas.height, canvas.width
    y = max(min(body.pelvis[1] - 0.2 * size, 0.86 * high), body.neck[1] + 1.1 * size)
    y = float(np.clip(y, 0.78 * high, 0.94 * high))
    left, right = (-10.0, wide + 10.0)
    if chance(rng, 0.5):
        left, right = (left, 0.75 * wide) if chance(rng, 0.5) else (0.25 * wide, right)
    top = boards(rng, palette.wood(rng), 0.3 * size, False)
    canvas.paint([box(left, y, right, y + 0.35 * size)], top, "thing")
    canvas.stain(box(left, y + 0.33 * size, right, y + 0.42 * size), 0.6, 0.05 * size)
    canvas.paint([box(left, y + 0.33 * size, right, high + 10)], plain(palette.wood(rng)), "thing",
                 relief=0.05 * size)  # fmt: skip
    for _ in range(int(rng.integers(1, 4))):
        _tableware(canvas, between(rng, left, right), y + 0.2 * size, size, rng)


def _tableware(canvas: Canvas, x: float, y: float, size: float, rng: Generator) -> None:
    colour, kind = palette.cloth(rng), pick(rng, ("cup", "bottle", "plate", "laptop"))
    if kind == "cup":
        _thing(canvas, [box(x - 0.16 * size, y - 0.4 * size, x + 0.16 * size, y)], colour,
               0.1 * size, rng)  # fmt: skip
    elif kind == "bottle":
        neck = tube([(x, y - 0.5 * size), (x, y - 1.05 * size)], [0.1 * size, 0.06 * size])
        _thing(canvas, [box(x - 0.15 * size, y - 0.6 * size, x + 0.15 * size, y), neck], colour,
               0.1 * size, rng)  # fmt: skip
    elif kind == "plate":
        _thing(canvas, [ellipse(x, y - 0.03 * size, 0.5 * size, 0.1 * size)], (238, 236, 232),
               0.05 * size, rng)  # fmt: skip
    else:
        lid = points([(x - 0.6 * size, y), (x + 0.6 * size, y), (x + 0.66 * size, y - 0.75 * size),
                      (x - 0.54 * size, y - 0.75 * size)])  # fmt: skip
        _thing(canvas, [lid], (150, 154, 160), 0.04 * size, rng)


def _bush(canvas: Canvas, body: Skeleton, rng: Generator) -> None:
    size, green = body.head_size, palette.leaf(rng)
    x = body.pelvis[0] + between(rng, -1.8, 1.8) * size
    y = min(body.ground, canvas.height) + 0.2 * size
    for step in range(3):
        leaves = grained(plain(scaled(green, 0.75 + 0.2 * step)), "leaf", max(2.0, size / 12), 0.22,
                         rng)  # fmt: skip
        shape = cloud(rng, x + (step - 1) * 0.6 * size, y, between(rng, 0.6, 1.1) * size,
                      between(rng, 0.6, 1.1) * size, 11, 0.16)  # fmt: skip
        canvas.paint([shape], leaves, "thing", relief=0.25 * size)


def _post(canvas: Canvas, body: Skeleton, rng: Generator) -> None:
    size = body.head_size
    x = body.pelvis[0] + pick(rng, (-1.0, 1.0)) * between(rng, 0.4, 1.2) * size
    wide = between(rng, 0.12, 0.24) * size
    surface = boards(rng, palette.wood(rng), 2 * wide, True)
    top = pick(rng, (-10.0, body.neck[1] + 1.2 * size))
    canvas.paint([box(x - wide, top, x + wide, canvas.height + 10)], surface, "thing",
                 relief=0.6 * wide)  # fmt: skip


def _rail(canvas: Canvas, body: Skeleton, rng: Generator) -> None:
    size, colour = body.head_size, palette.cloth(rng)
    y = float(np.clip(body.pelvis[1] - 0.3 * size, 0.55 * canvas.height, 0.9 * canvas.height))
    bars = [tube([(-10.0, y), (canvas.width + 10.0, y)], [0.09 * size] * 2)]
    for x in np.arange(between(rng, 0, size), canvas.width, 1.1 * size):
        bars.append(box(x - 0.05 * size, y, x + 0.05 * size, canvas.height + 10))
    _thing(canvas, bars, colour, 0.05 * size, rng)


def _leaves(canvas: Canvas, body: Skeleton, rng: Generator) -> None:
    """Blurred leaves that hang or stand into the picture."""
    side = pick(rng, (-1.0, 1.0))
    size, green = body.head_size, palette.leaf(rng)
    x = canvas.width if side > 0 else 0.0
    y = canvas.height * between(rng, 0.5, 1.0)
    for _ in range(9):
        angle, long = between(rng, -1.3, 0.9), between(rng, 0.15, 0.38) * canvas.width
        tip = np.array([x - side * long * np.cos(angle), y + long * np.sin(angle)])
        middle = (tip + (x, y)) / 2 - (0.0, 0.1 * long)
        leaf = tube(np.vstack([(x, y), middle, tip]), [0.06 * size, 0.16 * size, 0.02 * size])
        surface = plain(scaled(green, between(rng, 0.6, 1.25)))
        canvas.paint([leaf], surface, "thing", relief=0.06 * size, soft=0.03 * size)
