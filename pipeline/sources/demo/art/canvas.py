"""The canvas: colours, and beside them how much of each pixel is person."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.sources.demo.art.shapes import Points
from pipeline.sources.demo.art.textures import Box, Plane, Texture

Layer = Literal["person", "thing", "mark"]


@dataclass(frozen=True)
class Light:
    """Where the light comes from, on the picture plane, and how hard it is."""

    right: float
    down: float
    contrast: float


class Canvas:
    """A picture in the making.

    `colour` is H×W×3 float32, RGB in 0..255; `person` is H×W float32 in 0..1. What is painted as
    "person" adds to `person`, a "thing" hides it, a "mark" (an eye, a shadow) leaves it alone.
    """

    def __init__(self, colour: Plane, light: Light) -> None:
        """Start from a backdrop, H×W×3, that is painted over in place."""
        self.colour = colour
        self.person: Plane = np.zeros(colour.shape[:2], dtype=np.float32)
        self.light = light

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.colour.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.colour.shape[1])

    def next_figure(self) -> None:
        """Another person is painted from here on: a word to canvases that keep them apart."""

    def paint(
        self,
        outlines: Sequence[Points],
        texture: Texture,
        layer: Layer,
        *,
        relief: float = 0.0,
        drop: float = 0.0,
        soft: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """Fill the union of the outlines.

        `relief` rounds it (the depth of the shading in pixels), `drop` lets it throw a soft shadow
        that far onto the person under it, `soft` blurs its edge by so many pixels.
        """
        rim = math.ceil(1 + 2 * max(soft, drop))
        found = self._boxes(outlines, rim, rim + math.ceil(max(relief, drop)))
        if found is None:
            return
        wide, box = found
        cover = _raster(outlines, wide)
        if drop:
            self._throw_shadow(_crop(_blurred(cover, drop), wide, box, self._towards(drop)), box)
        colours = texture(box)
        if relief:
            colours = colours * self._relief(cover, wide, box, relief)[..., None]
        if soft:
            cover = _blurred(cover, soft)
        alpha = _crop(cover, wide, box).astype(np.float32) * np.float32(opacity / 255)
        self._blend(box, colours, alpha, layer)

    def stain(self, outline: Points, factor: float, soft: float, layer: Layer = "mark") -> None:
        """Multiply the light inside a soft-edged outline: a shadow (< 1) or a shine (> 1)."""
        rim = math.ceil(1 + 2 * soft)
        found = self._boxes([outline], rim, rim)
        if found is None:
            return
        wide, box = found
        cover = _raster([outline], wide)
        alpha = _crop(_blurred(cover, soft) if soft else cover, wide, box).astype(np.float32) / 255
        view = self.colour[box.top : box.bottom, box.left : box.right]
        view *= (1 + np.float32(factor - 1) * alpha)[..., None]

    def _blend(self, box: Box, colours: Plane, alpha: Plane, layer: Layer) -> None:
        view = self.colour[box.top : box.bottom, box.left : box.right]
        change = colours - view
        change *= alpha[..., None]
        view += change
        if layer == "mark":
            return
        inside = self.person[box.top : box.bottom, box.left : box.right]
        inside += ((1.0 if layer == "person" else 0.0) - inside) * alpha

    def _boxes(self, outlines: Sequence[Points], rim: int, margin: int) -> tuple[Box, Box] | None:
        """The box to raster in, with a margin also beyond the canvas, and the box to paint in.

        Shading looks up to `margin - rim` pixels past what it paints.
        """
        corners = outlines[0] if len(outlines) == 1 else np.concatenate(outlines)
        (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        box = Box(
            max(math.floor(left) - rim, 0), max(math.floor(top) - rim, 0),
            min(math.ceil(right) + rim, self.width), min(math.ceil(bottom) + rim, self.height),
        )  # fmt: skip
        if box.left >= box.right or box.top >= box.bottom:
            return None
        more = margin - rim + 1
        return Box(box.left - more, box.top - more, box.right + more, box.bottom + more), box

    def _towards(self, distance: float) -> tuple[float, float]:
        return self.light.right * distance, self.light.down * distance

    def _throw_shadow(self, cover: NDArray[np.uint8], box: Box) -> None:
        inside = self.person[box.top : box.bottom, box.left : box.right]
        view = self.colour[box.top : box.bottom, box.left : box.right]
        view *= (1 - cover.astype(np.float32) * inside * np.float32(0.4 / 255))[..., None]

    def _relief(self, cover: NDArray[np.uint8], wide: Box, box: Box, depth: float) -> Plane:
        """Light and shadow sides: how much more of the shape lies away from the light."""
        body = _blurred(cover, depth)
        x, y = self._towards(depth)
        lit = _crop(body, wide, box, (-x, -y)).astype(np.float32)
        lit -= _crop(body, wide, box, (x, y))
        lit *= np.float32(self.light.contrast / 255)
        dark = np.minimum(lit, 0)
        lit *= np.float32(0.4)
        lit += np.float32(0.35) * dark  # shadows are deeper than lights are bright
        lit += 1
        return lit


def _raster(outlines: Sequence[Points], box: Box) -> NDArray[np.uint8]:
    cover = np.zeros((box.bottom - box.top, box.right - box.left), dtype=np.uint8)
    for outline in outlines:
        corners = np.round((outline - (box.left, box.top)) * 16).astype(np.int32)
        cv2.fillPoly(cover, [corners], (255,), cv2.LINE_AA, shift=4)
    return cover


def _blurred(cover: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    size = 2 * max(1, round(radius / 2)) + 1
    once = cv2.blur(cover, (size, size), borderType=cv2.BORDER_REPLICATE)
    twice = cv2.blur(once, (size, size), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(twice, dtype=np.uint8)


def _crop(
    cover: NDArray[np.uint8], wide: Box, box: Box, shift: tuple[float, float] = (0.0, 0.0)
) -> NDArray[np.uint8]:
    """The part of `cover` (which spans `wide`) under `box`, looked up `shift` pixels away."""
    left, top = box.left - wide.left + round(shift[0]), box.top - wide.top + round(shift[1])
    return cover[top : top + box.bottom - box.top, left : left + box.right - box.left]
