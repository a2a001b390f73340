"""The ground plane in perspective: where each pixel meets it, and what is painted on it."""

from typing import NamedTuple

import cv2
import numpy as np

from pipeline.sources.demo.art.palette import Colour
from pipeline.sources.demo.art.raster import View
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.art.textures import BANK, Noise, noise_bank

FAR = 1500.0  # metres; farther off, the ground is taken to end


class Ground(NamedTuple):
    """The ground that the rows from `top` on see: H'×W arrays in metres.

    `x` and `y` are places in the world, `away` is the distance along the line of sight, `metre`
    how many pixels a metre takes there, across.
    """

    top: int
    x: Floats
    y: Floats
    away: Floats
    metre: Floats


def ground(view: View, height: int, width: int) -> Ground:
    """Where a view meets the plane z = 0."""
    rays = view.rays(height, width)
    fall = -rays[..., 2]
    top = int(np.argmax(fall[:, width // 2] > view.place[2] / FAR))
    rays, fall = rays[top:], np.maximum(fall[top:], float(view.place[2]) / FAR)
    away = view.place[2] / fall
    x, y = view.place[0] + rays[..., 0] * away, view.place[1] + rays[..., 1] * away
    metre = np.float32(view.focal) / away
    return Ground(top, *(np.asarray(part, np.float32) for part in (x, y, away, metre)))


def noise(
    kind: Noise, size: int, x: Floats, y: Floats, per_metre: float, shift: tuple[float, float]
) -> Floats:
    """Noise of deviation 1 that lies on the ground, `per_metre` pixels of its bank a metre."""
    across, along = (
        _folded(at * np.float32(per_metre) + np.float32(start))
        for at, start in zip((x, y), shift, strict=True)
    )
    return np.asarray(cv2.remap(noise_bank(kind, size), across, along, cv2.INTER_LINEAR))


def _folded(at: Floats) -> Floats:
    """Places beyond a bank, reflected back into it: banks do not tile."""
    last = np.float32(BANK - 1)
    return np.asarray(last - np.abs(np.mod(at, 2 * last) - last), np.float32)


def stripe(at: Floats, centre: float, wide: float, metre: Floats) -> Floats:
    """How much of each pixel a painted line covers, 0..1; it fades instead of breaking up."""
    half = np.float32(wide / 2)
    soft = np.maximum(np.float32(0.6) / metre, np.float32(1e-3))
    cover = np.clip((half - np.abs(at - np.float32(centre))) / (2 * soft) + 0.5, 0, 1)
    return np.asarray(cover * np.minimum(1, half / soft), dtype=np.float32)


def every(at: Floats, period: float) -> Floats:
    """Signed distance to the nearest multiple of a period."""
    return np.asarray(at - np.round(at / np.float32(period)) * np.float32(period))


def lay(colour: Floats, paint: Colour, cover: Floats) -> None:
    """Mix a colour into a picture, H×W×3, by its cover, H×W."""
    colour += (np.array(paint, np.float32) - colour) * cover[..., None]


def rough(ground_: Ground, shift: tuple[float, float]) -> Floats:
    """The fine grain of asphalt or gravel, weaker where many grains share a pixel."""
    fine = noise("fine", 1, ground_.x, ground_.y, 45, shift)
    patches = noise("cloud", 32, ground_.x, ground_.y, 22, shift)
    near = np.clip(ground_.metre / 45, 0.12, 1)
    return np.asarray(fine * near + np.float32(0.7) * patches, dtype=np.float32)
