"""Where cars may stand: on ground, in the frame, apart from each other and out of their shadows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from pipeline.images import RGBA
from pipeline.rendering.camera import Camera
from pipeline.rendering.cutouts import place_cutout
from pipeline.rendering.ground import Ground, unevenness
from pipeline.rendering.solids import CAR_FOOTPRINT, CAR_HEIGHT, Placed
from pipeline.rendering.sun import Sun, shadow_of_one_metre

CAR_SPREAD = 0.1
"""Share of `CAR_HEIGHT` by which a drawn car is smaller or larger, at most."""
PLACES = 24
"""Places that are tried for one car before the draw is refused."""
CHOICE = 4
"""So many of those that would do are compared; it stands on the most even ground."""
ON_GROUND = 0.85
"""Least share of what a car stands on that looks like ground."""
GAP = 0.4
"""Metres between two cars."""
OVERLAP = 0.12
"""Largest share of the smaller of two cars' boxes that the other may cover."""
CUT_OFF = 0.3
"""Largest share of an occluder's width outside the picture."""
SHADED = 0.1
"""Largest share of a car's footprint in the shadow of another (it would not darken)."""
LOWEST_ROW = 0.96
NEAREST_HORIZON = 0.12

Box = tuple[float, float, float, float]


class Style(NamedTuple):
    """Ranges that scenes are drawn from; see the section `shadow_set` of params.yaml."""

    size: int
    horizon: tuple[float, float]
    eye: tuple[float, float]
    elevation: tuple[float, float]
    azimuth: tuple[float, float]
    coverage: tuple[float, float]
    occluders: tuple[int, int]
    max_roughness: float
    min_inside: float


class Place(NamedTuple):
    """Where a car may stand: pixels of the picture, and metres on the ground."""

    middle: float
    row: float
    tall: float
    wide: float
    stands: Box

    @property
    def seen(self) -> Box:
        """Its box in the picture."""
        left = self.middle - self.wide / 2
        return left, self.row - self.tall, left + self.wide, self.row

    @property
    def patch(self) -> tuple[slice, slice]:
        """What is seen of the ground around its line of contact."""
        left, _, right, _ = (max(0, round(edge)) for edge in self.seen)
        top, bottom = self.row - self.tall / 6, self.row + self.tall / 8
        return slice(max(0, round(top)), round(bottom)), slice(left, right)


class Placer:
    """Finds places for one car after another; remembers those that are taken."""

    def __init__(
        self, camera: Camera, ground: Ground, sun: Sun, style: Style, rng: Generator
    ) -> None:
        self.camera, self.ground, self.sun, self.style, self.rng = camera, ground, sun, style, rng
        self.taken: list[Place] = []

    def place(self, cutout: RGBA, inserted: bool = False) -> Placed | None:
        """Of the first places that will do, the one on the most even ground."""
        found: list[tuple[float, Place]] = []
        filled = float((cutout[..., 3] > 127).mean())
        for _ in range(PLACES):
            place = self._draw(cutout.shape[1] / cutout.shape[0], filled, inserted)
            if place and self._stands_on_ground(place) and self._is_free(place):
                found.append((unevenness(self.ground.look[place.patch]), place))
            if len(found) == CHOICE:
                break
        if not found:
            return None
        _, place = min(found, key=lambda one: one[0])
        self.taken.append(place)
        return place_cutout(cutout, place.middle, place.row, place.tall)

    def _draw(self, aspect: float, filled: float, inserted: bool) -> Place | None:
        """A place for a car of this width by height that fills this share of its box."""
        size, camera, rng = self.style.size, self.camera, self.rng
        low, high = np.log(self.style.coverage)
        covered = np.exp(rng.uniform(low, high) if inserted else rng.uniform(low - 0.7, high))
        tall = size * np.sqrt(covered / max(filled, 0.1) / aspect)
        metres = CAR_HEIGHT * rng.uniform(1 - CAR_SPREAD, 1 + CAR_SPREAD)
        row = camera.horizon + tall / metres * camera.eye
        wide = tall * aspect
        margin = 0.02 * size if inserted else -CUT_OFF * wide
        room = size - wide - 2 * margin
        if not camera.horizon + NEAREST_HORIZON * size < row < LOWEST_ROW * size or room <= 0:
            return None
        middle = margin + wide / 2 + rng.uniform(0, room)
        return Place(
            float(middle),
            float(row),
            float(tall),
            float(wide),
            self._footprint(float(middle), float(row), float(tall), float(wide)),
        )

    def _footprint(self, middle: float, row: float, tall: float, wide: float) -> Box:
        """The ground that it covers, in metres."""
        left, near = self.camera.ground_at(middle - wide / 2, row)
        right, _ = self.camera.ground_at(middle + wide / 2, row)
        deep = CAR_FOOTPRINT * tall**2 / (wide * self.camera.pixels_per_metre(row))
        return left, near, right, near + deep

    def _stands_on_ground(self, place: Place) -> bool:
        patch = self.ground.mask[place.patch]
        return bool(patch.size) and float(patch.mean()) >= ON_GROUND

    def _is_free(self, place: Place) -> bool:
        return all(
            _common(place.seen, other.seen) <= OVERLAP * min(_area(place.seen), _area(other.seen))
            and _common(_grown(place.stands, GAP), other.stands) == 0
            and not self._shades(place.stands, other.stands)
            and not self._shades(other.stands, place.stands)
            for other in self.taken
        )

    def _shades(self, one: Box, other: Box) -> bool:
        """Whether the shadow of one car, at some height of it, reaches the other."""
        x, z = shadow_of_one_metre(self.sun)
        left, near, right, far = one
        return any(
            _common((left + up * x, near + up * z, right + up * x, far + up * z), other)
            > SHADED * _area(other)
            for up in np.linspace(0.25, 1, 4) * CAR_HEIGHT
        )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _common(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    along = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, along)


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by
