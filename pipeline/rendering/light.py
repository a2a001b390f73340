"""Light is added and multiplied in linear values; pictures hold sRGB (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB

Linear = NDArray[np.float32]
"""H×W×3 or 3, linear light in [0, 1]."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of linear sRGB (ITU-R BT.709)."""


def _decoded() -> Linear:
    value = np.arange(256) / 255
    low, high = value / 12.92, ((value + 0.055) / 1.055) ** 2.4
    return np.where(value <= 0.04045, low, high).astype(np.float32)


_TABLE = _decoded()


def to_linear(picture: RGB) -> Linear:
    """SRGB, 0 to 255, → linear light."""
    return _TABLE[picture]


def to_srgb(light: Linear) -> RGB:
    """Linear light, clipped to [0, 1], → sRGB, rounded."""
    light = np.clip(light, 0, 1)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (encoded * 255 + 0.5).astype(np.uint8)


def luminance(light: Linear) -> NDArray[np.float32]:
    """Of linear light."""
    # Not by matrix product: its last digits would depend on how many threads it gets.
    red, green, blue = (np.float32(share) for share in LUMINANCE)
    return np.asarray(red * light[..., 0] + green * light[..., 1] + blue * light[..., 2])
