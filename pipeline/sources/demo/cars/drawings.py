"""Drawings of surfaces in metres: which material lies where."""

from enum import IntEnum, auto

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.cars.shapes import Lines

FINE = 220  # pixels of a drawing per metre


class Stuff(IntEnum):
    """What a surface is made of."""

    PAINT = 0
    GLASS = auto()
    TRIM = auto()  # dull black plastic
    BLACK = auto()  # glossy black
    CHROME = auto()
    HEADLAMP = auto()
    LED = auto()
    TAIL = auto()
    CLEAR = auto()  # the white part of a tail lamp
    PLATE = auto()
    INK = auto()
    SEAM = auto()
    LIP = auto()  # paint that turns away from the light
    TYRE = auto()
    RIM = auto()
    WELL = auto()


class Drawing:
    """A plane of materials over (along, up) in metres; `Stuff.PAINT` where nothing is drawn."""

    def __init__(self, left: float, right: float, top: float) -> None:
        """Cover `left` to `right` and the ground to `top`."""
        self.left, self.top = left, top
        size = round(top * FINE), round((right - left) * FINE)
        self.plane = np.zeros(size, dtype=np.uint8)

    def fill(self, outline: Lines | list[tuple[float, float]], stuff: Stuff) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self.plane, [self._pixels(outline)], (int(stuff),), shift=4)

    def line(
        self, path: Lines | list[tuple[float, float]], stuff: Stuff, wide: float = 0.011
    ) -> None:
        """A line, `wide` metres thick."""
        thick = max(1, round(wide * FINE))
        cv2.polylines(self.plane, [self._pixels(path)], False, (int(stuff),), thick, shift=4)

    def disc(self, x: float, z: float, radius: float, stuff: Stuff) -> None:
        """A disc."""
        turn = np.linspace(0, 2 * np.pi, 40)
        ring = np.stack([x + radius * np.cos(turn), z + radius * np.sin(turn)], axis=1)
        self.fill(ring, stuff)

    def text(self, words: str, x: float, z: float, high: float) -> None:
        """Letters of `Stuff.INK`, centred."""
        scale = high * FINE / 22
        (wide, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
        start = round((x - self.left) * FINE - wide / 2), round((self.top - z + high / 2) * FINE)
        cv2.putText(self.plane, words, start, cv2.FONT_HERSHEY_SIMPLEX, scale, (int(Stuff.INK),), 2)

    def at(self, x: Floats, z: Floats) -> NDArray[np.uint8]:
        """The material at each place; what lies outside takes the nearest."""
        rows, columns = self.plane.shape
        row = np.clip(((self.top - z) * FINE).astype(np.int32), 0, rows - 1)
        column = np.clip(((x - self.left) * FINE).astype(np.int32), 0, columns - 1)
        return np.asarray(self.plane[row, column])

    def _pixels(self, outline: Lines | list[tuple[float, float]]) -> NDArray[np.int32]:
        corners = (np.asarray(outline, dtype=np.float64) - (self.left, self.top)) * (FINE, -FINE)
        return np.round(corners * 16).astype(np.int32)


def bar(left: float, right: float, z: float, thick: float) -> list[tuple[float, float]]:
    """A flat bar with pointed ends."""
    half, tip = thick / 2, min(thick, (right - left) / 2)
    return [(left, z), (left + tip, z + half), (right - tip, z + half), (right, z),
            (right - tip, z - half), (left + tip, z - half)]  # fmt: skip
