"""From meshes to pixels: a pinhole view and a z-buffer, all triangles at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.demo.art.solids import Floats, Mesh, unit

CHUNK = 400_000  # pixels of triangles' boxes that are looked at together


@dataclass(frozen=True)
class View:
    """A pinhole camera: where it stands, its axes, focal length and principal point in pixels."""

    place: Floats
    right: Floats
    up: Floats
    ahead: Floats
    focal: float
    x: float
    y: float

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """N×3 points to N×2 pixels and N depths in metres."""
        rays = points - self.place
        depth = _dot(rays, self.ahead)
        across, high = _dot(rays, self.right) / depth, _dot(rays, self.up) / depth
        pixels = np.stack([self.x + self.focal * across, self.y - self.focal * high], axis=-1)
        return pixels.astype(np.float32), depth.astype(np.float32)

    def rays(self, height: int, width: int) -> Floats:
        """The direction through each pixel of a picture, H×W×3, one metre deep."""
        x = ((np.arange(width) + 0.5 - self.x) / self.focal).astype(np.float32)
        y = ((self.y - np.arange(height) - 0.5) / self.focal).astype(np.float32)
        return np.asarray(
            self.ahead + x[None, :, None] * self.right + y[:, None, None] * self.up, np.float32
        )

    def enlarged(self, factor: float) -> "View":
        """The same view with more pixels."""
        return View(self.place, self.right, self.up, self.ahead, self.focal * factor,
                    self.x * factor, self.y * factor)  # fmt: skip


def look(place: tuple[float, float, float], target: tuple[float, float, float]) -> View:
    """A view from a place to a target, focal length one, principal point at zero."""
    start = np.array(place, dtype=np.float32)
    ahead = unit(np.array(target, dtype=np.float32) - start)
    right = unit(np.cross(ahead, np.array((0, 0, 1), dtype=np.float32)).astype(np.float32))
    up = np.cross(right, ahead).astype(np.float32)
    return View(start, right, up, ahead, 1.0, 0.0, 0.0)


class Seen(NamedTuple):
    """The visible surface, one row per covered pixel (its flat index in `pixel`)."""

    pixel: NDArray[np.int64]
    point: Floats
    normal: Floats
    chart: Floats
    part: NDArray[np.uint8]


class _Hits(NamedTuple):
    """Pixels inside triangles: the triangle, its three perspective weights, and the depth."""

    pixel: NDArray[np.int64]
    face: NDArray[np.int64]
    weight: Floats
    depth: Floats


def visible(
    mesh: Mesh, view: View, height: int, width: int, hole: Callable[[Floats], NDArray[np.bool_]]
) -> Seen:
    """What of the mesh is seen, and where; where `hole` of a point of part 0 is true, nothing is.

    Every vertex must lie before the camera.
    """
    screen, depth = view.project(mesh.points)
    faces = mesh.faces[_facing(mesh, screen)]
    parts = mesh.parts[_facing(mesh, screen)]
    hits = _hits(screen, depth, faces, height, width)
    pierced = np.flatnonzero(parts[hits.face] == 0)
    open_ = hole(_blend(mesh.points, faces, hits, pierced))
    keep = np.ones(len(hits.pixel), dtype=bool)
    keep[pierced[open_]] = False
    buffer = np.full(height * width, np.inf, dtype=np.float32)
    np.minimum.at(buffer, hits.pixel[keep], hits.depth[keep])
    keep &= hits.depth == buffer[hits.pixel]
    winner = np.full(height * width, -1, dtype=np.int64)
    nearest = np.flatnonzero(keep)
    winner[hits.pixel[nearest]] = nearest  # two as near as each other: the later one
    pixel = np.flatnonzero(winner >= 0)
    chosen = winner[pixel]
    point, normal, chart = (
        _blend(values, faces, hits, chosen) for values in (mesh.points, mesh.normals, mesh.chart)
    )
    return Seen(pixel, point, unit(normal), chart, parts[hits.face[chosen]])


def _facing(mesh: Mesh, screen: Floats) -> NDArray[np.bool_]:
    """Which triangles turn their outer side to the camera."""
    a, b, c = (screen[mesh.faces[:, corner]] for corner in range(3))
    one, other = b - a, c - a
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0] < -1e-6)


def _hits(
    screen: Floats, depth: Floats, faces: NDArray[np.int32], height: int, width: int
) -> _Hits:
    corners = screen[faces]
    limit = np.array((width, height), dtype=np.float32)
    low = np.clip(np.floor(corners.min(axis=1) - 0.5), 0, limit).astype(np.int64)
    high = np.clip(np.ceil(corners.max(axis=1) + 0.5), 0, limit).astype(np.int64)
    size = high - low
    areas = size[:, 0] * size[:, 1]
    bounds = np.cumsum(areas)
    cuts = np.searchsorted(bounds, np.arange(CHUNK, bounds[-1] + CHUNK, CHUNK)) + 1
    inverse = np.asarray(1 / depth[faces], np.float32)
    found, start = [], 0
    for end in [*cuts.tolist(), len(faces)]:
        part = slice(start, min(end, len(faces)))
        if start < len(faces) and areas[part].sum():
            found.append(_inside(corners, inverse, low, size, areas, part, width))
        start = max(start, end)
    return _Hits(*(np.concatenate(values) for values in zip(*found, strict=True)))


def _inside(
    corners: Floats, inverse: Floats, low: NDArray[np.int64], size: NDArray[np.int64],
    areas: NDArray[np.int64], part: slice, width: int,
) -> _Hits:  # fmt: skip
    """The pixels whose centres lie in the triangles of `part`."""
    face = np.repeat(np.arange(part.start, part.stop), areas[part])
    first = np.cumsum(areas[part]) - areas[part]
    step = np.arange(len(face)) - np.repeat(first, areas[part])
    wide = size[face, 0]
    x, y = low[face, 0] + step % wide, low[face, 1] + step // wide
    a, b, c = corners[part, 0], corners[part, 1], corners[part, 2]
    whole = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    local, weights = face - part.start, []
    px, py = x.astype(np.float32) + 0.5, y.astype(np.float32) + 0.5
    for start, end in ((b, c), (c, a)):
        slope_x, slope_y = -(end[:, 1] - start[:, 1]) / whole, (end[:, 0] - start[:, 0]) / whole
        offset = -(slope_x * start[:, 0] + slope_y * start[:, 1])
        weights.append(px * slope_x[local] + py * slope_y[local] + offset[local])
    weights.append(1 - weights[0] - weights[1])
    # by column: NumPy is slow at reducing an axis of three
    least = np.minimum(np.minimum(weights[0], weights[1]), weights[2])
    inside = np.flatnonzero(least >= -1e-4)
    face = face[inside]
    weight = np.stack([part[inside] for part in weights], axis=-1) * inverse[face]
    total = weight[:, 0] + weight[:, 1] + weight[:, 2]
    return _Hits(
        y[inside] * width + x[inside],
        face,
        (weight / total[:, None]).astype(np.float32),
        (1 / total).astype(np.float32),
    )


def _blend(
    values: Floats, faces: NDArray[np.int32], hits: _Hits, chosen: NDArray[np.int64]
) -> Floats:
    """Vertex values, mixed by the weights of the chosen hits."""
    corners = faces[hits.face[chosen]]
    weight = hits.weight[chosen]
    mixed = values[corners[:, 0]] * weight[:, :1]
    mixed += values[corners[:, 1]] * weight[:, 1:2]
    mixed += values[corners[:, 2]] * weight[:, 2:]
    return np.asarray(mixed, dtype=np.float32)


def _dot(vectors: Floats, axis: Floats) -> Floats:
    return np.asarray(np.einsum("...i,i->...", vectors, axis), dtype=np.float32)
