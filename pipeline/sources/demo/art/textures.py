"""Surfaces: functions from a box of the canvas to its colours, float32 RGB in 0..255."""

from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.sources.demo.art.palette import Colour, scaled

Plane = NDArray[np.float32]
Noise = Literal["fine", "cloud", "fibre", "plank", "fold", "leaf"]

BANK = 768  # side of a noise bank: the largest canvas (512) plus the largest offset
OFFSETS = 256
LARGEST_GRAIN = 32  # pixels; grains come in powers of two, so that few banks are held


class Box(NamedTuple):
    """A part of the canvas in whole pixels, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int


Texture = Callable[[Box], Plane]


@lru_cache
def noise_bank(kind: Noise, size: int) -> Plane:
    """A fixed field of noise of mean 0 and deviation 1, its grain `size` pixels wide.

    Textures cut their pieces out of it: filtering fresh noise for every sleeve would be slow.
    """
    rng = np.random.default_rng([size, len(kind), ord(kind[0])])
    shape = {"fine": (1, 1), "fibre": (8, 1), "plank": (1, 8), "fold": (3, 1)}.get(kind, (1, 1))
    high, wide = max(1, round(shape[0] * size)), max(1, round(shape[1] * size))
    seed = rng.standard_normal((BANK // max(1, high // 2), BANK // max(1, wide // 2)))
    field: Plane = np.asarray(
        cv2.resize(seed.astype(np.float32), (BANK, BANK), interpolation=cv2.INTER_CUBIC), np.float32
    )
    if kind == "cloud":
        field = np.asarray(cv2.GaussianBlur(field, (0, 0), size / 2), np.float32)
        field += np.float32(0.35) * noise_bank("fine", 1) * field.std()
    if kind == "fold":  # creases: the zero lines of a smooth field are its sharp valleys
        field = np.minimum(np.sqrt(field * field + np.float32(0.12)), 1.2)
    if kind == "leaf":
        field = np.sign(field) * np.sqrt(np.abs(field))
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def cut(bank: Plane, box: Box, offset: tuple[int, int]) -> Plane:
    """The piece of a noise bank under a box."""
    right, down = offset
    return bank[box.top + down : box.bottom + down, box.left + right : box.right + right]


def plain(colour: Colour) -> Texture:
    """One colour everywhere."""
    value = np.array(colour, dtype=np.float32).reshape(1, 1, 3)
    return lambda _: value


def grained(texture: Texture, kind: Noise, size: float, amount: float, rng: Generator) -> Texture:
    """The texture, its light varied by noise of deviation `amount`."""
    bank = noise_bank(kind, 2 ** round(np.log2(np.clip(size, 1, LARGEST_GRAIN))))
    offset = int(rng.integers(OFFSETS)), int(rng.integers(OFFSETS))

    def colours(box: Box) -> Plane:
        factor = cut(bank, box, offset) * np.float32(amount)
        factor += 1
        return np.asarray(texture(box) * factor[..., None])

    return colours


def along(box: Box, degrees: float) -> Plane:
    """How far each pixel lies along a direction, in pixels; 0° is to the right, 90° down."""
    angle = np.deg2rad(degrees)
    x = np.arange(box.left, box.right, dtype=np.float32) * np.float32(np.cos(angle))
    y = np.arange(box.top, box.bottom, dtype=np.float32) * np.float32(np.sin(angle))
    return np.asarray(x[None, :] + y[:, None])


def bands(box: Box, degrees: float, period: float, share: float, phase: float) -> Plane:
    """1 on the bands of a stripe pattern, 0 between, with soft edges one pixel wide."""
    wave = (along(box, degrees) / np.float32(period) + np.float32(phase)) % 1
    weight = np.clip((share / 2 - np.abs(wave - 0.5)) * period + 0.5, 0, 1)
    return np.asarray(weight, dtype=np.float32)


def mixed(first: Colour, second: Colour, weight: Plane) -> Plane:
    """`first` where the weight is 0, `second` where it is 1."""
    start, end = np.array(first, np.float32), np.array(second, np.float32)
    return np.asarray(start + (end - start) * weight[..., None])


def stripes(
    first: Colour, second: Colour, period: float, degrees: float, share: float, phase: float = 0.0
) -> Texture:
    """Bands of the second colour on the first, across the direction `degrees`."""
    return lambda box: mixed(first, second, bands(box, degrees, period, share, phase))


def checks(first: Colour, second: Colour, period: float, degrees: float) -> Texture:
    """Crossing bands, darker where they meet, as on a flannel shirt."""

    def colours(box: Box) -> Plane:
        weight = bands(box, degrees, period, 0.5, 0) + bands(box, degrees + 90, period, 0.5, 0)
        return mixed(first, second, weight * np.float32(0.5))

    return colours


def dots(first: Colour, second: Colour, period: float, share: float) -> Texture:
    """Discs of the second colour in a diagonal grid; `share` is their radius in periods."""

    def colours(box: Box) -> Plane:
        across = (along(box, 45) / np.float32(period)) % 1 - 0.5
        down = (along(box, 135) / np.float32(period)) % 1 - 0.5
        weight = np.clip((share - np.hypot(across, down)) * period + 0.5, 0, 1)
        return mixed(first, second, np.asarray(weight, dtype=np.float32))

    return colours


def gradient(first: Colour, second: Colour, start: float, end: float, degrees: float) -> Texture:
    """From the first colour to the second, between two places along a direction."""

    def colours(box: Box) -> Plane:
        weight = np.clip((along(box, degrees) - start) / (end - start), 0, 1)
        return mixed(first, second, np.asarray(weight, dtype=np.float32))

    return colours


def bricks(
    rng: Generator, colour: Colour, mortar: Colour, wide: float, high: float, spread: float = 0.14
) -> Texture:
    """Courses of bricks or tiles, each with its own tint."""
    tints = rng.uniform(1 - spread, 1 + spread, (64, 64)).astype(np.float32)
    shift = 0.5 if rng.random() < 0.8 else 0.0

    def colours(box: Box) -> Plane:
        y = np.arange(box.top, box.bottom)[:, None] / high
        x = np.arange(box.left, box.right)[None, :] / wide + shift * (np.floor(y) % 2)
        tint = tints[np.floor(y).astype(int) % 64, np.floor(x).astype(int) % 64]
        joint = np.maximum(np.abs(x % 1 - 0.5) * wide - wide / 2, np.abs(y % 1 - 0.5) * high
                           - high / 2) + 1.0  # fmt: skip
        body = np.array(colour, np.float32) * tint[..., None]
        weight = np.clip(joint, 0, 1).astype(np.float32)[..., None]
        return np.asarray(body + (np.array(mortar, np.float32) - body) * weight)

    return colours


def boards(rng: Generator, colour: Colour, wide: float, upright: bool) -> Texture:
    """Wooden boards with grain, upright or lying."""
    long = 9 * wide
    courses = bricks(rng, colour, scaled(colour, 0.6), *((wide, long) if upright else (long, wide)))
    return grained(courses, "fibre" if upright else "plank", max(1, wide / 9), 0.06, rng)
