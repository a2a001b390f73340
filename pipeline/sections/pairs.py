"""Section `pairs` of params.yaml; lengths in pixels, `p` is a probability."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.sections.base import Count, Section

Chance = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[list[Count], Field(min_length=2, max_length=2)]
"""Width and height."""


class BackgroundSettings(Section):
    """How a background fills the frame."""

    sizes: Annotated[list[Size], Field(min_length=1)]
    """It is brought to the first, then to one of all, drawn; a random crop of it is the frame."""
    flip: Chance


class CarSettings(Section):
    """How a cutout is moved before it is pasted at a random place, wholly inside the frame."""

    sizes: Annotated[list[Size], Field(min_length=1)]
    """One of them is drawn: the box of the car before it is moved."""
    keep_shape: bool
    """The car fits into its box as it is. False: it is stretched to fill it."""
    rotate: Annotated[float, Field(ge=0, le=90)]
    """Degrees, at most, either way."""
    shift: Annotated[float, Field(ge=0, lt=1)]
    """Share of the box, at most, either way."""
    zoom: Annotated[float, Field(ge=0, lt=1)]
    """Share of the size, at most, either way; width and height are drawn each by itself."""
    flip: Chance


class RainSettings(Section):
    """Streaks in front of a dimmed, slightly blurred scene."""

    p: Chance
    drop_length: Annotated[float, Field(ge=1)]
    brightness: Annotated[float, Field(gt=0, le=1)]
    blur: Annotated[int, Field(ge=0, le=15)]
    """Radius: 1 averages 3×3 pixels."""


class SunFlareSettings(Section):
    """The sun in the upper half, its glow, and ghosts of the lens."""

    p: Chance
    radius: Annotated[float, Field(ge=1)]
    """Of the glow."""


class ShadowSettings(Section):
    """Shadows with soft edges on the lower half."""

    p: Chance
    most: Count
    """One to so many."""
    intensity: Annotated[float, Field(ge=0, le=1)]
    """1: black."""


class FogSettings(Section):
    """A veil that thickens towards the horizon."""

    p: Chance
    thinnest: Annotated[float, Field(ge=0, le=1)]
    thickest: Annotated[float, Field(ge=0, le=1)]
    """Mean share of the veil in what is seen is drawn between these two."""
    blur: Annotated[int, Field(ge=0, le=15)]
    """Radius."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.thinnest > self.thickest:
            raise ValueError(f"thinnest {self.thinnest:g} is more than thickest {self.thickest:g}")
        return self


class WeatherSettings(Section):
    """One of these is drawn, each as likely as another, and comes with its own probability."""

    rain: RainSettings
    sun_flare: SunFlareSettings
    shadow: ShadowSettings
    fog: FogSettings


class RgbShiftSettings(Section):
    """A number added to each channel."""

    p: Chance
    limit: Annotated[int, Field(ge=0, le=255)]
    """At most, either way, of 255."""


class BlurSettings(Section):
    """A blur of the whole picture."""

    p: Chance
    most: Annotated[int, Field(ge=1, le=15)]
    """Its radius is drawn from 1 to this."""


class PairsSection(Section):
    """Training pairs with and without a car, made on the fly."""

    height: Count
    width: Count
    per_epoch: Annotated[int, Field(ge=0)]
    """Pairs in an epoch; 0: as many as there are backgrounds."""
    cache_mb: Annotated[int, Field(ge=0)]
    """Memory that each process that makes pairs may fill with decoded pictures."""
    background: BackgroundSettings
    car: CarSettings
    weather: WeatherSettings
    rgb_shift: RgbShiftSettings
    blur: BlurSettings

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        for width, height in self.background.sizes:
            if width < self.width or height < self.height:
                raise ValueError(
                    f"background.sizes: {width}×{height} does not fill the frame of "
                    f"{self.width}×{self.height}"
                )
        for width, height in self.car.sizes:
            if width > self.width or height > self.height:
                raise ValueError(
                    f"car.sizes: {width}×{height} does not fit into the frame of "
                    f"{self.width}×{self.height}"
                )
        return self
