"""The solids of a car: the lofted shell, wheels, mirrors, rails and the dark inside."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.demo.art.solids import (
    Floats,
    Mesh,
    block,
    chaikin,
    ellipsoid,
    lathe,
    merged,
    mirrored,
    moved,
    rounded,
    sheet,
)
from pipeline.sources.demo.cars.bodies import Body

SHELL, WHEEL, INSIDE, TRIM, MIRROR = range(5)  # the parts of a car's mesh; only SHELL has holes

STATIONS = 120
GAP = 0.05  # metres between a tyre and its arch
DROP = 0.055  # how far the edge of the roof or the bonnet lies under its centre line
EDGE = 40  # the point of half a cross-section that runs along the edge of the roof

Lines = NDArray[np.float64]


class Shape(NamedTuple):
    """The mesh, and the line along the edge of roof and bonnet, K×2 of x and z."""

    mesh: Mesh
    edge: Lines


def build(body: Body, steer: float = 0.0) -> Shape:
    """All solids of a car, nose at x = 0; the front wheels are turned by `steer` degrees."""
    grid, half = _shell(body)
    meshes = [sheet(grid.astype(np.float32), SHELL), _inside(body)]
    meshes += _wheels(body, steer) + _mirrors(body) + _rails(body)
    return Shape(merged(meshes), half[:, EDGE][:, [0, 2]])


def half_width(body: Body, x: Lines, z: Lines | float, top: Lines | float) -> Lines:
    """Half the width of the cabin at a height `z`; at `top` it is as narrow as the roof."""
    belt = curve(body.belt, x)
    share = np.clip((z - belt) / np.maximum(top - belt, 0.2), 0, 1)
    return np.asarray(body.width / 2 * (0.955 + (body.roof - 0.955) * share))


def curve(line: tuple[tuple[float, float], ...], x: Lines) -> Lines:
    """Z of a line at each x, its corners rounded."""
    smooth = chaikin(np.array(line, dtype=np.float64))
    return np.asarray(np.interp(x, smooth[:, 0], smooth[:, 1]))


def _stations(body: Body) -> tuple[Lines, Lines]:
    """X and z along the centre line, evenly spread over its length."""
    line = chaikin(np.array(body.profile, dtype=np.float64), 3)
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0, length[-1], STATIONS)
    return np.interp(at, length, line[:, 0]), np.interp(at, length, line[:, 1])


def _bottom(body: Body, x: Lines) -> Lines:
    """Z of the lower edge: low sills, a rounded chin and a raised tail."""
    nose, tail, end = body.profile[0][1], body.profile[-1][1], body.length
    return curve(
        ((0, nose), (0.006, nose - 0.1), (0.04, body.sill + 0.08), (0.16, body.sill),
         (0.6, body.sill - 0.01), (end - 0.7, body.sill), (end - 0.2, body.sill + 0.07),
         (end - 0.03, body.sill + 0.14), (end - 0.006, tail - 0.08), (end, tail)), x,
    )  # fmt: skip


def _plan(body: Body, x: Lines) -> tuple[Lines, Lines]:
    """Half the width along the car, and how far its corners stand back from its middle."""
    end, blunt = body.length, 0.9 if body.height > 1.75 else 0.84
    share = curve(
        ((0, blunt - 0.04), (0.03, blunt), (0.12, 0.92), (0.35, 0.975), (0.9, 1.0),
         (end - 1.0, 1.0), (end - 0.35, 0.975), (end - 0.08, 0.93), (end - 0.02, blunt + 0.02),
         (end, blunt)), x,
    )  # fmt: skip
    bow = np.interp(x / end, (0, 0.3, 0.55, 0.85, 1), (0.2, 0.13, 0.0, -0.07, -0.1))
    if body.height > 1.75:
        bow = bow * 0.55
    return body.width / 2 * share, bow


def _shell(body: Body) -> tuple[Lines, Lines]:
    """The outer skin as a grid of cross-sections, whole and its right half alone."""
    x, top = _stations(body)
    low = np.minimum(_bottom(body, x), top - 0.004)
    wide, bow = _plan(body, x)
    drop = np.clip(0.4 * (top - low), 0.001, DROP)
    edge = top - drop
    shoulder = np.minimum(curve(body.belt, x), edge - 0.2 * drop)
    shoulder = np.maximum(shoulder, low + 0.3 * (edge - low))
    cabin = half_width(body, x, edge, body.height - DROP) * wide / (body.width / 2)
    middle = low + 0.52 * (shoulder - low)
    zero = 0 * x
    corners = np.stack(
        [(zero, low), (0.88 * wide, low), (0.975 * wide, low + 0.12 * (shoulder - low)),
         (wide, middle), (0.985 * wide, low + 0.82 * (shoulder - low)), (0.955 * wide, shoulder),
         (cabin, edge), (0.6 * cabin, edge + 0.75 * drop), (zero, top)],
        axis=0,
    ).transpose(2, 0, 1)  # fmt: skip
    section = rounded(corners, (0, 0.05, 0.1, 0.18, 0.05, 0.035, 0.075, 0.3, 0))
    y, z = section[..., 0], section[..., 1]
    half = np.stack([x[:, None] + bow[:, None] * (y / (body.width / 2)) ** 2, y, z], axis=-1)
    left = half * np.array((1, -1, 1))
    return np.concatenate([left, half[:, -2::-1]], axis=1), half


def _inside(body: Body) -> Mesh:
    """What is dark: a block behind the lower edge, and the wells round the wheels."""
    y = body.width / 2 - 0.24
    low, high = body.sill + 0.02, body.sill + 0.5
    solids = [block((0.28, -y, low), (body.length - 0.28, y, high), INSIDE)]
    turn = np.linspace(-0.08 * np.pi, 1.08 * np.pi, 20)[:, None]
    across = np.array([[y - 0.03, body.width / 2 - 0.03]])
    radius = body.wheel + GAP + 0.004
    for axle in body.axles:
        well = np.stack([axle + radius * np.cos(turn) + 0 * across, 0 * turn + across,
                         body.wheel + radius * np.sin(turn) + 0 * across], axis=-1)  # fmt: skip
        mesh = sheet(well.astype(np.float32), INSIDE)
        solids += [mesh, mirrored(mesh)]
    return merged(solids)


def _wheels(body: Body, steer: float) -> list[Mesh]:
    radius = body.wheel
    outer = np.array(
        [(0.0, 0.022), (0.1, 0.02), (0.13, 0.03), (0.6, 0.02), (0.655, 0.006), (0.68, 0.0),
         (0.70, 0.004), (0.78, -0.006), (0.90, -0.002), (0.965, 0.014), (1.0, 0.045), (1.0, 0.19),
         (0.9, 0.21), (0.0, 0.21)]
    )  # fmt: skip
    wheel = lathe(outer * (radius, 1), WHEEL)
    meshes = []
    for x, angle in zip(body.axles, (steer, 0.0), strict=True):
        for side in (1, -1):
            mesh = _turned(wheel, angle * side)
            mesh = moved(mesh, (x, -(body.width / 2 - 0.035), radius))
            meshes.append(mirrored(mesh) if side > 0 else mesh)
    return meshes


def _turned(mesh: Mesh, degrees: float) -> Mesh:
    """The mesh turned about the z axis."""
    angle = np.deg2rad(degrees)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))

    def turn(vectors: Floats) -> Floats:
        x, y, z = vectors.T
        return np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=-1)

    return mesh._replace(points=turn(mesh.points), normals=turn(mesh.normals))


def _mirrors(body: Body) -> list[Mesh]:
    x = body.screen[0] + 0.42
    at = np.array([x])
    z = float(curve(body.belt, at)[0]) + 0.075
    tall = 0.1 if body.height > 1.75 else 0.065
    y = float(half_width(body, at, z, body.height)[0])
    housing = ellipsoid((x, y + 0.115, z + 0.01), (0.06, 0.1, tall), MIRROR)
    foot = ellipsoid((x + 0.01, y + 0.02, z - 0.055), (0.045, 0.06, 0.022), TRIM)
    return [housing, foot, mirrored(housing), mirrored(foot)]


def _rails(body: Body) -> list[Mesh]:
    """Two rails along the edges of the roof."""
    if body.rails is None:
        return []
    start, end = body.rails
    x, top = _stations(body)
    at = np.linspace(start, end, 14)
    y = half_width(body, at, body.height - DROP, body.height - DROP) * 0.93
    lift = 0.005 + 0.03 * np.minimum(1, np.minimum(at - start, end - at) / 0.12)
    z = np.interp(at, x, top) - DROP + lift
    turn = np.linspace(0, 2 * np.pi, 7)[None, :]
    ring = np.stack([at[:, None] + 0 * turn, y[:, None] - 0.018 * np.cos(turn),
                     z[:, None] + 0.02 * np.sin(turn)], axis=-1)  # fmt: skip
    mesh = sheet(ring.astype(np.float32), TRIM)
    return [mesh, mirrored(mesh)]
