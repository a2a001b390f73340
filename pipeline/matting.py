"""From a map of probabilities to a cutout: one object, a soft edge, clean colours, a box.

All of it works at the picture's own size, whatever size the map was predicted at.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.images import RGB, RGBA, Mask, resize_probability

Alpha = NDArray[np.uint8]
"""H×W, uint8: 0 is outside, 255 is inside."""


Map = NDArray[np.float32]
"""H×W, float32, in [0, 1]."""

CENTRAL = 0.25
"""Standard deviation, as a share of width and height, of the weight that prefers the middle."""

EPSILON = 1e-5
"""Of the guided filter: where colours (0..1) vary less, it smooths; where more, it follows them."""

VEIL = 0.15
"""Filtered values so near to 0 or 1 are set to it, and the others stretched."""


class Box(NamedTuple):
    """A part of a picture in pixels; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class Cutout(NamedTuple):
    """An object without its surroundings.

    Attributes:
        rgba: Cropped to `box`.
        box: Where in the picture it was.
    """

    rgba: RGBA
    box: Box


def cut_out(picture: RGB, mask: Mask, edge: float, margin: float) -> Cutout | None:
    """Cut the object under a mask out of its picture; None where nothing is left of the mask.

    Args:
        picture: H×W×3.
        mask: H×W.
        edge: See `soft_alpha`.
        margin: Space around the object as a share of its longer side.
    """
    alpha = soft_alpha(picture, mask, edge)
    box = crop_box(alpha > 0, margin)
    if box is None:
        return None
    return Cutout(clean_colours(picture[box.window], alpha[box.window]), box)


def object_mask(probability: Map, threshold: float, shape: tuple[int, int]) -> Mask:
    """The one object that a map shows, without holes.

    Args:
        probability: Of any size.
        threshold: What is as probable or more belongs to an object.
        shape: Height and width of the result.
    """
    if probability.shape != shape:
        probability = resize_probability(probability, *shape)
    return fill_holes(right_component(probability, threshold))


def right_component(probability: Map, threshold: float) -> Mask:
    """Of the connected parts above a threshold, the one that is large and in the middle.

    A part is worth the sum of its probabilities, weighted by a Gaussian around the centre.
    """
    above = np.asarray(probability >= threshold)
    labels, parts = ndimage.label(above)
    if parts < 2:
        return above
    worth = np.bincount(labels.ravel(), (probability * centre_weight(above.shape)).ravel())
    return np.asarray(labels == 1 + int(np.argmax(worth[1:])))


def centre_weight(shape: tuple[int, int]) -> Map:
    """1 at the centre of a picture of that height and width, less towards its border."""
    rows, columns = (((np.arange(n) + 0.5) / n - 0.5) / CENTRAL for n in shape)
    return np.exp(-(rows[:, None] ** 2 + columns**2) / 2).astype(np.float32)


def fill_holes(mask: Mask) -> Mask:
    """Close what a mask surrounds: panes are part of a car. Notches in its outline stay."""
    return np.asarray(ndimage.binary_fill_holes(mask), dtype=np.bool_)


def soft_alpha(picture: RGB, mask: Mask, edge: float) -> Alpha:
    """An edge that follows the picture, within a band along the outline of a mask.

    Args:
        picture: H×W×3, the guide.
        mask: H×W.
        edge: Half the band's width, and radius of the filter, as a share of the picture's longer
            side; one pixel at least.

    Returns:
        255 within the band's inner rim, 0 beyond its outer one, all in one piece.
    """
    alpha = np.zeros(mask.shape, np.uint8)
    radius = max(1, round(edge * max(mask.shape)))
    box = crop_box(mask, 0.0, 3 * radius)  # beyond, the filter sees none of the mask
    if box is None:
        return alpha
    here = mask[box.window]
    inside, outside = _eroded(here, radius), ~_dilated(here, radius)
    guide = picture[box.window].astype(np.float32) / np.float32(255)
    filtered = guided_filter(guide, here.astype(np.float32), radius, EPSILON)
    soft = np.clip((filtered - VEIL) / (1 - 2 * VEIL), 0, 1)
    soft[inside], soft[outside] = 1, 0
    alpha[box.window] = np.rint(soft * 255).astype(np.uint8)
    alpha[~_reached(alpha > 0, mask)] = 0
    return alpha


def guided_filter(guide: NDArray[np.float32], source: Map, radius: int, epsilon: float) -> Map:
    """Smooth a map so that its edges lie where the guide has some.

    He, Sun, Tang: Guided Image Filtering, TPAMI 2013, with a guide in colours (section 3.5).

    Args:
        guide: H×W×3 in [0, 1].
        source: H×W.
        radius: Of the box windows, in pixels.
        epsilon: Regularisation.

    Returns:
        H×W; may leave [0, 1] a little.
    """
    slope, offset = guided_lines(guide, source, radius, epsilon)
    return np.asarray((slope * guide).sum(axis=-1) + offset, dtype=np.float32)


