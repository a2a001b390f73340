"""Cars drive past a camera, and the ground is known as it is without them: still, or panning.

A road crosses a landscape. Each car is drawn anew in every frame where it then is, with the shadow
that it casts there. The camera stands at one place; a pan only turns it, so frames differ by a
homography.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple

import av
import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.sources.demo.art.camera import reduced
from pipeline.sources.demo.art.dice import between, pick
from pipeline.sources.demo.art.ground import Ground
from pipeline.sources.demo.art.raster import View, look, visible
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.cars.blueprints import Blueprint, arch, draw_blueprint
from pipeline.sources.demo.cars.bodies import BODIES, MODELS, Body, stretched
from pipeline.sources.demo.cars.cabin import World
from pipeline.sources.demo.cars.finish import Finish, shade
from pipeline.sources.demo.cars.pictures import PAINTS
from pipeline.sources.demo.cars.shadows import ground_shadow
from pipeline.sources.demo.cars.shapes import Shape, build
from pipeline.sources.demo.scenery import roads
from pipeline.sources.demo.scenery.outdoors import Mood, Outdoors, outdoors
from pipeline.sources.demo.scenery.planting import finish, scattered
from pipeline.sources.demo.scenery.roads import Road, lay_road
from pipeline.sources.demo.scenery.skies import ranges, sky

Camera = Literal["still", "pan"]

STREAM = 5  # keeps these dice apart from those of the rest of the world
HEIGHT, WIDTH = 240, 416
RATE = 12  # frames per second
WIDER = 1.7  # the painted landscape by the width of a frame: what a pan can see
TURN = 0.36  # radians of a pan, from end to end
SCALE = 2  # car pixels per picture pixel
NOISE = 1.2  # levels, of the sensor
SEEN = 0.03  # a cover or a loss of light from here on belongs to a mask
SOUND = 16_000  # samples per second


class Moment(NamedTuple):
    """A frame, and what is true of it.

    Attributes:
        frame: H×W×3 RGB.
        ground: The same without cars and their shadows, with the same noise.
        cars: H×W, where cars are.
        shadow: H×W, where they shade the ground and do not hide it.
    """

    frame: NDArray[np.uint8]
    ground: NDArray[np.uint8]
    cars: NDArray[np.bool_]
    shadow: NDArray[np.bool_]


@dataclass(frozen=True)
class Driven:
    """A car on its way: it comes by at `moment` (frames), on a lane `away` metres off."""

    body: Body
    shape: Shape
    prints: Blueprint
    finish: Finish
    away: float
    rightwards: bool
    speed: float
    moment: float

    def place(self, frame: float) -> float:
        """How far to the right of the camera its middle is, in metres."""
        sign = 1.0 if self.rightwards else -1.0
        return sign * self.speed * (frame - self.moment) / RATE


@dataclass(frozen=True)
class Stage:
    """The landscape, wider than a frame, in float levels, and how the camera looks into it."""

    ground: Floats
    out: Outdoors
    focal: float


def drive_by(
    seed: int,
    camera: Camera = "still",
    frames: int = 48,
    cars: int = 3,
    height: int = HEIGHT,
    width: int = WIDTH,
) -> Iterator[Moment]:
    """The frames of a clip; the same arguments always give the same ones.

    Args:
        seed: Of the world.
        camera: Whether it turns from the left to the right.
        frames: How many.
        cars: How many come by, one after another, in both directions.
        height: Of a frame.
        width: Of a frame.
    """
    rng = np.random.default_rng([seed, STREAM])
    stage, lanes = _stage(rng, height, width)
    traffic = [_car(rng, number, cars, frames, lanes) for number in range(cars)]
    for number in range(frames):
        noise = rng.standard_normal((height, width, 3), dtype=np.float32) * np.float32(NOISE)
        turn = (number / max(frames - 1, 1) - 0.5) * TURN if camera == "pan" else 0.0
        yield _moment(stage, traffic, number, turn, noise, width)


def write_drive_by(file: Path, moments: Sequence[Moment] | Iterator[Moment], seed: int = 0) -> None:
    """Write the frames of a clip with the sound of its engines (AAC); H.264 where there is it."""
    from pipeline.sources.demo.scenery.films import CODECS

    codec = next(name for name in CODECS if name in av.codecs_available)
    count = 0
    with av.open(str(file), "w") as container:
        stream: Any = container.add_stream(codec, rate=RATE)
        stream.pix_fmt, stream.thread_count = "yuv420p", 1
        stream.options = {"crf": "14", "preset": "veryfast", "x264-params": "mbtree=0"}
        tone: Any = container.add_stream("aac", rate=SOUND, layout="mono")
        for count, moment in enumerate(moments, 1):
            if count == 1:
                stream.height, stream.width = moment.frame.shape[:2]
            frame = av.VideoFrame.from_ndarray(moment.frame, format="rgb24")
            frame.pts, frame.time_base = count - 1, Fraction(1, RATE)
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode())
        for start, piece in _pieces(_engines(count / RATE, seed)):
            heard = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = SOUND, start, Fraction(1, SOUND)
            container.mux(tone.encode(heard))
        container.mux(tone.encode())


def _stage(rng: Generator, height: int, width: int) -> tuple[Stage, tuple[float, float]]:
    """A landscape with a road across, and how far off its two lanes are."""
    wide = 8 * round(width * WIDER / 8)
    while (out := outdoors(rng, height, wide, (1.9, 2.6))).mood.weather not in ("dry", "wet"):
        pass
    sky(out)
    ranges(out, int(rng.integers(1, 4)), between(rng, 0.06, 0.2), 0.6)
    surface = roads.grass(out)
    road = Road(between(rng, 3.2, 4.0), 0.0, between(rng, -0.02, 0.02), 0.0)
    middle = between(rng, 15.0, 19.0)
    # The road's own x runs along it, its y across; 60 keeps the first clear of zero.
    turned = Ground(out.land.top, out.land.y + np.float32(60), out.land.x - np.float32(middle),
                    out.land.away, out.land.metre)  # fmt: skip
    lay_road(replace(out, land=turned), surface, road)
    trees = scattered(out, road, int(rng.integers(6, 14)), middle + 9, 120)
    finish(out, surface, trees, None, road)
    ground = np.clip(out.canvas.colour, 0, 255)
    lane = road.half / 2
    return Stage(ground, out, out.focal), (middle - lane, middle + lane)


def _car(rng: Generator, number: int, cars: int, frames: int, lanes: tuple[float, float]) -> Driven:
    model = MODELS[int(rng.integers(len(MODELS)))]
    body = stretched(BODIES[model.body], model.long, model.high)
    shape = build(body)
    paints, weights = zip(*PAINTS, strict=True)
    rim = pick(rng, ((176, 178, 182), (140, 142, 146), (52, 53, 56)))
    look_of_it = Finish(pick(rng, paints, weights), pick(rng, (0.0, 1.0)), rim,
                        pick(rng, (5, 6, 7)), 0.0)  # fmt: skip
    near = bool(number % 2)
    moment = frames * (number + between(rng, 0.35, 0.65)) / cars
    prints = draw_blueprint(body, shape.edge, model, "CS 100")
    return Driven(body, shape, prints, look_of_it, lanes[0 if near else 1], near,
                  between(rng, 7.0, 11.0), moment)  # fmt: skip


def _world(mood: Mood, sign: float) -> World:
    """The light around a car that drives to the right (1) or the left (−1), in its own axes."""
    sun = np.array([-mood.sun * sign, -0.5 * sign, 1.0])
    x, y, z = (sun / np.linalg.norm(sun)).tolist()
    sunlight = {"clear": 0.75, "cloudy": 0.5, "evening": 0.55, "overcast": 0.15}[mood.sky]
    return World(mood.zenith, mood.horizon, (104, 103, 104), (70, 80, 62), (x, y, z), sunlight)


def _moment(
    stage: Stage, traffic: Sequence[Driven], number: int, turn: float, noise: Floats, width: int
) -> Moment:
    height, wide = stage.ground.shape[:2]
    colour = stage.ground.copy()
    cover, shadow = np.zeros((height, wide), np.float32), np.zeros((height, wide), np.float32)
    for car in sorted(traffic, key=lambda one: -one.away):
        _drive(car, stage, number, colour, cover, shadow)
    where = _homography(stage, turn, width)

    def shot(plane: Floats) -> Floats:
        return np.asarray(
            cv2.warpPerspective(plane, where, (width, height), borderMode=cv2.BORDER_REFLECT_101,
                                flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP), np.float32,
        )  # fmt: skip

    frame, ground = (
        np.clip(np.rint(shot(plane) + noise), 0, 255).astype(np.uint8)
        for plane in (colour, stage.ground)
    )
    cars = shot(cover) > SEEN
    return Moment(frame, ground, cars, (shot(shadow) > SEEN) & ~cars)


def _homography(stage: Stage, turn: float, width: int) -> NDArray[np.float64]:
    """From pixels of a frame to those of the landscape, the camera turned by so many radians."""
    wide = stage.ground.shape[1]
    focal, horizon = stage.focal, stage.out.horizon
    ours = np.array([[focal, 0, width / 2], [0, focal, horizon], [0, 0, 1.0]])
    theirs = np.array([[focal, 0, wide / 2], [0, focal, horizon], [0, 0, 1.0]])
    cos, sin = np.cos(turn), np.sin(turn)
    around = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return np.asarray(theirs @ around @ np.linalg.inv(ours))


def _drive(
    car: Driven, stage: Stage, number: int, colour: Floats, cover: Floats, shadow: Floats
) -> None:
    """Draw a car and its shadow where it is now, if it is in the picture."""
    at, sign = car.place(number), 1.0 if car.rightwards else -1.0
    if abs(at) > 0.5 * colour.shape[1] / stage.focal * car.away + car.body.length / 2:
        return
    world = _world(stage.out.mood, sign)
    # The car's own x runs from its nose backwards, so against the way it drives.
    nose = sign * at + car.body.length / 2
    view = _view(car, stage, nose)
    land = stage.out.land
    lateral = -land.y * np.float32(sign)
    along, across = np.float32(nose) - lateral, (np.float32(car.away) - land.x) * np.float32(sign)
    left = ground_shadow(world, car.body, Ground(land.top, along, across, land.away, land.metre))
    colour[land.top :] *= left[..., None]
    shadow[land.top :] = np.maximum(shadow[land.top :], 1 - left)
    light, covered = _render(car, view, world, *cover.shape)
    colour += (light - colour) * covered[..., None]
    np.maximum(cover, covered, out=cover)


def _view(car: Driven, stage: Stage, nose: float) -> View:
    """The camera, seen from the car: at its right side or its left one."""
    side = 1.0 if car.rightwards else -1.0
    place = (nose, side * car.away, stage.out.eye)
    flat = look(place, (nose, 0.0, stage.out.eye))
    width = stage.ground.shape[1]
    return View(flat.place, flat.right, flat.up, flat.ahead, stage.focal, width / 2,
                stage.out.horizon)  # fmt: skip


def _render(
    car: Driven, view: View, world: World, height: int, width: int
) -> tuple[Floats, Floats]:
    """The car's light, H×W×3, and its cover, H×W in 0..1."""
    radius = arch(car.body)

    def hole(point: Floats) -> NDArray[np.bool_]:
        x, y, z = point.T
        gaps = np.zeros(len(x), dtype=bool)
        for axle in car.body.axles:
            gaps |= (x - axle) ** 2 + (z - car.body.wheel) ** 2 < radius**2
        return np.asarray(gaps & (np.abs(y) > 0.32 * car.body.width))

    pixels, _ = view.project(car.shape.mesh.points)
    left, top = (np.floor(pixels.min(axis=0)).astype(int) - 2).tolist()
    right, bottom = (np.ceil(pixels.max(axis=0)).astype(int) + 2).tolist()
    part = View(view.place, view.right, view.up, view.ahead, view.focal, view.x - left,
                view.y - top).enlarged(SCALE)  # fmt: skip
    high, wide = (bottom - top) * SCALE, (right - left) * SCALE
    seen = visible(car.shape.mesh, part, high, wide, hole)
    drawn = np.zeros((high * wide, 4), np.float32)
    drawn[seen.pixel, :3] = shade(seen, part, car.body, car.prints, car.finish, world)
    drawn[seen.pixel, 3] = 1
    small = reduced(drawn.reshape(high, wide, 4), bottom - top, right - left)
    rows = slice(max(top, 0), min(bottom, height))
    columns = slice(max(left, 0), min(right, width))
    whole = np.zeros((height, width, 4), np.float32)
    whole[rows, columns] = small[rows.start - top : rows.stop - top,
                                 columns.start - left : columns.stop - left]  # fmt: skip
    cover = whole[..., 3]
    light = whole[..., :3] / np.maximum(cover, 1e-3)[..., None]
    return np.asarray(light, np.float32), np.asarray(cover, np.float32)


def _engines(seconds: float, seed: int) -> Floats:
    """A hum that rises and falls."""
    rng = np.random.default_rng([seed, STREAM, 1])
    at = np.arange(round(seconds * SOUND)) / SOUND
    hum = np.sin(2 * np.pi * (90 * at + 3 * np.sin(1.3 * at)))
    loud = 0.15 + 0.1 * np.sin(2 * np.pi * 0.4 * at)
    return np.asarray(loud * hum + 0.01 * rng.standard_normal(len(at)), np.float32)


def _pieces(wave: Floats) -> Iterator[tuple[int, Floats]]:
    for start in range(0, len(wave), 1024):
        yield start, np.ascontiguousarray(wave[None, start : start + 1024])
