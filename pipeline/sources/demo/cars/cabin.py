"""The world around a car, and what of it and of the seats is seen through the windows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.demo.art.palette import Colour
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.cars.blueprints import Blueprint
from pipeline.sources.demo.cars.bodies import Body
from pipeline.sources.demo.cars.drawings import Stuff

SIDEWAYS = 0.35  # from here on a ray leaves the cabin by a side, not by an end
SEAT: Colour = (38, 37, 38)


@dataclass(frozen=True)
class World:
    """The light: colours in 0..255, `sun` the unit direction towards it."""

    zenith: Colour
    horizon: Colour
    ground: Colour
    scenery: Colour  # the band of houses or trees that stands on the horizon
    sun: tuple[float, float, float]
    sunlight: float  # strength of the direct light, the sky's being about one
    boxes: bool = False  # long lamps under a ceiling instead of a sky


def through(point: Floats, way: Floats, body: Body, print_: Blueprint, world: World) -> Floats:
    """What rays that enter through glass meet: N×3 colours for N points and directions."""
    up = np.clip((point[:, 2] - 0.8) / (body.height - 0.8), 0, 1)
    colour = np.array((20, 23, 25), np.float32) * (0.6 + 0.8 * up)[:, None]
    day = np.array(world.horizon) * 0.42 + np.array(world.scenery) * 0.12
    colour[_daylight(point, way, body, print_)] = day
    colour[_seats(point, way, body)] = SEAT
    return np.asarray(colour, np.float32)


def _meet(
    point: Floats, way: Floats, axis: int, goal: Floats | float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Where rays meet the plane at `goal` on an axis, and which of them do so ahead."""
    slow = np.abs(way[:, axis]) < 0.2
    step = np.where(slow, -1, (goal - point[:, axis]) / np.where(slow, 1, way[:, axis]))
    return np.asarray(point + way * step[:, None], np.float32), np.asarray(step > 0)


def _daylight(point: Floats, way: Floats, body: Body, print_: Blueprint) -> NDArray[np.bool_]:
    """Which rays leave the cabin again through glass."""
    side = np.asarray(np.sign(way[:, 1]) * np.float32(0.42 * body.width))
    at, ahead = _meet(point, way, 1, side)
    sideways = np.abs(way[:, 1]) > SIDEWAYS
    seen = ahead & sideways & (print_.side.at(at[:, 0], at[:, 2]) == Stuff.GLASS)
    back = way[:, 0] > 0
    ends = np.where(back, sum(body.backlight) / 2, sum(body.screen) / 2).astype(np.float32)
    at, ahead = _meet(point, way, 0, ends)
    end = np.where(back, print_.rear.at(at[:, 1], at[:, 2]), print_.front.at(-at[:, 1], at[:, 2]))
    inside = np.abs(at[:, 1]) < 0.45 * body.width
    return np.asarray(seen | (ahead & ~sideways & inside & (end == Stuff.GLASS)))


def _seats(point: Floats, way: Floats, body: Body) -> NDArray[np.bool_]:
    """Which rays meet the back or the head rest of a front or a rear seat."""
    first, belt = body.panes[0][0], body.belt[1][1]
    rows = (first + 1.05, first + 1.95) if len(body.panes) > 1 else (first + 1.0,)
    found = np.zeros(len(point), dtype=bool)
    for x in rows:
        for y in (-0.38, 0.38):
            at, ahead = _meet(point, way, 1, y)
            found |= ahead & _backrest((at[:, 0] - x) / 1.3, at[:, 2] - belt)
            at, ahead = _meet(point, way, 0, x)
            found |= ahead & _backrest((at[:, 1] - y) / 2.2, at[:, 2] - belt)
    return found


def _backrest(across: Floats, up: Floats) -> NDArray[np.bool_]:
    """A back and a head rest, around the origin of (across, up)."""
    rest = (np.abs(across) < 0.1) & (up < 0.12)
    head = (across / 0.075) ** 2 + ((up - 0.2) / 0.075) ** 2 < 1
    return np.asarray(rest | head)
