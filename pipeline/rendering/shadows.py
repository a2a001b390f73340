"""How much of the sun and of the sky a point of the ground does not see for things in the way.

A ray that leaves the ground at (X, Z) towards a light of slopes (p, q) is at (X + pY, Z + qY) when
it is Y high. It is blocked by a wall where the silhouette covers (X + pY, Y) while Z + qY lies
within the wall's thickness. Shearing the silhouette by p puts a whole ray into one column, and a
running sum over heights says in one look-up whether anything covers it between two heights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.rendering.camera import Camera, Floats
from pipeline.rendering.solids import Wall
from pipeline.rendering.sun import Slopes, Sun, sky_slopes, sun_slopes

SKY_DIRECTIONS = 48
SHARP = 1024
"""Points across a picture at which the sun is looked for, at most."""
SKY_STEP = 2
"""The sky is looked at so many times more coarsely: what it leaves dark has no sharp edge."""
FAINT = 0.06
"""Share of the sky that can be lacking unnoticed: a car would dim the ground far around by one or
two levels."""
FLATTEST = 1e-3


class Blocked(NamedTuple):
    """Shares of both lights that do not arrive, H×W float32 in [0, 1]; 0 above the horizon."""

    sun: Floats
    sky: Floats


def blocked_lights(groups: Sequence[Sequence[Wall]], camera: Camera, sun: Sun) -> list[Blocked]:
    """What is blocked by the first group of walls, by the first two, and so on.

    A light that is blocked twice is blocked once: each direction is asked whether anything stands
    in its way, and only then are directions averaged.

    Args:
        groups: For example the walls of what is there, then of what is put in.
        camera: What looks at the ground.
        sun: Of the whole picture.
    """
    step = max(1, round(max(camera.height, camera.width) / SHARP))
    by_sun = _blocked(groups, camera, sun_slopes(sun, sun_directions(sun, groups)), step)
    by_sky = _blocked(groups, camera, sky_slopes(SKY_DIRECTIONS), SKY_STEP * step)
    return [
        Blocked(shaded, np.maximum(0, (sky - FAINT) / (1 - FAINT)))
        for shaded, sky in zip(by_sun, by_sky, strict=True)
    ]


def sun_directions(sun: Sun, groups: Sequence[Sequence[Wall]]) -> int:
    """How many directions the disc needs so that the widest penumbra shows no steps."""
    reach = max((wall.height * wall.scale for walls in groups for wall in walls), default=0.0)
    widest = 2 * np.radians(sun.radius) * reach / np.sin(np.radians(sun.elevation)) ** 2
    return int(np.clip(2 * np.ceil(widest / 2), 8, 32))


def _blocked(
    groups: Sequence[Sequence[Wall]], camera: Camera, slopes: Slopes, step: int
) -> list[Floats]:
    x, z = camera.ground(step)
    sums = [np.zeros(x.shape, np.float32) for _ in groups]
    covered = np.empty(x.shape, np.float32)
    for along_x, along_z in zip(*slopes, strict=True):
        covered[:] = 0
        for total, walls in zip(sums, groups, strict=True):
            for wall in walls:
                part = _reached(wall, camera, step, along_x, along_z)
                _cover(covered[part], wall, x[part], z[part], along_x, along_z)
            total += covered
    count = len(slopes.along_x)
    return [_on_picture(total / np.float32(count), camera, step) for total in sums]


def _reached(
    wall: Wall, camera: Camera, step: int, along_x: float, along_z: float
) -> tuple[slice, slice]:
    """Rows and columns of the grid of `Camera.ground` that a wall's shadow lies in."""
    right = wall.left + wall.coverage.shape[1] / wall.scale
    corners = [
        (x - up * along_x, wall.depth + wall.slant * x + behind - up * along_z)
        for x in (wall.left, right)
        for behind in (0.0, wall.thickness)
        for up in (0.0, wall.height)
    ]
    # A corner behind the lower edge of the picture counts as lying on it: the ground seen there is
    # the nearest, and what is nearer is seen farther out to the side.
    nearest = camera.depth(camera.height)
    if any(z < nearest for _, z in corners):
        columns = slice(0, None)
    else:
        across = [camera.centre + camera.focal * x / z for x, z in corners]
        columns = _lines(min(across), max(across), step)
    first = camera.first_ground_row()
    rows = [camera.horizon + camera.focal * camera.eye / max(z, nearest) for _, z in corners]
    return _lines(min(rows) - first, max(rows) - first, step), columns


def _lines(low: float, high: float, step: int) -> slice:
    """The lines of a grid between two places in pixels, and one more on either side."""
    return slice(max(0, int(low / step) - 1), max(0, int(high / step) + 3))


def _cover(
    covered: Floats, wall: Wall, x: Floats, z: Floats, along_x: float, along_z: float
) -> None:
    """Raise `covered` where a wall stands between the ground and a light in one direction."""
    if not covered.size:
        return
    sheared, left = _sheared_sums(wall, along_x)
    behind = z - (wall.depth + wall.slant * x)
    slope = along_z - wall.slant * along_x
    slope = float(np.copysign(max(abs(slope), FLATTEST), slope))
    enters, leaves = -behind / slope, (wall.thickness - behind) / slope
    if slope < 0:
        enters, leaves = leaves, enters
    top = sheared.shape[0] - 1
    low = np.clip(enters * wall.scale, 0, top).astype(np.float32)
    high = np.clip(leaves * wall.scale, 0, top).astype(np.float32)
    column = ((x - left) * wall.scale - 0.5).astype(np.float32)
    through: Floats = np.subtract(
        cv2.remap(sheared, column, high, cv2.INTER_LINEAR),
        cv2.remap(sheared, column, low, cv2.INTER_LINEAR),
        dtype=np.float32,
    )
    np.maximum(covered, np.clip(through, 0, 1), out=covered)


def _sheared_sums(wall: Wall, along_x: float) -> tuple[Floats, float]:
    """Coverage summed from the ground up along sheared columns, and X of the first of them.

    Returns:
        Row j holds the sum over the lowest j rows of the silhouette.
    """
    rows, columns = wall.coverage.shape
    reach = along_x * (rows - 0.5)
    first = -max(0.0, reach)
    wide = int(np.ceil(columns + abs(reach))) + 1
    shear = np.array([[1, along_x, first + 0.5 * along_x], [0, 1, 0]], np.float64)
    sheared = cv2.warpAffine(
        wall.coverage, shear, (wide, rows), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    sums = np.zeros((rows + 1, wide), np.float32)
    np.cumsum(sheared, axis=0, out=sums[1:])
    return sums, wall.left + first / wall.scale


def _on_picture(ground: Floats, camera: Camera, step: int) -> Floats:
    """From the points that were asked back to all pixels."""
    first = camera.first_ground_row()
    picture = np.zeros((camera.height, camera.width), np.float32)
    if step > 1:
        rows, columns = ground.shape
        large = cv2.resize(ground, (columns * step, rows * step), interpolation=cv2.INTER_LINEAR)
        ground = np.asarray(large, np.float32)[: camera.height - first, : camera.width]
    picture[first:] = ground
    return picture
