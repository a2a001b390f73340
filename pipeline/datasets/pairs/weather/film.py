"""What lies between the scene and the camera, as a film laid over pictures.

Every weather here has one form: the picture, perhaps blurred, is multiplied by a gain and light is
added, pixel by pixel. A film does not depend on the picture, so the same film over two pictures
changes what they share in the same way.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB

FRACTION = 4
"""Bits below the pixel in the coordinates that OpenCV draws."""


class Film(NamedTuple):
    """Of the size of the pictures it is laid over.

    Attributes:
        gain: H×W×3 uint8; 255 lets everything through.
        light: H×W×3 uint8, added after that.
        radius: Of the blur beneath, in pixels: how far a pixel reaches; 0 reaches none.
    """

    gain: RGB
    light: RGB
    radius: int

    def over(self, picture: RGB) -> RGB:
        """The picture seen through the film."""
        dimmed = cv2.multiply(blurred(picture, self.radius), self.gain, scale=1 / 255)
        return cv2.add(dimmed, self.light, dst=dimmed).astype(np.uint8, copy=False)


def blurred(picture: RGB, radius: int) -> RGB:
    """The mean of the squares of 2 · radius + 1 pixels.

    The sums are of whole numbers, so nothing reaches farther; a box filter of floats would carry
    its rounding along the rows.
    """
    if not radius:
        return picture
    side = 2 * radius + 1
    return cv2.blur(picture, (side, side)).astype(np.uint8, copy=False)


class Pane(NamedTuple):
    """What a film does where it is of one kind: the gain in [0, 1] and the light in [0, 255]."""

    gain: tuple[float, float, float]
    light: tuple[float, float, float]


CLEAR = Pane((1, 1, 1), (0, 0, 0))


def film_between(first: Pane, second: Pane, share: NDArray[np.uint8], radius: int = 0) -> Film:
    """A film that is the first pane where the share, H×W, is 0, the second where it is 255."""
    shares = cv2.cvtColor(share, cv2.COLOR_GRAY2RGB)
    gain, light = (
        cv2.transform(shares, _blend(scale * np.array(one), scale * np.array(other)))
        for scale, one, other in zip((255, 1), first, second, strict=True)
    )
    return Film(_bytes(gain), _bytes(light), radius)


def _blend(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """The affine map of three equal channels that takes 0 to `start` and 255 to `end`."""
    return np.column_stack([np.diag((end - start) / 255), start])


def grown(coarse: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """A coarse grid in [0, 1] as a smooth map of height × width."""
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth, 0, 1).astype(np.float32, copy=False)


def enlarged(coarse: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """What has been worked out at a smaller size, for it is smooth, at height × width."""
    planes = [
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        for plane in cv2.split(coarse)  # three times as fast as all channels at once
    ]
    return _bytes(cv2.merge(planes))


def _bytes(picture: NDArray[np.generic]) -> NDArray[np.uint8]:
    return picture.astype(np.uint8, copy=False)
