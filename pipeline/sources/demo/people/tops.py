"""The trunk and what is worn on it: tops, jackets, coats, collars, scarves; and the neck."""

import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.art.palette import scaled
from pipeline.sources.demo.art.shapes import Points, ellipse, points, smooth, tube
from pipeline.sources.demo.art.textures import plain
from pipeline.sources.demo.people.limbs import flesh
from pipeline.sources.demo.people.looks import Look
from pipeline.sources.demo.people.skeleton import Skeleton


def trunk_outline(body: Skeleton, low: float, loose: float) -> Points:
    """The trunk from `low` (0 is the pelvis, 1 the base of the neck) up, clothes `loose` wider."""
    build = body.build
    rows = (  # up, half width, half depth, how far its middle lies to the front
        (low, build.hips, build.depth, -0.03),
        (max(0.12, low + 0.08), build.hips * 0.99, build.depth, -0.04),
        (0.38, build.waist, build.depth * 0.88, 0.0),
        (0.6, build.chest * 0.95, build.depth * 0.95, 0.03 + 0.4 * build.bust),
        (0.72, build.chest, build.depth, 0.04 + 0.8 * build.bust),
        (0.85, build.shoulders * 0.9, build.depth * 0.8, 0.0),
        (0.95, build.shoulders * 0.88, build.depth * 0.55, -0.06),
        (1.04, 0.42, 0.26, -0.06),
        (1.09, 0.2, 0.18, 0.0),
    )
    left, right = [], []
    for up, wide, deep, front in rows:
        half = body.half_width(wide + loose, deep + loose)
        centre = body.trunk(up, 0.0, front)
        left.append(centre - (half * body.head_size, 0))
        right.append(centre + (half * body.head_size, 0))
    return smooth(np.vstack([left, right[::-1]]), steps=5)


def draw_top(canvas: Canvas, body: Skeleton, look: Look, rng: Generator) -> None:
    """The garment on the trunk, without sleeves, and the neck in it."""
    size = body.head_size
    loose = {"tank": 0.01, "t-shirt": 0.05, "shirt": 0.05, "jumper": 0.07}.get(look.top, 0.1)
    low = 0.1 if look.bottom == "dress" or look.top == "tank" else -0.1
    open_front = look.top in ("jacket", "coat")
    shapes = [trunk_outline(body, low, loose)]
    if look.top == "coat":
        shapes.append(_coat_tails(body))
    cloth = look.top_cloth.texture(size, 90 + body.tilt / 2, rng)
    canvas.paint(shapes, cloth, "person", relief=0.26 * size, drop=0.1 * size)
    _folds(canvas, body, rng)
    if body.facing > -0.2:
        if open_front:
            _open_front(canvas, body, look, rng)
        elif look.top == "shirt":
            _buttons(canvas, body, look)
        elif look.top == "hoodie":
            _pocket(canvas, body, look)
    draw_neck(canvas, body, look, _neckline(canvas, body, look, rng), rng)
    if look.scarf:
        _scarf(canvas, body, look, rng)
    elif look.top in ("shirt", "coat", "jacket", "hoodie"):
        _collar(canvas, body, look)


def _coat_tails(body: Skeleton) -> Points:
    build = body.build
    half = body.half_width(build.hips + 0.12, build.depth + 0.16) * body.head_size
    knees = np.mean([body.knees[0][:2], body.knees[1][:2]], axis=0)
    spread = abs(body.knees[0][0] - body.knees[1][0]) / 2 + 0.34 * body.head_size
    wide = max(half * 1.05, spread)
    top = body.trunk(0.4)
    return smooth([top - (half * 0.9, 0), top + (half * 0.9, 0), body.trunk(0.0) + (half, 0),
                   knees + (wide, -6), knees - (wide, 6), body.trunk(0.0) - (half, 0)])  # fmt: skip


