"""Trees and bushes as sprites of many leaves: H×W×4, colour times cover, and cover in 0..1."""

from typing import Literal

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.sources.demo.art.dice import between
from pipeline.sources.demo.art.palette import Colour, blend, leaf
from pipeline.sources.demo.art.solids import Floats

Plant = Literal["broad", "conifer", "poplar", "bush", "bare"]

TALL = 300  # rows of a sprite
BARK: Colour = (92, 74, 58)


def plant(rng: Generator, kind: Plant, lit_from: float, snow: bool) -> Floats:
    """One plant; `lit_from` is -1 for light from the left, 1 from the right."""
    tall = TALL if kind != "bush" else TALL // 2
    wide = {"broad": 260, "conifer": 150, "poplar": 100, "bush": 210, "bare": 240}[kind]
    picture = np.zeros((tall, wide, 3), np.uint8)
    cover = np.zeros((tall, wide), np.uint8)
    if kind == "conifer":
        _trunk(picture, cover, rng, wide / 2, 0.1 * tall, 6)
        _needles(picture, cover, rng, lit_from)
    elif kind == "bare":
        _branch(picture, cover, rng, (wide / 2, tall - 1.0), -90.0, tall * 0.3, 9)
    else:
        if kind != "bush":
            _trunk(picture, cover, rng, wide / 2, 0.45 * tall, 11 if kind == "broad" else 7)
        _crown(picture, cover, rng, kind, lit_from)
    sprite = np.concatenate([picture, cover[..., None]], axis=-1).astype(np.float32)
    if snow:
        _whiten(sprite, rng)
    sprite[..., 3] /= 255
    sprite[..., :3] *= sprite[..., 3:]
    return sprite


def _trunk(
    picture: NDArray[np.uint8], cover: NDArray[np.uint8], rng: Generator, x: float, top: float,
    thick: float,
) -> None:  # fmt: skip
    low, lean = picture.shape[0], between(rng, -6, 6)
    for step, light in ((0.0, 0.75), (0.35, 1.0), (0.65, 1.2)):
        left, right = -thick + step * 2 * thick, thick
        outline = np.array([(x + left, low), (x + right, low), (x + right * 0.4 + lean, top),
                            (x + left * 0.4 + lean, top)])  # fmt: skip
        colour = tuple(channel * light for channel in BARK)
        cv2.fillPoly(picture, [np.round(outline).astype(np.int32)], colour)
        cv2.fillPoly(cover, [np.round(outline).astype(np.int32)], (255,))


def _crown(
    picture: NDArray[np.uint8], cover: NDArray[np.uint8], rng: Generator, kind: Plant, lit: float
) -> None:
    """Tufts, each of many leaves: dark ones first, light ones on the side of the sun."""
    tall, wide = cover.shape
    green = np.array(blend(leaf(rng), (104, 112, 58), 0.4))
    middle = {"broad": 0.36, "poplar": 0.45, "bush": 0.55}.get(kind, 0.4) * tall
    reach = {"broad": (0.36, 0.25), "poplar": (0.27, 0.36), "bush": (0.38, 0.28)}[kind]
    count = {"broad": 26, "poplar": 26, "bush": 16}[kind]
    turn, out = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1, count))
    tufts = np.stack([wide / 2 + reach[0] * wide * out * np.cos(turn),
                      middle + reach[1] * tall * out * np.sin(turn)], axis=1)  # fmt: skip
    size = 0.12 * wide if kind != "poplar" else 0.2 * wide
    for shade, share, shift in ((0.5, 1.0, 0.0), (0.78, 0.95, 0.1), (1.05, 0.75, 0.3),
                                (1.3, 0.5, 0.48)):  # fmt: skip
        leaves = tufts.repeat(52, axis=0)
        leaves = leaves + np.clip(rng.normal(0, 0.5, leaves.shape), -1.05, 1.05) * size * share
        leaves += np.array((lit * shift * size, -shift * size))
        lights = shade * rng.uniform(0.8, 1.2, len(leaves))
        radii = rng.uniform(1.6, 4.2, len(leaves))
        spots, sizes = leaves.round().astype(int).tolist(), radii.astype(int).tolist()
        colours = np.minimum(green * lights[:, None], 255).tolist()
        for spot, radius, colour in zip(spots, sizes, colours, strict=True):
            cv2.circle(picture, spot, radius, colour, -1)
            cv2.circle(cover, spot, radius, (255,), -1)


def _needles(
    picture: NDArray[np.uint8], cover: NDArray[np.uint8], rng: Generator, lit: float
) -> None:
    """Drooping boughs from the top to near the ground, wider and wider."""
    tall, wide = cover.shape
    green = np.array((44, 78, 50)) * between(rng, 0.8, 1.25)
    count = 1500
    down = np.sort(rng.uniform(0.0, 1.0, count)) ** 0.75
    side = rng.uniform(-1, 1, count)
    tier = 0.75 + 0.25 * np.abs(np.sin(down * 34))
    for at, share, level in zip(down, side, tier, strict=True):
        y = 4 + at * 0.9 * tall
        half = (2 + 0.46 * wide * at) * level
        x = wide / 2 + share * half
        light = 0.58 + 0.4 * (share * lit + 1) / 2 + 0.3 * (1 - level) + rng.uniform(0, 0.35)
        end = round(x + np.sign(share) * rng.uniform(2, 9)), round(y + rng.uniform(2, 10))
        start = round(x - np.sign(share) * rng.uniform(3, 12)), round(y - rng.uniform(0, 4))
        thick = int(rng.integers(1, 3))
        cv2.line(picture, start, end, (green * light).tolist(), thick)
        cv2.line(cover, start, end, (255,), thick)


def _branch(
    picture: NDArray[np.uint8], cover: NDArray[np.uint8], rng: Generator,
    start: tuple[float, float], heading: float, length: float, thick: float,
) -> None:  # fmt: skip
    """A branch and its branches."""
    angle = np.deg2rad(heading)
    end = start[0] + length * float(np.cos(angle)), start[1] + length * float(np.sin(angle))
    first, last = (round(start[0]), round(start[1])), (round(end[0]), round(end[1]))
    light = between(rng, 0.6, 1.1)
    cv2.line(picture, first, last, [channel * light for channel in BARK], max(1, round(thick)))
    cv2.line(cover, first, last, (255,), max(1, round(thick)))
    if thick < 1.0:
        return
    for turn in (-26.0, 24.0, 4.0):
        _branch(picture, cover, rng, end, heading + turn + between(rng, -12, 12),
                length * between(rng, 0.6, 0.82), thick * 0.58)  # fmt: skip


def _whiten(sprite: Floats, rng: Generator) -> None:
    """Snow on what faces up: where the row above is bare, and on patches."""
    patches = cv2.GaussianBlur(rng.standard_normal(sprite.shape[:2]).astype(np.float32), (0, 0), 4)
    light = sprite[..., :3].mean(axis=2)
    upper = np.clip((light - np.median(light[sprite[..., 3] > 0])) / 30 + patches * 5, 0, 1)
    sprite[..., :3] += (np.float32(238) - sprite[..., :3]) * (0.85 * upper)[..., None]
