"""What stands beside roads: lamp posts, guard rails, marker posts, wires on poles, fences."""

from itertools import pairwise

import numpy as np

from pipeline.sources.demo.art.dice import between, chance
from pipeline.sources.demo.art.palette import Colour, scaled, wood
from pipeline.sources.demo.scenery.outdoors import Outdoors
from pipeline.sources.demo.scenery.roads import Road


def _pole(out: Outdoors, x: float, y: float, high: float, thick: float, colour: Colour) -> None:
    """An upright pole, lighter on one side."""
    u, low = out.seen(x, y)
    _, top = out.seen(x, y, high)
    half = max(0.5, thick / 2 * out.focal / x)
    out.fill([(u - half, low), (u + half, low), (u + half * 0.8, top), (u - half * 0.8, top)],
             colour, x)  # fmt: skip
    out.fill([(u - half, low), (u - half * 0.2, low), (u - half * 0.2, top), (u - half * 0.8, top)],
             scaled(colour, 1.35), x, opacity=0.7)  # fmt: skip


def lamp_post(out: Outdoors, x: float, y: float, side: int) -> None:
    """A lamp on a post, its arm towards `side`."""
    high = 5.5
    _pole(out, x, y, high, 0.13, (74, 78, 80))
    _bar(out, (x, y, high - 0.1), (x, y + side * 1.1, high + 0.15), 0.08, (74, 78, 80))
    _bar(out, (x, y + side * 0.9, high + 0.1), (x, y + side * 1.45, high + 0.14), 0.16,
         (196, 196, 190))  # fmt: skip


def _bar(out: Outdoors, start: tuple[float, float, float], end: tuple[float, float, float],
         thick: float, colour: Colour) -> None:  # fmt: skip
    """A bar between two places, as thick as it looks at each."""
    (ax, ay), (bx, by) = out.seen(*start), out.seen(*end)
    a, b = (max(0.4, thick / 2 * out.focal / max(place[0], 0.3)) for place in (start, end))
    long = max(float(np.hypot(bx - ax, by - ay)), 1e-6)
    nx, ny = -(by - ay) / long, (bx - ax) / long
    out.fill([(ax + nx * a, ay + ny * a), (bx + nx * b, by + ny * b), (bx - nx * b, by - ny * b),
              (ax - nx * a, ay - ny * a)], colour, (start[0] + end[0]) / 2)  # fmt: skip


def _along(road: Road, side: int, off: float, x: float) -> float:
    return float(road.centre(x)) + side * (road.half + off)


def guard_rail(out: Outdoors, road: Road, side: int) -> None:
    """A steel rail on posts along one side."""
    places = np.concatenate([np.arange(2.5, 30, 2.0), np.arange(30, 130, 4.0)])[::-1]
    for x in places.tolist():
        _pole(out, x, _along(road, side, 0.75, x), 0.72, 0.11, (120, 122, 124))
    for far, near in pairwise(places.tolist()):
        for z, thick, light in ((0.6, 0.3, 0.72), (0.67, 0.1, 1.08), (0.52, 0.1, 1.0)):
            _bar(out, (near, _along(road, side, 0.7, near), z), (far, _along(road, side, 0.7, far),
                 z), thick, scaled((178, 182, 185), light))  # fmt: skip


def posts(out: Outdoors, road: Road) -> None:
    """White marker posts with a dark band."""
    for x in np.arange(between(out.rng, 5, 9), 110, between(out.rng, 9, 16)).tolist()[::-1]:
        for side in (-1, 1):
            y = _along(road, side, 0.6, x)
            _pole(out, x, y, 0.95, 0.12, (206, 206, 202))
            u, _ = out.seen(x, y)
            half = 0.06 * out.focal / x
            top, low = out.seen(x, y, 0.85)[1], out.seen(x, y, 0.66)[1]
            out.fill([(u - half, top), (u + half, top), (u + half, low), (u - half, low)],
                     (34, 34, 36), x)  # fmt: skip


def wires(out: Outdoors, road: Road, side: int) -> None:
    """Poles with sagging wires along one side."""
    rng = out.rng
    off, high, step = between(rng, 3, 9), between(rng, 6, 8), between(rng, 18, 30)
    colour: Colour = scaled(wood(rng), 0.55)
    places = np.arange(between(rng, 8, 16), 190, step).tolist()[::-1]
    places.append(max(1.5, places[-1] - step))
    for far, near in pairwise(places):
        y = _along(road, side, off, far)
        _pole(out, far, y, high, 0.24, colour)
        _bar(out, (far, y - 0.8, high - 0.5), (far, y + 0.8, high - 0.5), 0.14, colour)
        for arm in (-0.7, 0.7):
            line = np.linspace(0, 1, 9)
            x = far + (near - far) * line
            sag = high - 0.4 - 2.4 * line * (1 - line)
            spots = [(float(a), _along(road, side, off, float(a)) + arm, float(b))
                     for a, b in zip(x, sag, strict=True)]  # fmt: skip
            for start, end in pairwise(spots):
                _bar(out, start, end, 0.025, (44, 44, 46))


def fence(out: Outdoors, road: Road, side: int) -> None:
    """Wooden posts with two rails, or with wire."""
    rng = out.rng
    colour, off = scaled(wood(rng), 0.9), between(rng, 1.5, 5)
    wire = chance(rng, 0.4)
    places = np.concatenate([np.arange(2.2, 40, 2.4), np.arange(40, 100, 4.8)])[::-1].tolist()
    for far, near in pairwise(places):
        for z in (0.45, 0.85) if not wire else (0.35, 0.62, 0.9):
            thick, paint = (0.1, scaled(colour, 0.88)) if not wire else (0.02, (120, 120, 122))
            _bar(out, (near, _along(road, side, off, near), z),
                 (far, _along(road, side, off, far), z), thick, paint)  # fmt: skip
        _pole(out, far, _along(road, side, off, far), 1.1, 0.13, colour)
