"""Where a backdrop is painted."""

from dataclasses import dataclass

from numpy.random import Generator

from pipeline.sources.demo.art import palette
from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, scaled
from pipeline.sources.demo.art.shapes import Points
from pipeline.sources.demo.art.textures import (
    Texture,
    grained,
    plain,
)


@dataclass(frozen=True)
class Place:
    """Where a backdrop is painted, at how many pixels per metre.

    `floor` is the y of the line between wall and floor; it may lie below the frame.
    """

    canvas: Canvas
    rng: Generator
    metre: float
    floor: float
    echoes: tuple[Colour, ...] = ()  # of the people in front; some scenery repeats them

    def cloth(self) -> Colour:
        """A strong colour, often one that the people wear or have."""
        if self.echoes and chance(self.rng, 0.3):
            return scaled(pick(self.rng, self.echoes), between(self.rng, 0.8, 1.25))
        return palette.cloth(self.rng)

    def wall(self) -> Colour:
        """The colour of a large surface, sometimes close to one in the people."""
        if self.echoes and chance(self.rng, 0.25):
            return scaled(pick(self.rng, self.echoes), between(self.rng, 0.75, 1.25))
        return palette.wall(self.rng)

    def fill(
        self, outline: Points, colour: Colour | Texture, relief: float = 0.0, grain: float = 0.03
    ) -> None:
        """Paint a piece of scenery; `relief` in metres."""
        surface = colour if callable(colour) else plain(colour)
        if grain:
            surface = grained(surface, "cloud", 6 + self.metre / 5, grain, self.rng)
        self.canvas.paint([outline], surface, "thing", relief=relief * self.metre)

    def shade(self, outline: Points, factor: float, soft: float) -> None:
        """Darken or brighten; `soft` in metres."""
        self.canvas.stain(outline, factor, soft * self.metre)
