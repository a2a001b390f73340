"""Trousers, shorts, skirts and the lower half of dresses, with the legs in them."""

import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.art.shapes import Points, smooth, tube
from pipeline.sources.demo.people.limbs import crease_leg, draw_bare_leg, part_way, trouser_leg
from pipeline.sources.demo.people.looks import Look
from pipeline.sources.demo.people.skeleton import Skeleton


def draw_bottom(canvas: Canvas, body: Skeleton, look: Look, rng: Generator) -> None:
    """Both legs, the far one first, and the hips or the skirt that join them."""
    size = body.head_size
    depth = [float(body.knees[index][2] + body.ankles[index][2]) for index in (0, 1)]
    far, near = (0, 1) if depth[0] <= depth[1] else (1, 0)
    cloth = look.bottom_cloth.texture(size, 90, rng)
    if look.bottom in ("skirt", "dress"):
        for index in (far, near):
            draw_bare_leg(canvas, body, look, index, rng)
        canvas.paint([_skirt(body, rng)], cloth, "person", relief=0.22 * size,
                     drop=0.2 * size)  # fmt: skip
        _pleats(canvas, body, rng)
        return
    draw_bare_leg(canvas, body, look, far, rng)
    behind, before = trouser_leg(body, look, far), [*trouser_leg(body, look, near), _hips(body)]
    canvas.paint(behind, cloth, "person", relief=0.2 * size)
    shade = 1 - 0.28 * abs(body.aside)
    for outline in behind:
        canvas.stain(outline, shade, 0.0)
    draw_bare_leg(canvas, body, look, near, rng)
    canvas.paint(before, cloth, "person", relief=0.2 * size, drop=0.14 * size)
    for index in (far, near) if look.bottom != "shorts" else ():
        crease_leg(canvas, body, index)
    if body.facing > 0.3 and not body.seated:
        fly = [body.trunk(0.08), body.trunk(-0.18)]
        canvas.stain(tube(fly, [0.012 * size] * 2), 0.7, 0.02 * size)


def _hips(body: Skeleton) -> Points:
    """The seat of the trousers, from the belt to the fork."""
    build, size = body.build, body.head_size
    wide = body.half_width(build.hips + 0.03, build.depth + 0.03) * size
    belt = body.half_width(build.waist + 0.05, build.depth) * size
    fork = body.trunk(-0.16)
    thigh = [0.33 * size * build.limbs * side for side in (-1, 1)]
    left = min(body.hips[0][0], body.hips[1][0]) + thigh[0]
    right = max(body.hips[0][0], body.hips[1][0]) + thigh[1]
    top, seat = body.trunk(0.14), body.trunk(-0.02)
    return smooth(np.vstack([
        top - (belt, 0), top + (belt, 0), (max(right, seat[0] + 0.94 * wide), seat[1]),
        (right, fork[1]), fork + (0.02 * size, 0.06 * size), (left, fork[1]),
        (min(left, seat[0] - 0.94 * wide), seat[1]),
    ]))  # fmt: skip


def _skirt(body: Skeleton, rng: Generator) -> Points:
    size, build = body.head_size, body.build
    knees = [part_way(body.hips[i], body.knees[i], rng.uniform(0.75, 1.15)) for i in (0, 1)]
    hem = max(knee[1] for knee in knees)
    flare = rng.uniform(0.26, 0.5) * size
    left = min(knee[0] for knee in knees) - flare
    right = max(knee[0] for knee in knees) + flare
    hips = body.half_width(build.hips + 0.04, build.depth + 0.04) * size
    waist = body.half_width(build.waist + 0.04, build.depth) * size
    top, seat = body.trunk(0.36), body.trunk(-0.04)
    middle = (left + right) / 2
    return smooth(np.vstack([
        top - (waist, 0), top + (waist, 0), seat + (hips, 0), (right, hem - 0.05 * size),
        (middle + 0.4 * (right - middle), hem + 0.05 * size),
        (middle - 0.2 * (right - middle), hem + 0.02 * size), (left, hem - 0.05 * size),
        seat - (hips, 0),
    ]))  # fmt: skip


def _pleats(canvas: Canvas, body: Skeleton, rng: Generator) -> None:
    size = body.head_size
    for step in np.linspace(-0.7, 0.7, 5) + rng.uniform(-0.1, 0.1, 5):
        start = body.trunk(0.1) + (step * 0.35 * size, 0)
        end = body.trunk(-0.5) + (step * 0.8 * size, 0)
        canvas.stain(tube([start, end], [0.015 * size, 0.05 * size]), 0.85, 0.04 * size)