def _folds(canvas: Canvas, body: Skeleton, rng: Generator) -> None:
    """Creases from the armpits inwards and across the waist, and a bust where there is one."""
    size, build = body.head_size, body.build
    for side in (-1, 1) if size > 30 else ():
        half = side * body.half_width(build.chest, build.depth)
        for _ in range(2):
            up = rng.uniform(0.55, 0.85)
            start = body.trunk(up) + (half * size, 0)
            end = body.trunk(up - rng.uniform(0.1, 0.25)) + (half * rng.uniform(0.2, 0.5) * size, 0)
            canvas.stain(tube([start, end], [0.06 * size, 0.01 * size]), 0.8, 0.05 * size)
        up = rng.uniform(0.1, 0.4)
        start = body.trunk(up) + (half * 0.9 * size, 0)
        end = body.trunk(up + rng.uniform(-0.06, 0.12)) + (half * 0.25 * size, 0)
        canvas.stain(tube([start, end], [0.05 * size, 0.01 * size]), 0.8, 0.04 * size)
        if build.bust and body.facing > 0.2:
            x, y = body.trunk(0.63, side * 0.25, 0.2)
            cup = points([(x - 0.2 * size, y), (x, y + 0.1 * size), (x + 0.2 * size, y)])
            canvas.stain(tube(cup, [0.01 * size, 0.05 * size, 0.01 * size]), 0.78, 0.07 * size)


def _front(body: Skeleton, up: float, side: float = 0.0) -> Points:
    """A place on the front of the trunk, `side` heads from the middle."""
    return body.trunk(up, side, 0.85 * body.build.depth + 0.5 * body.build.bust)


def _open_front(canvas: Canvas, body: Skeleton, look: Look, rng: Generator) -> None:
    size = body.head_size
    shirt = np.vstack(
        [
            _front(body, up, side)
            for up, side in (
                (1.05, -0.18),
                (1.05, 0.18),
                (0.5, 0.17),
                (-0.04, 0.26),
                (-0.04, -0.26),
                (0.5, -0.17),
            )
        ]
    )
    canvas.paint([shirt], look.under_cloth.texture(size, 90, rng), "person", relief=0.1 * size)
    for side in (-1, 1):
        path = np.vstack([_front(body, up, side * out) for up, out in (
            (1.03, 0.2), (0.5, 0.19), (-0.04, 0.28))])  # fmt: skip
        canvas.stain(tube(path, [0.03 * size] * 3), 0.6, 0.04 * size)
        lapel = np.vstack([_front(body, up, side * out) for up, out in (
            (1.06, 0.19), (0.86, 0.46), (0.74, 0.36), (0.5, 0.18))])  # fmt: skip
        canvas.paint([lapel], plain(scaled(look.top_cloth.colour, 0.86)), "person",
                     relief=0.05 * size, drop=0.04 * size)  # fmt: skip


def _buttons(canvas: Canvas, body: Skeleton, look: Look) -> None:
    size = body.head_size
    path = np.vstack([_front(body, up) for up in (1.0, 0.5, -0.04)])
    canvas.stain(tube(path, [0.05 * size] * 3), 0.88, 0.02 * size)
    for up in (0.9, 0.72, 0.54, 0.36, 0.18, 0.02):
        x, y = _front(body, up)
        button = ellipse(x, y, 0.028 * size, 0.028 * size)
        canvas.paint([button], plain(scaled(look.under_cloth.colour, 1.1)), "mark")


def _pocket(canvas: Canvas, body: Skeleton, look: Look) -> None:
    size = body.head_size
    shape = np.vstack([_front(body, up, side) for up, side in (
        (0.36, -0.24), (0.36, 0.24), (0.1, 0.38), (0.06, -0.38))])  # fmt: skip
    canvas.paint([shape], plain(scaled(look.top_cloth.colour, 0.88)), "person", relief=0.04 * size)
    for side in (-0.1, 0.1):
        string = np.vstack([_front(body, 0.98, side), _front(body, 0.72, side * 1.2)])
        canvas.paint([tube(string, [0.015 * size] * 2)], plain((232, 228, 220)), "mark")


