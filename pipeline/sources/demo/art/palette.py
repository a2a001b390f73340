"""Colours of the demo world, RGB in 0..255; scenery and clothes draw from the same ones.

That sharing is meant: a wall as brown as a face, a sofa as blue as a pair of jeans. A person must
be found by shape, not by colour.
"""

import math

import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art.dice import between, chance, pick

Colour = tuple[float, float, float]

SKIN: tuple[Colour, ...] = (
    (250, 220, 198),
    (240, 200, 172),
    (226, 180, 146),
    (206, 156, 120),
    (180, 126, 90),
    (148, 98, 68),
    (112, 74, 52),
    (84, 56, 42),
)
HAIR: tuple[Colour, ...] = (
    (30, 24, 22),
    (48, 34, 28),
    (80, 54, 36),
    (116, 78, 46),
    (168, 122, 70),
    (214, 178, 118),
    (140, 62, 34),
    (178, 174, 170),
)
NEUTRALS: tuple[Colour, ...] = (
    (38, 38, 42),
    (70, 72, 78),
    (128, 128, 130),
    (206, 204, 198),
    (240, 238, 232),
    (40, 50, 78),
    (72, 96, 138),
    (196, 176, 142),
    (122, 98, 74),
    (90, 96, 66),
)
WOOD: tuple[Colour, ...] = (
    (112, 72, 44),
    (150, 102, 64),
    (184, 136, 92),
    (216, 176, 132),
    (86, 58, 42),
    (226, 190, 156),
)


def scaled(colour: Colour, factor: float) -> Colour:
    """The colour under `factor` times the light, kept inside 0..255."""
    red, green, blue = (min(255.0, max(0.0, channel * factor)) for channel in colour)
    return red, green, blue


def lightness(colour: Colour) -> float:
    """The luma, 0..255."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def distance(first: Colour, second: Colour) -> float:
    """How far two colours lie apart in RGB, 0..442."""
    return math.dist(first, second)


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of the second colour in the first."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def hue(degrees: float, saturation: float, value: float) -> Colour:
    """HSV to RGB; saturation in 0..1, value in 0..255."""
    steps = (np.array([5.0, 3.0, 1.0]) + degrees / 60.0) % 6.0
    fall = np.clip(np.minimum(steps, 4.0 - steps), 0.0, 1.0)
    red, green, blue = (float(channel) for channel in value * (1.0 - saturation * fall))
    return red, green, blue


def skin(rng: Generator) -> Colour:
    """A skin tone between two neighbours of the scale."""
    at = int(rng.integers(len(SKIN) - 1))
    return blend(SKIN[at], SKIN[at + 1], between(rng, 0.0, 1.0))


def hair(rng: Generator, tone: Colour) -> Colour:
    """A hair colour; dark skin goes with dark hair."""
    choices = HAIR[:3] if sum(tone) < 360 else HAIR
    return scaled(pick(rng, choices), between(rng, 0.85, 1.15))


def cloth(rng: Generator) -> Colour:
    """The colour of a garment, a cushion, a car or a poster."""
    if chance(rng, 0.45):
        return scaled(pick(rng, NEUTRALS), between(rng, 0.85, 1.1))
    return hue(between(rng, 0, 360), between(rng, 0.25, 0.85), between(rng, 70, 235))


def wood(rng: Generator) -> Colour:
    """A wood, from walnut to a beech that could be skin."""
    return scaled(pick(rng, WOOD), between(rng, 0.85, 1.1))


def wall(rng: Generator) -> Colour:
    """A painted wall: pale, strong, dark or skin-like."""
    kind = pick(rng, ("pale", "strong", "dark", "skin"), (4, 3, 1.5, 2.5))
    if kind == "skin":
        return scaled(skin(rng), between(rng, 0.8, 1.05))
    if kind == "pale":
        return hue(between(rng, 0, 360), between(rng, 0.03, 0.2), between(rng, 180, 240))
    if kind == "dark":
        return hue(between(rng, 0, 360), between(rng, 0.1, 0.5), between(rng, 45, 95))
    return hue(between(rng, 0, 360), between(rng, 0.25, 0.55), between(rng, 110, 210))


def leaf(rng: Generator) -> Colour:
    """A green, sometimes autumnal."""
    if chance(rng, 0.2):
        return hue(between(rng, 18, 55), between(rng, 0.5, 0.8), between(rng, 110, 210))
    return hue(between(rng, 75, 145), between(rng, 0.3, 0.7), between(rng, 60, 165))
