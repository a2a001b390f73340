"""Outlines: closed polygons, N×2 arrays of x, y in pixels of the canvas."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


HALF_CIRCLE = np.array(
    [(np.cos(t), np.sin(t)) for t in np.deg2rad([67.5, 45, 22.5, 0, -22.5, -45, -67.5])]
)


def points(values: ArrayLike | Sequence[Points]) -> Points:
    """The values as an N×2 array."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 2)


def smooth(corners: ArrayLike | Sequence[Points], steps: int = 6, closed: bool = True) -> Points:
    """A Catmull-Rom curve through the corners, `steps` points per corner."""
    knots = points(corners)
    if closed:
        padded = np.vstack([knots[-1:], knots, knots[:2]])
    else:
        padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (part[:, None, :] for part in (before, start, end, after))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    curve = curve.reshape(-1, 2)
    return curve if closed else np.vstack([curve, knots[-1:]])


def ellipse(
    x: float, y: float, wide: float, high: float, tilt: float = 0.0, count: int = 28
) -> Points:
    """An ellipse by its half axes, turned by `tilt` degrees clockwise."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return turned(np.stack([wide * np.cos(t), high * np.sin(t)], axis=1), tilt) + (x, y)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """An upright rectangle."""
    return points([(left, top), (right, top), (right, bottom), (left, bottom)])


def turned(outline: Points, degrees: float) -> Points:
    """The outline turned clockwise (y points down) about the origin."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(outline @ np.array([[cos, sin], [-sin, cos]]))


def tube(path: ArrayLike | Sequence[Points], radii: Sequence[float]) -> Points:
    """A round-ended tube along a path of two or more points, one radius per point."""
    line, widths = points(path), np.asarray(radii, dtype=np.float64)
    if len(line) > 2:
        along = np.arange(len(line))
        dense = np.linspace(0, len(line) - 1, 5 * (len(line) - 1) + 1)
        widths = np.interp(dense, along, widths)
        line = smooth(line, steps=5, closed=False)
    step = np.diff(line, axis=0)
    heading = np.concatenate([step[:1], step[:-1] + step[1:], step[-1:]])
    heading /= np.hypot(heading[:, 0], heading[:, 1])[:, None] + 1e-9
    across = np.stack([-heading[:, 1], heading[:, 0]], axis=1)
    one, other = line + across * widths[:, None], line - across * widths[:, None]
    return np.vstack(
        [one, _round_end(line[-1], heading[-1], widths[-1]), other[::-1],
         _round_end(line[0], -heading[0], widths[0])]
    )  # fmt: skip


def _round_end(centre: Points, heading: Points, radius: float) -> Points:
    """The half circle that closes a tube, from its left bank to its right one."""
    across = np.array([-heading[1], heading[0]])
    return np.asarray(centre + radius * (HALF_CIRCLE @ np.stack([heading, across])))


def cloud(
    rng: Generator, x: float, y: float, wide: float, high: float, bumps: int, depth: float
) -> Points:
    """An ellipse with bumps: a crown of leaves, a cloud, curly hair."""
    t = np.linspace(0, 2 * np.pi, 8 * bumps, endpoint=False)
    wave = 1 + depth * (np.abs(np.sin(bumps * t / 2 + rng.uniform(0, 6))) - 0.6)
    wave += depth * 0.5 * np.sin(3 * t + rng.uniform(0, 6))
    return np.stack([x + wide * wave * np.cos(t), y + high * wave * np.sin(t)], axis=1)
