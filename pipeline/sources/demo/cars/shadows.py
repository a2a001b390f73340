"""The shadow of a car on the ground: soft beneath it, dark at its wheels, cast by the sun."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.sources.demo.art.ground import Ground
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.cars.bodies import Body
from pipeline.sources.demo.cars.cabin import World

SHADOW = 60  # pixels of the shadow map per metre
ROOM = 4.0  # metres of shadow map around the car


def ground_shadow(world: World, body: Body, land: Ground) -> Floats:
    """How much light is left on the ground, H'×W: under, beside, at wheels."""
    size = round((2 * ROOM + body.width) * SHADOW), round((2 * ROOM + body.length) * SHADOW)
    under, cast = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    half = body.width / 2
    _patch(under, [(0.18, -half + 0.05), (body.length - 0.15, -half + 0.05),
                   (body.length - 0.15, half - 0.05), (0.18, half - 0.05)], body)  # fmt: skip
    tyres = np.zeros(size, np.uint8)
    for x in body.axles:
        for y in (-half + 0.13, half - 0.13):
            _patch(tyres, [(x - 0.2, y - 0.13), (x + 0.2, y - 0.13), (x + 0.2, y + 0.13),
                           (x - 0.2, y + 0.13)], body)  # fmt: skip
    lean = np.array(world.sun[:2]) / max(world.sun[2], 0.35)
    for low, high, ends, wide in _silhouettes(body):
        corners = [(x - z * lean[0], y - z * lean[1]) for z in (low, high) for x in ends
                   for y in (-wide, wide)]  # fmt: skip
        _patch(cast, corners, body)
    maps = [cv2.GaussianBlur(part, (0, 0), sigma * SHADOW).astype(np.float32) / np.float32(255)
            for part, sigma in ((under, 0.13), (tyres, 0.05), (cast, 0.09))]  # fmt: skip
    across = np.asarray((land.x + ROOM) * SHADOW, np.float32)
    along = np.asarray((land.y + ROOM + half) * SHADOW, np.float32)
    hard = 0.12 if world.boxes else min(0.6, 0.85 * world.sunlight)
    left = np.ones(across.shape, np.float32)
    for part, dark in zip(maps, (0.8, 0.55, hard), strict=True):
        left *= 1 - np.float32(dark) * np.asarray(cv2.remap(part, across, along, cv2.INTER_LINEAR))
    return left


def _silhouettes(body: Body) -> list[tuple[float, float, tuple[float, float], float]]:
    """Convex boxes that throw about the shadow of the car: heights, ends, half width."""
    half, belt = body.width / 2, body.belt[1][1]
    roof = body.screen[1], body.backlight[0]
    return [
        (body.sill, belt * 0.85, (0.12, body.length - 0.08), half),
        (belt * 0.8, belt, (0.7, body.length - 0.3), half * 0.95),
        (belt, (belt + body.height) / 2, (sum(body.screen) / 2, sum(body.backlight) / 2),
         half * 0.9),
        (belt, body.height, roof, half * (body.roof + 0.06)),
    ]  # fmt: skip


def _patch(plane: NDArray[np.uint8], corners: list[tuple[float, float]], body: Body) -> None:
    """Fill the convex hull of places on the ground in a shadow map."""
    places = (np.array(corners) + (ROOM, ROOM + body.width / 2)) * SHADOW
    hull = cv2.convexHull(places.round().astype(np.int32))
    cv2.fillConvexPoly(plane, hull, (255,), cv2.LINE_AA)