def guided_lines(
    guide: NDArray[np.float32], source: Map, radius: int, epsilon: float
) -> tuple[NDArray[np.float32], Map]:
    """What `guided_filter` multiplies the guide with at each pixel, H×W×3, and what it adds."""
    mean_guide, mean_source = _box_mean(guide, radius), _box_mean(source, radius)
    covariance = _box_mean(guide * source[..., None], radius) - mean_guide * mean_source[..., None]
    products = guide[..., _ROWS] * guide[..., _COLUMNS]
    variance = _box_mean(products, radius) - mean_guide[..., _ROWS] * mean_guide[..., _COLUMNS]
    slope = _solve_symmetric(variance + epsilon * _DIAGONAL, covariance)
    offset = mean_source - (slope * mean_guide).sum(axis=-1)
    return _box_mean(slope, radius), _box_mean(offset, radius)


def clean_colours(picture: RGB, alpha: Alpha) -> RGBA:
    """Colours of the object alone, without what shone through at its edge.

    Germer et al.: Fast Multi-Level Foreground Estimation, ICPR 2020; pymatting's implementation.

    Args:
        picture: H×W×3.
        alpha: H×W.

    Returns:
        H×W×4: the picture's own bytes where alpha is 255, zeros where it is 0.
    """
    # Imported here: its first import on a machine compiles for most of a minute.
    from pymatting import estimate_foreground_ml

    colours = picture.copy()
    edge = (alpha > 0) & (alpha < 255)
    if edge.any() and alpha.size > 1:  # it cannot halve a single pixel
        estimate = estimate_foreground_ml(picture / 255, alpha / 255)
        colours[edge] = np.rint(np.clip(estimate[edge], 0, 1) * 255).astype(np.uint8)
    colours[alpha == 0] = 0
    return np.dstack([colours, alpha])


def crop_box(mask: Mask, margin: float, pixels: int = 0) -> Box | None:
    """The box around a mask, inside the picture; None where the mask is empty.

    Args:
        mask: H×W.
        margin: Space around it as a share of the box's longer side.
        pixels: Further space, in pixels.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    space = pixels + round(margin * max(bottom - top, right - left))
    return Box(
        left=max(0, int(left) - space),
        top=max(0, int(top) - space),
        right=min(mask.shape[1], int(right) + space),
        bottom=min(mask.shape[0], int(bottom) + space),
    )


_ROWS, _COLUMNS = [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]  # of a symmetric 3×3 matrix
_DIAGONAL = np.array([1, 0, 0, 1, 0, 1], np.float32)


def _solve_symmetric(
    matrix: NDArray[np.float32], right: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Solve A·x = b for each pixel: A is H×W×6 (upper triangle), b and x are H×W×3."""
    a, b, c, d, e, f = np.moveaxis(matrix.astype(np.float64), -1, 0)
    minors = (
        d * f - e * e,
        c * e - b * f,
        b * e - c * d,
        a * f - c * c,
        b * c - a * e,
        a * d - b * b,
    )
    rr, rg, rb, gg, gb, bb = minors
    x, y, z = np.moveaxis(right.astype(np.float64), -1, 0)
    solution = np.stack([
        rr * x + rg * y + rb * z, rg * x + gg * y + gb * z, rb * x + gb * y + bb * z,
    ], axis=-1)  # fmt: skip
    return np.asarray(solution / (a * rr + b * rg + c * rb)[..., None], dtype=np.float32)


def _box_mean(values: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    side = 2 * radius + 1
    if values.ndim == 2 or values.shape[2] <= 4:
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT))
    parts = [_box_mean(values[..., i : i + 3], radius) for i in range(0, values.shape[2], 3)]
    return np.concatenate(parts, axis=-1)


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)


def _eroded(mask: Mask, radius: int) -> Mask:
    """What lies beyond the picture counts as inside: the frame cuts a car, but is no edge of it."""
    return cv2.erode(mask.astype(np.uint8), _disc(radius)).astype(bool)


def _dilated(mask: Mask, radius: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), _disc(radius)).astype(bool)


def _reached(shape: Mask, seed: Mask) -> Mask:
    """The largest part of a shape by its overlap with the seed."""
    labels, parts = ndimage.label(shape)
    if parts < 2:
        return shape
    overlap = np.bincount(labels[seed], minlength=parts + 1)
    return np.asarray(labels == 1 + int(np.argmax(overlap[1:])))