def _neckline(canvas: Canvas, body: Skeleton, look: Look, rng: Generator) -> list[Points]:
    """Trim a low neckline and return the outline of the skin in it, if there is one."""
    low = look.top == "tank" or (look.top == "t-shirt" and look.bottom != "dress")
    if body.facing < 0.1 or not low:
        return []
    deep = rng.uniform(0.84, 0.95) if look.top == "t-shirt" else 0.8
    wide = 0.24 if look.top == "t-shirt" else 0.34
    shape = smooth(np.vstack([_front(body, up, side) for up, side in (
        (1.08, -wide), (1.08, wide), (0.5 + deep / 2, wide * 0.8), (deep, 0.0),
        (0.5 + deep / 2, -wide * 0.8))]))  # fmt: skip
    trim = tube(np.vstack([shape, shape[:1]]), [0.03 * body.head_size] * (len(shape) + 1))
    canvas.paint([trim], plain(scaled(look.top_cloth.colour, 0.82)), "person")
    return [shape]


def draw_neck(
    canvas: Canvas, body: Skeleton, look: Look, neckline: list[Points], rng: Generator
) -> None:
    """The neck from under the chin down into the garment, and the skin in a low neckline."""
    size = body.head_size
    thick = 0.2 * size * (0.75 + 0.25 * body.build.limbs)
    low = body.trunk(1.04 if body.facing > -0.2 else 1.1)
    high = body.head[:2] + (-0.08 * body.aside * size, 0.25 * size)
    throat = tube([low, (low + high) / 2, high], [1.2 * thick, thick, thick])
    canvas.paint([throat, *neckline], flesh(look, rng), "person", relief=0.06 * size)
    x, y = body.head[:2] + (0.06 * body.aside * size, 0.5 * size)
    canvas.stain(ellipse(x, y, 0.26 * size, 0.12 * size), 0.5, 0.08 * size)
    if not neckline and look.top in ("jumper", "t-shirt") and not look.scarf:
        front = body.trunk(1.04 if body.facing > -0.2 else 1.08, 0.0, 0.12)
        ring = np.vstack([body.trunk(1.12, -0.2), front, body.trunk(1.12, 0.2)])
        cloth = plain(scaled(look.top_cloth.colour, 0.85))
        canvas.paint([tube(ring, [0.06 * size] * 3)], cloth, "person", relief=0.05 * size)


def _collar(canvas: Canvas, body: Skeleton, look: Look) -> None:
    size, shade = body.head_size, plain(scaled(look.top_cloth.colour, 0.93))
    if look.top == "hoodie":
        hood = np.vstack([body.trunk(1.1, -0.3), body.trunk(0.99, 0, 0.2), body.trunk(1.1, 0.3)])
        canvas.paint([tube(hood, [0.1 * size] * 3)], shade, "person", relief=0.08 * size)
        return
    for side in (-1.0, 1.0):
        if body.facing < 0.1:
            band = np.vstack([body.trunk(1.08, -0.2), body.trunk(1.07, 0), body.trunk(1.08, 0.2)])
            canvas.paint([tube(band, [0.08 * size] * 3)], shade, "person", relief=0.06 * size)
            return
        flap = np.vstack([_front(body, up, side * out) for up, out in (
            (1.17, 0.19), (1.05, 0.32), (0.89, 0.2), (0.96, 0.02))])  # fmt: skip
        canvas.paint([flap], shade, "person", relief=0.05 * size, drop=0.05 * size)


def _scarf(canvas: Canvas, body: Skeleton, look: Look, rng: Generator) -> None:
    size = body.head_size
    cloth = look.hat_cloth.texture(size, 75, rng)
    loop = np.vstack([body.trunk(1.13, -0.25), body.trunk(1.02, 0, 0.1), body.trunk(1.13, 0.25)])
    if body.facing > 0:
        end = np.vstack([_front(body, 1.0, 0.1), _front(body, 0.75, 0.14), _front(body, 0.45, 0.1)])
        canvas.paint([tube(end, [0.12 * size, 0.14 * size, 0.15 * size])], cloth, "person",
                     relief=0.08 * size, drop=0.08 * size)  # fmt: skip
    canvas.paint([tube(loop, [0.15 * size, 0.17 * size, 0.15 * size])], cloth, "person",
                 relief=0.1 * size, drop=0.08 * size)  # fmt: skip
