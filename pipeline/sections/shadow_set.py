"""Section `shadow_set` of params.yaml."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from pipeline.sections.base import Count, Section, Seed, Share

Number = TypeVar("Number", int, float)


def _rising(values: list[Number]) -> list[Number]:
    if values[0] > values[1]:
        raise ValueError(f"{values[0]:g} to {values[1]:g} is no range; give the lower end first")
    return values


def _within(low: float, high: float) -> AfterValidator:
    def check(values: list[float]) -> list[float]:
        if not low <= values[0] <= values[1] <= high:
            raise ValueError(f"{values} must lie between {low:g} and {high:g}")
        return values

    return AfterValidator(check)


Range = Annotated[list[float], Field(min_length=2, max_length=2), AfterValidator(_rising)]
"""The lower and the upper end."""


class Scenes(Section):
    """How many of each part."""

    train: Count
    val: Count
    test: Count


class ShadowSetSection(Section):
    """Scenes with and without the shadow of an inserted object.

    All but the first two and the last belong to `render`; ranges are the lower and the upper end.
    """

    source: Literal["index", "render"]
    """`index`: a folder in Shadow-AR's layout, `inputs.shadows`; `render`: made from cutouts on
    backgrounds."""
    max_bad_share: Share
    """Unusable quintuples, or scenes for which nothing fits, are listed and left out up to this
    share; above it the stage fails."""
    count: Scenes
    size: Annotated[int, Field(ge=64, le=2048, multiple_of=2)]
    """Side of the pictures in pixels."""
    occluders: Annotated[
        list[Annotated[int, Field(ge=0, le=8)]],
        Field(min_length=2, max_length=2),
        AfterValidator(_rising),
    ]
    """How many other cars there are, at least and at most."""
    horizon: Annotated[Range, _within(0.0, 0.8)]
    """Shares of the height between which the horizon lies; it is sought where the ground ends."""
    eye: Annotated[Range, _within(0.5, 20.0)]
    """Metres of the camera above the ground."""
    azimuth: Annotated[Range, _within(-360.0, 360.0)]
    """Degrees: 0 a sun behind the scene, 90 to the right, 180 behind the camera."""
    elevation: Annotated[Range, _within(5.0, 90.0)]
    """Degrees of the sun above the ground."""
    coverage: Annotated[Range, _within(0.001, 0.5)]
    """Share of the picture that the inserted car covers."""
    max_roughness: Annotated[float, Field(gt=0)]
    """Backgrounds whose lower edge is more uneven than that (CIELAB units) are not used: empty
    asphalt has 2 to 5, fields and lawns 5 to 9, facades and rubble above 13."""
    min_shadow: Annotated[float, Field(ge=0)]
    """Least area of the shadow that can be seen, as a share of the inserted car's."""
    min_inside: Annotated[float, Field(ge=0, le=1)]
    """Least share of the shadow inside the picture."""
    draws: Count
    """How often a scene is drawn again before it is given up."""
    seed: Seed
