"""A landscape in the making: the view into it, its light, its weather, and how to put things there.

x runs away from the camera, y to its left, z up, in metres.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art.canvas import Canvas, Light
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.ground import Ground, ground
from pipeline.sources.demo.art.palette import Colour
from pipeline.sources.demo.art.raster import look
from pipeline.sources.demo.art.shapes import points
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.art.textures import plain

SkyKind = Literal["clear", "cloudy", "evening", "overcast"]
Weather = Literal["dry", "fog", "rain", "wet", "snow"]


class Mood(NamedTuple):
    """Sky, weather and light of a picture.

    `light` multiplies the colour of things; `sun` is the y towards which shadows fall per metre
    of height; `shade` how dark they are; `sight` how many metres haze lets one see.
    """

    sky: SkyKind
    weather: Weather
    zenith: Colour
    horizon: Colour
    light: tuple[float, float, float]
    sun: float
    shade: float
    sight: float


@dataclass(frozen=True)
class Outdoors:
    """What a landscape is painted on and with."""

    rng: Generator
    canvas: Canvas
    land: Ground
    mood: Mood
    focal: float
    horizon: float
    eye: float

    @property
    def height(self) -> int:
        """Rows."""
        return self.canvas.height

    @property
    def width(self) -> int:
        """Columns."""
        return self.canvas.width

    def seen(self, x: float, y: float, z: float = 0.0) -> tuple[float, float]:
        """The pixel of a place."""
        scale = self.focal / max(x, 0.3)
        return self.width / 2 - y * scale, self.horizon + (self.eye - z) * scale

    def lit(self, colour: Colour | Floats, away: float | Floats) -> Floats:
        """A colour under this light, through this much haze."""
        bright = np.asarray(colour, np.float32) * np.array(self.mood.light, np.float32)
        clear = np.exp(-np.asarray(away, np.float32) / np.float32(self.mood.sight))[..., None]
        haze = np.array(self.mood.horizon, np.float32)
        return np.asarray(haze + (bright - haze) * clear, np.float32)

    def fill(self, outline: list[tuple[float, float]], colour: Colour, away: float,
             soft: float = 0.0, opacity: float = 1.0) -> None:  # fmt: skip
        """Paint a polygon of pixels that stands `away` metres off."""
        red, green, blue = self.lit(colour, away).ravel().tolist()
        self.canvas.paint([points(outline)], plain((red, green, blue)), "mark", soft=soft,
                          opacity=opacity)  # fmt: skip

    def stand(self, sprite: Floats, x: float, y: float, high: float) -> None:
        """Stand a sprite (H×W×4: colour and cover in 0..1) on the ground, `high` metres tall."""
        left, low = self.seen(x, y)
        rows = max(2, round(high * self.focal / x))
        columns = max(2, round(rows * sprite.shape[1] / sprite.shape[0]))
        shrinks = rows < sprite.shape[0]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(sprite, (columns, rows), interpolation=how), np.float32)
        top, left_ = round(low) - rows, round(left - columns / 2)
        first_row, first = max(0, -top), max(0, -left_)
        last_row, last = min(rows, self.height - top), min(columns, self.width - left_)
        if first_row >= last_row or first >= last:
            return
        piece = small[first_row:last_row, first:last]
        cover = piece[..., 3:]
        colour = np.asarray(piece[..., :3] / np.maximum(cover, 1e-3), np.float32)
        view = self.canvas.colour[top + first_row : top + last_row, left_ + first : left_ + last]
        view += (self.lit(colour, np.full(colour.shape[:2], x, np.float32)) - view) * cover


def choose_mood(rng: Generator) -> Mood:
    """A sky, and weather that may come from it."""
    sky: SkyKind = pick(rng, ("clear", "cloudy", "evening", "overcast"), (2.4, 3, 1.4, 2))
    weathers: tuple[Weather, ...] = ("dry", "fog", "rain", "wet", "snow")
    chances = {"clear": (8, 0.4, 0, 0.6, 0.8), "cloudy": (6, 0.3, 0.5, 1.2, 0.8),
               "evening": (7, 0.8, 0, 1.2, 0), "overcast": (4, 2, 2, 2, 2)}[sky]  # fmt: skip
    weather = pick(rng, weathers, chances)
    zenith, horizon = _sky_colours(rng, sky)
    light, shade = {
        "clear": ((1.06, 1.03, 0.97), 0.5), "cloudy": ((1.0, 0.99, 0.96), 0.36),
        "evening": ((0.95, 0.78, 0.62), 0.4), "overcast": ((0.82, 0.84, 0.86), 0.12),
    }[sky]  # fmt: skip
    sight = between(rng, 900, 4000)
    if weather == "fog":
        horizon, sight, shade = (206, 209, 211), between(rng, 30, 110), 0.03
        light, zenith = (0.86, 0.87, 0.88), (196, 201, 206)
    elif weather == "rain":
        horizon, zenith, shade = (158, 164, 170), (124, 131, 140), 0.0
        light, sight = (0.66, 0.68, 0.71), between(rng, 150, 400)
    return Mood(sky, weather, zenith, horizon, light, between(rng, -1.6, 1.6), shade, sight)


def _sky_colours(rng: Generator, sky: SkyKind) -> tuple[Colour, Colour]:
    """At the zenith and at the horizon."""
    if sky == "evening":
        return pick(rng, (((86, 104, 158), (250, 196, 142)), ((112, 92, 140), (246, 168, 128)),
                          ((70, 96, 150), (246, 222, 180))))  # fmt: skip
    if sky == "overcast":
        grey = between(rng, 168, 205)
        return (grey, grey + 4, grey + 9), (grey + 28, grey + 29, grey + 31)
    deep = between(rng, 0.8, 1.1)
    return (70 * deep, 124 * deep, 200 * deep), (208, 224, 238)


def outdoors(rng: Generator, height: int, width: int, eye: tuple[float, float]) -> Outdoors:
    """An empty landscape with its horizon somewhere around the middle; `eye` in metres."""
    mood = choose_mood(rng)
    high, focal = between(rng, *eye), width * between(rng, 0.75, 1.15)
    horizon = height * between(rng, 0.36, 0.54)
    flat = look((0.0, 0.0, high), (10.0, 0.0, high))
    view = type(flat)(flat.place, flat.right, flat.up, flat.ahead, focal, width / 2, horizon)
    light = Light(0.7 if chance(rng, 0.5) else -0.7, -0.7, 0.8)
    canvas = Canvas(np.zeros((height, width, 3), np.float32), light)
    return Outdoors(rng, canvas, ground(view, height, width), mood, focal, horizon, high)


def fractal(rng: Generator, length: int, bumps: float, octaves: int, fall: float = 0.5) -> Floats:
    """A rugged line of `length` values around zero, about one deep, with `bumps` large ones."""
    at, line, size = np.linspace(0, 1, length), np.zeros(length), 1.0
    for octave in range(octaves):
        count = max(4, round(bumps * 2**octave))
        knots = rng.uniform(-1, 1, count + 3)
        place = at * count
        index = np.floor(place).astype(int)
        t = place - index
        t = t * t * (3 - 2 * t)
        line += size * (knots[index] * (1 - t) + knots[index + 1] * t)
        size *= fall
    return line.astype(np.float32)
