"""Solids: triangle meshes in metres; x runs rearwards, y to the right of the driver, z up."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ARC = 5  # points on a rounded corner
SPAN = 2  # points put between two corners, so that a bowed surface bends there too


class Mesh(NamedTuple):
    """V vertices and F triangles.

    `points` and `normals` are V×3 float32, `chart` is V×2 (a surface's own coordinates, where it
    has some), `faces` is F×3 int32, wound so that their normals point outwards, `parts` is F uint8.
    """

    points: Floats
    normals: Floats
    chart: Floats
    faces: NDArray[np.int32]
    parts: NDArray[np.uint8]


def merged(meshes: list[Mesh]) -> Mesh:
    """One mesh of several."""
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes[:-1])]).astype(np.int32)
    return Mesh(
        np.concatenate([mesh.points for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.chart for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]),
        np.concatenate([mesh.parts for mesh in meshes]),
    )


def moved(mesh: Mesh, by: tuple[float, float, float]) -> Mesh:
    """The mesh somewhere else."""
    return mesh._replace(points=mesh.points + np.array(by, dtype=np.float32))


def mirrored(mesh: Mesh) -> Mesh:
    """The mesh on the other side of the car."""
    flip = np.array((1, -1, 1), dtype=np.float32)
    return mesh._replace(
        points=mesh.points * flip, normals=mesh.normals * flip, faces=mesh.faces[:, ::-1]
    )


def sheet(points: Floats, part: int, chart: Floats | None = None) -> Mesh:
    """A grid n×m×3 as a mesh; its normals point to rows × columns."""
    rows, columns = points.shape[:2]
    down, across = np.gradient(points, axis=0), np.gradient(points, axis=1)
    normals = unit(np.cross(down, across))
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    faces = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
    flat = np.zeros((rows * columns, 2), np.float32) if chart is None else chart.reshape(-1, 2)
    return Mesh(
        points.reshape(-1, 3).astype(np.float32), normals.reshape(-1, 3).astype(np.float32),
        flat.astype(np.float32), faces, np.full(len(faces), part, dtype=np.uint8),
    )  # fmt: skip


def unit(vectors: Floats) -> Floats:
    """Each vector of the last axis at length one."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return np.asarray(vectors / np.maximum(length, 1e-9)[..., None], dtype=np.float32)


def ellipsoid(centre: tuple[float, float, float], axes: tuple[float, float, float],
              part: int) -> Mesh:  # fmt: skip
    """A ball, stretched by its three half axes."""
    down = np.linspace(0.02, np.pi - 0.02, 11)[:, None]
    round_ = np.linspace(0, 2 * np.pi, 19)[None, :]
    ball = np.stack([np.sin(down) * np.cos(round_), np.sin(down) * np.sin(round_),
                     np.cos(down) + 0 * round_], axis=-1)  # fmt: skip
    mesh = sheet((ball * axes + centre).astype(np.float32), part)
    normals = unit((ball / axes).reshape(-1, 3).astype(np.float32))
    return mesh._replace(normals=normals)


def lathe(profile: NDArray[np.float64], part: int, steps: int = 49) -> Mesh:
    """A profile of (radius, y) pairs, from the outer face inwards, turned about the y axis.

    `chart` holds x and z as seen along the axis.
    """
    turn = np.linspace(0, 2 * np.pi, steps)[None, :]
    radius, y = profile[:, :1], profile[:, 1:]
    x, z = radius * np.cos(turn), radius * np.sin(turn)
    grid = np.stack([x, y + 0 * turn, z], axis=-1).astype(np.float32)
    return sheet(grid, part, np.stack([x, z], axis=-1))


def block(low: tuple[float, float, float], high: tuple[float, float, float], part: int) -> Mesh:
    """An upright box between two corners."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    sides = (
        [(x0, y0, z0), (x0, y0, z1), (x0, y1, z0), (x0, y1, z1)],
        [(x1, y1, z0), (x1, y1, z1), (x1, y0, z0), (x1, y0, z1)],
        [(x1, y0, z0), (x1, y0, z1), (x0, y0, z0), (x0, y0, z1)],
        [(x0, y1, z0), (x0, y1, z1), (x1, y1, z0), (x1, y1, z1)],
        [(x0, y0, z1), (x1, y0, z1), (x0, y1, z1), (x1, y1, z1)],
    )
    grids = [np.array(side, dtype=np.float32).reshape(2, 2, 3).transpose(1, 0, 2) for side in sides]
    return merged([sheet(grid, part) for grid in grids])


def rounded(corners: NDArray[np.float64], radii: tuple[float, ...]) -> NDArray[np.float64]:
    """N open polylines of k corners, N×k×2, with their inner corners rounded off.

    A radius of zero keeps a corner; the same number of points comes back for each line.
    """
    pieces = [corners[:, :1]]
    t = np.linspace(0, 1, ARC)[None, :, None]
    for at in range(1, corners.shape[1] - 1):
        here = corners[:, at : at + 1]
        start = here + _step(here, corners[:, at - 1 : at], radii[at])
        end = here + _step(here, corners[:, at + 1 : at + 2], radii[at])
        pieces.append((1 - t) ** 2 * start + 2 * t * (1 - t) * here + t**2 * end)
    pieces.append(corners[:, -1:])
    filled = [pieces[0]]
    for before, after in pairwise(pieces):
        share = (np.arange(1, SPAN + 1) / (SPAN + 1))[None, :, None]
        filled += [before[:, -1:] + (after[:, :1] - before[:, -1:]) * share, after]
    return np.concatenate(filled, axis=1)


def _step(
    here: NDArray[np.float64], there: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """The way from a corner towards its neighbour, at most `radius` and not quite half of it."""
    way = there - here
    length = np.hypot(way[..., 0], way[..., 1])[..., None] + 1e-9
    return np.asarray(way / length * np.minimum(radius, 0.47 * length))


def chaikin(corners: NDArray[np.float64], times: int = 2) -> NDArray[np.float64]:
    """An open polyline with its corners cut: smooth, and never beyond its corners."""
    line = corners
    for _ in range(times):
        near, far = 0.8 * line[:-1] + 0.2 * line[1:], 0.2 * line[:-1] + 0.8 * line[1:]
        cut = np.stack([near, far], axis=1).reshape(-1, line.shape[1])
        line = np.concatenate([line[:1], cut[1:-1], line[-1:]])
    return line
