"""What a person looks like: build, skin, hair, face and clothes, as plain values."""

from dataclasses import dataclass, replace
from typing import Literal

from numpy.random import Generator

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour
from pipeline.sources.demo.art.textures import Texture, checks, dots, grained, plain, stripes
from pipeline.sources.demo.people.skeleton import BUILDS, Build

Hair = Literal["short", "crop", "long", "bob", "bun", "tail", "afro", "curls", "bald"]
Hat = Literal["none", "cap", "beanie", "brim", "scarf"]
Top = Literal["t-shirt", "jumper", "shirt", "tank", "jacket", "coat", "hoodie"]
Bottom = Literal["trousers", "jeans", "shorts", "skirt", "dress"]
Pattern = Literal["plain", "stripes", "checks", "dots", "blocks"]


@dataclass(frozen=True)
class Cloth:
    """A fabric: two colours and how they alternate; `period` in heads."""

    colour: Colour
    second: Colour
    pattern: Pattern
    period: float
    grain: float

    def texture(self, head_size: float, degrees: float, rng: Generator) -> Texture:
        """The fabric on the canvas, its stripes across the direction `degrees`, with folds."""
        step = max(2.5, self.period * head_size)
        surface: Texture
        if self.pattern == "stripes":
            surface = stripes(self.colour, self.second, step, degrees, 0.45)
        elif self.pattern == "checks":
            surface = checks(self.colour, self.second, step, degrees)
        elif self.pattern == "blocks":
            surface = stripes(self.colour, self.second, 5 * step, degrees, 0.4, self.period)
        elif self.pattern == "dots":
            surface = dots(self.colour, self.second, step, 0.28)
        else:
            surface = plain(self.colour)
        size = 2 ** max(1, round(head_size / 40))
        return grained(surface, "fold", 4 * size, self.grain, rng)


@dataclass(frozen=True)
class Look:
    """One person's appearance."""

    build: Build
    skin: Colour
    hair: Hair
    hair_colour: Colour
    beard: bool
    hat: Hat
    hat_cloth: Cloth
    glasses: bool
    smile: float
    top: Top
    top_cloth: Cloth
    under_cloth: Cloth
    bottom: Bottom
    bottom_cloth: Cloth
    scarf: bool
    bare_arms: bool
    shoe: Colour


def choose_cloth(rng: Generator, patterned: float = 0.5) -> Cloth:
    """Any fabric; a share of them is not plain."""
    colour = palette.cloth(rng)
    pattern: Pattern = "plain"
    if chance(rng, patterned):
        kinds: tuple[Pattern, ...] = ("stripes", "checks", "dots", "blocks")
        pattern = pick(rng, kinds, (3, 2, 1, 2))
    period = between(rng, 0.16, 0.42)
    return Cloth(colour, palette.cloth(rng), pattern, period, between(rng, 0.03, 0.06))


def _bottom_cloth(rng: Generator, kind: Bottom) -> Cloth:
    cloth = choose_cloth(rng, 0.6 if kind == "dress" else 0.25 if kind == "skirt" else 0.06)
    if kind == "jeans":
        denim = palette.scaled((78, 104, 148), between(rng, 0.55, 1.25))
        return replace(cloth, colour=denim, pattern="plain")
    return cloth


def _top_cloth(rng: Generator, below: Cloth, tone: Colour) -> Cloth:
    """A fabric that is not skin-coloured, and lighter or darker than the one below the belt."""
    cloth = choose_cloth(rng, 0.5)
    for _ in range(6):
        step = abs(palette.lightness(cloth.colour) - palette.lightness(below.colour))
        if step > 45 and palette.distance(cloth.colour, tone) > 70:
            break
        cloth = choose_cloth(rng, 0.5)
    return cloth


def choose_look(rng: Generator, seated: bool = False) -> Look:
    """A person at random; whoever sits wears no skirt."""
    kind = pick(rng, tuple(BUILDS), (4, 2, 1.5, 2, 5, 1.5, 1.5, 1))
    child = "child" in kind
    female = "woman" in kind or ((child or kind == "slim") and chance(rng, 0.5))
    tone = palette.skin(rng)
    hairs: tuple[Hair, ...] = (
        ("long", "bob", "bun", "tail", "afro", "curls") if female
        else ("short", "crop", "curls", "afro", "bald")
    )  # fmt: skip
    weights = (4.0, 2, 1.5, 2, 1, 1.2) if female else (5.0, 2, 1.2, 0.8, 0 if child else 1.2)
    hats: tuple[Hat, ...] = ("none", "cap", "beanie", "brim", "scarf")
    bottoms: tuple[Bottom, ...] = ("trousers", "jeans", "shorts", "skirt", "dress")
    skirts = 0 if seated or not female else 2
    bottom = pick(rng, bottoms, (3, 3, 1.6, skirts, 1.4 * skirts))
    tops: tuple[Top, ...] = ("t-shirt", "jumper", "shirt", "tank", "jacket", "coat", "hoodie")
    top = pick(rng, tops, (4, 2.5, 3, 1, 2.5, 0 if seated else 1.5, 1.5))
    if bottom == "dress":
        top = pick(rng, tops[:4], (3, 1, 0, 3))
    fabric = _bottom_cloth(rng, bottom)
    if palette.distance(fabric.colour, tone) < 70:
        fabric = replace(fabric, colour=palette.scaled(fabric.colour, 0.55))
    upper = fabric if bottom == "dress" else _top_cloth(rng, fabric, tone)
    return Look(
        build=_varied(BUILDS[kind], rng), skin=tone, hair=pick(rng, hairs, weights),
        hair_colour=palette.hair(rng, tone), beard=not female and not child and chance(rng, 0.3),
        hat=pick(rng, hats, (9, 1, 0.9, 0.9, 0.5 if female else 0)),
        hat_cloth=choose_cloth(rng, 0.2), glasses=chance(rng, 0.16), smile=between(rng, -0.2, 1),
        top=top, top_cloth=upper,
        under_cloth=choose_cloth(rng, 0.2), bottom=bottom, bottom_cloth=fabric,
        scarf=top in ("coat", "jacket", "jumper") and chance(rng, 0.35),
        bare_arms=top == "tank" or (top == "t-shirt"), shoe=palette.cloth(rng),
    )  # fmt: skip


def _varied(build: Build, rng: Generator) -> Build:
    girth = between(rng, 0.93, 1.08)
    return replace(
        build, heads=build.heads * between(rng, 0.97, 1.03), waist=build.waist * girth,
        hips=build.hips * girth, depth=build.depth * girth, limbs=build.limbs * girth,
    )  # fmt: skip
