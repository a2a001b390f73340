"""A cutout as a thing that stands in the world: walls on its line of contact, with a thickness.

A photo shows the near faces of a car. Each is taken as an upright wall that stands on the line on
which the face touches the ground: the lower hull of the silhouette, one wall per long edge. Behind
a wall the body goes on, away from the camera, as deep as the footprint asks for: a car seen from
the side is long and shallow, one seen from the front narrow and deep, and the ground that it covers
is the same.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.rendering.camera import Camera, Floats

CAR_HEIGHT = 1.5
"""Metres."""
CAR_FOOTPRINT = 3.5
"""Ground that a car covers, in squares of its height: 4.4 m × 1.8 m at 1.5 m."""
OPAQUE = 0.5
FACE = 0.25
"""A second face is one that takes up this share of the width."""
STEEPEST = 0.6
"""Slope of a contact line in the picture above which it is no contact but an overhang."""
LEVEL = 0.03
"""Slope below which a contact line is level: one face, and its overhangs stand on its line."""
FARTHEST = 2.5
"""A wall's far end is at most so many times as far away as its near end."""


class Placed(NamedTuple):
    """A cutout where it stands, larger than the picture or partly outside if need be.

    Attributes:
        colours: h×w×3 uint8, true also where it is transparent.
        alpha: h×w float32 in [0, 1].
        left: Column of the picture of its first column.
        top: Row of the picture of its first row.
    """

    colours: NDArray[np.uint8]
    alpha: Floats
    left: int
    top: int

    @property
    def bottom(self) -> int:
        """The picture's row of its lowest row, on which it stands."""
        return self.top + len(self.alpha) - 1


class Wall(NamedTuple):
    """One upright face and what goes on behind it.

    Attributes:
        coverage: rows × columns in [0, 1], the lowest row first, `scale` pixels a metre.
        scale: Pixels a metre.
        left: X of the first column in metres.
        depth: Z at X = 0 of the plane in which it stands.
        slant: Metres away for each metre to the right.
        thickness: Metres along Z.
    """

    coverage: Floats
    scale: float
    left: float
    depth: float
    slant: float
    thickness: float

    @property
    def height(self) -> float:
        """In metres."""
        return len(self.coverage) / self.scale


def contact_lines(opaque: NDArray[np.bool_]) -> list[tuple[float, float, float, float]]:
    """Where a silhouette touches the ground, from left to right.

    Args:
        opaque: Its pixels; not empty.

    Returns:
        One or two lines as (column, row, column, row), which share their inner end and together
        are as wide as the silhouette.
    """
    columns = np.flatnonzero(opaque.any(axis=0))
    bottoms = opaque.shape[0] - 1 - np.argmax(opaque[::-1, columns], axis=0)
    hull = _lower_hull(columns, bottoms)
    if len(hull) == 1:
        column, row = hull[0]
        return [(column - 0.5, row, column + 0.5, row)]
    main = max(range(len(hull) - 1), key=lambda i: hull[i + 1][0] - hull[i][0])
    (left, low_left), (right, low_right) = hull[main], hull[main + 1]
    slope = float(np.clip((low_right - low_left) / (right - left), -STEEPEST, STEEPEST))
    first, last = hull[0][0] - 0.5, hull[-1][0] + 0.5
    corner, low = (left, low_left) if low_left > low_right else (right, low_right)
    ends = [low + slope * (first - corner), low + slope * (last - corner)]
    # Beyond its nearer end a slanting face turns a corner.
    if slope > LEVEL and corner < last - 1:
        far = _far_row(hull[main + 1], hull[-1], last - first)
        return [(first, ends[0], corner, low), (corner, low, last, far)]
    if slope < -LEVEL and corner > first + 1:
        far = _far_row(hull[main], hull[0], last - first)
        return [(first, far, corner, low), (corner, low, last, ends[1])]
    return [(first, ends[0], last, ends[1])]


def _far_row(corner: tuple[float, float], last: tuple[float, float], width: float) -> float:
    """Row of the outer end of a second face: its own slope if it is wide enough to show one."""
    run = abs(last[0] - corner[0])
    slope = (corner[1] - last[1]) / max(run, 1.0)
    return corner[1] - slope * run if run >= FACE * width and slope <= STEEPEST else corner[1]


def _lower_hull(columns: NDArray[np.int_], rows: NDArray[np.int_]) -> list[tuple[float, float]]:
    """The part of the convex hull that faces the ground (Andrew's monotone chain)."""
    hull: list[tuple[float, float]] = []
    for point in zip(columns.astype(float).tolist(), rows.astype(float).tolist(), strict=True):
        while len(hull) > 1 and _above(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _above(
    one: tuple[float, float], middle: tuple[float, float], other: tuple[float, float]
) -> bool:
    """Whether the middle one lies on or above the line of the others (rows count downwards)."""
    across, down = other[0] - one[0], other[1] - one[1]
    return (middle[1] - one[1]) * across <= down * (middle[0] - one[0])


def walls_of(placed: Placed, camera: Camera, footprint: float = CAR_FOOTPRINT) -> list[Wall]:
    """The walls of a cutout that stands on the ground below the horizon.

    Args:
        placed: The cutout.
        camera: Its lowest row lies below the horizon.
        footprint: Ground that it covers, in squares of its height.
    """
    opaque = placed.alpha >= OPAQUE
    if not opaque.any():
        return []
    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    high, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    per_metre = camera.pixels_per_metre(placed.top + rows[-1])
    thickness = footprint * high**2 / (wide * per_metre)
    return [
        _wall(placed, camera, line, high / per_metre, thickness) for line in contact_lines(opaque)
    ]


def _wall(
    placed: Placed,
    camera: Camera,
    line: tuple[float, float, float, float],
    tall: float,
    thickness: float,
) -> Wall:
    """Measure one wall's silhouette in metres: what lies above a contact line, column by column."""
    (left, z_left), (right, z_right) = _ends_on_ground(placed, camera, line)
    slant = (z_right - z_left) / (right - left)
    depth = z_left - slant * left
    scale = camera.focal / min(z_left, z_right)
    x = left + (np.arange(max(1, int(np.ceil((right - left) * scale)))) + 0.5) / scale
    y = (np.arange(max(1, int(np.ceil(tall * 1.15 * scale)))) + 0.5) / scale
    z = depth + slant * x
    column = camera.centre + camera.focal * x / z - placed.left
    row = camera.horizon + camera.focal * (camera.eye - y[:, None]) / z - placed.top
    shape = row.shape
    coverage = cv2.remap(
        placed.alpha,
        np.broadcast_to(column, shape).astype(np.float32),
        row.astype(np.float32),
        cv2.INTER_LINEAR,
    )
    return Wall(np.asarray(coverage, np.float32), scale, left, depth, slant, thickness)


def _ends_on_ground(
    placed: Placed, camera: Camera, line: tuple[float, float, float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of a contact line on the ground, its far end not too far away."""
    first, low_first, last, low_last = line
    rows = [placed.top + low_first, placed.top + low_last]
    highest = camera.horizon + (max(rows) - camera.horizon) / FARTHEST
    ends = [
        camera.ground_at(placed.left + column, max(row, highest))
        for column, row in zip((first, last), rows, strict=True)
    ]
    return ends[0], ends[1]
