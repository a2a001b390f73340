"""Drawings of a car from the side, front, rear and top: which material lies where on its skin."""

from dataclasses import dataclass

import numpy as np

from pipeline.sources.demo.cars.bodies import Body, Model
from pipeline.sources.demo.cars.drawings import Drawing, Stuff, bar
from pipeline.sources.demo.cars.faces import Face, front, rear
from pipeline.sources.demo.cars.shapes import GAP, Lines, curve


@dataclass(frozen=True)
class Blueprint:
    """The four drawings; front and rear lie over (y, z), the top one over (x, y + half width)."""

    side: Drawing
    front: Drawing
    rear: Drawing
    top: Drawing


def draw_blueprint(body: Body, edge: Lines, model: Model, plate: str) -> Blueprint:
    """All drawings of a car; `edge` is the line of the edge of its roof, K×2 of x and z."""
    half = body.width / 2 + 0.05
    return Blueprint(
        _side(body, edge, model), front(body, model, plate, half), rear(body, model, plate, half),
        _top(body, half),
    )  # fmt: skip


def arch(body: Body) -> float:
    """The radius of the wheel arches."""
    return body.wheel + GAP


def _side(body: Body, edge: Lines, model: Model) -> Drawing:
    drawing = Drawing(-0.1, body.length + 0.1, body.height + 0.1)
    _lower_side(drawing, body)
    _side_windows(drawing, body, edge)
    _doors(drawing, body)
    for x in body.axles:
        if body.clad:
            drawing.disc(x, body.wheel, arch(body) + 0.055, Stuff.TRIM)
        else:
            drawing.disc(x, body.wheel, arch(body) + 0.022, Stuff.LIP)
    _side_lamps(drawing, body, model)
    return drawing


def _lower_side(drawing: Drawing, body: Body) -> None:
    """Sills, bumper joints and the dark edge at the bottom."""
    end, high = body.length, 0.12 if body.clad else 0.045
    low = body.sill + high
    drawing.fill([(0.12, low), (end - 0.15, low), (end - 0.1, 0), (0.1, 0)], Stuff.TRIM)
    front, rear = body.axles
    reach = arch(body) * 0.9
    belt = float(curve(body.belt, np.array([front]))[0])
    drawing.line([(front - reach, body.wheel + 0.12), (front - reach - 0.1, belt - 0.22)],
                 Stuff.SEAM)  # fmt: skip
    drawing.line([(rear + reach, body.wheel + 0.15), (end - 0.03, body.wheel + 0.25)], Stuff.SEAM)


def _side_windows(drawing: Drawing, body: Body, edge: Lines) -> None:
    """Panes between the belt and the edge of the roof, black pillars between them."""
    first, last = body.panes[0][0], body.panes[-1][1]
    if len(body.panes) > 1:
        drawing.fill(_pane(body, edge, first - 0.05, last + 0.025, 0.052, 0.012), Stuff.BLACK)
        drawing.line(_belt_line(body, first + 0.1, last), Stuff.CHROME, 0.014)
    for start, end in body.panes:
        drawing.fill(_pane(body, edge, start, end, 0.07, 0.03), Stuff.GLASS)


def _belt_line(body: Body, start: float, end: float) -> Lines:
    x = np.linspace(start, end, 20)
    return np.stack([x, curve(body.belt, x) + 0.016], axis=1)


def _pane(body: Body, edge: Lines, start: float, end: float, head: float, foot: float) -> Lines:
    """A window from `start` to `end`, `head` under the roof's edge and `foot` above the belt."""
    x = np.linspace(start, end, 40)
    low = curve(body.belt, x) + foot
    last = end >= body.panes[-1][1]
    lean = body.raked if last else 0.06
    order = np.argsort(edge[:, 0], kind="stable")
    roof = np.interp(x, edge[order, 0], edge[order, 1]) - head
    slant = low[-1] + (end - x) / max(lean, 0.01)
    high = np.minimum(roof, slant)
    keep = high > low
    if keep.sum() < 2:
        return np.zeros((3, 2))
    x, low, high = x[keep], low[keep], high[keep]
    return np.concatenate([np.stack([x, high], 1), np.stack([x, low], 1)[::-1]])


def _doors(drawing: Drawing, body: Body) -> None:
    """Joints between the doors, handles and the fuel flap."""
    reach, rear = arch(body) + 0.05, body.axles[1]
    x = np.array(body.doors)
    belt = curve(body.belt, x)
    low = body.sill + 0.08
    for at, high in zip(x.tolist(), belt.tolist(), strict=True):
        path = [(at, high + 0.02), (at, low)]
        if abs(at - rear) < reach + 0.02:  # this joint goes round the arch
            turn = np.linspace(0.35 * np.pi, 0.93 * np.pi, 12)
            bow = [(rear + reach * np.cos(t), body.wheel + reach * np.sin(t)) for t in turn]
            path = [(bow[0][0] + 0.05, high + 0.02), *bow, (rear - reach, low)]
        drawing.line(path, Stuff.SEAM)
    drawing.line([(x[0], low), (min(x[-1], rear - reach), low)], Stuff.SEAM)
    for at, high in zip(x[1:].tolist(), belt[1:].tolist(), strict=True):
        grip = min(at, rear - 0.02) - 0.2
        drawing.fill(bar(grip - 0.1, grip + 0.1, high - 0.13, 0.034), Stuff.SEAM)
        drawing.fill(bar(grip - 0.09, grip + 0.09, high - 0.125, 0.022), Stuff.CHROME)


def _side_lamps(drawing: Drawing, body: Body, model: Model) -> None:
    """The lamps where they reach round the corners."""
    face, end = Face(body), body.length
    top, low = face.lamp_top, face.lamp_low
    if model.lamps in ("wide", "slim"):
        low = low + (0.05 if model.lamps == "slim" else 0)
        drawing.fill([(0, low), (0, top), (0.52, top + 0.05), (0.36, low + 0.03)], Stuff.HEADLAMP)
    elif model.lamps == "split":
        drawing.fill([(0, top - 0.05), (0, top), (0.45, top + 0.03)], Stuff.LED)
    else:
        drawing.disc(0.2, (top + low) / 2, 0.1, Stuff.HEADLAMP)
    high = float(curve(body.belt, np.array([end]))[0])
    if body.height > 1.75:
        drawing.fill([(end - 0.09, high + 0.1), (end + 0.1, high + 0.1), (end + 0.1, high - 0.4),
                      (end - 0.09, high - 0.4)], Stuff.TAIL)  # fmt: skip
        return
    drawing.fill([(end - 0.36, high - 0.045), (end + 0.1, high - 0.035), (end + 0.1, high - 0.235),
                  (end - 0.235, high - 0.215)], Stuff.BLACK)  # fmt: skip
    drawing.fill([(end - 0.34, high - 0.06), (end + 0.1, high - 0.05), (end + 0.1, high - 0.22),
                  (end - 0.22, high - 0.2)], Stuff.TAIL)  # fmt: skip


def _top(body: Body, half: float) -> Drawing:
    """Bonnet joints, a cover over the bed; `up` runs from the left side (0) to the right."""
    drawing = Drawing(-0.1, body.length + 0.1, 2 * half)
    wide, cowl = body.width / 2, body.screen[0]
    for side in (-1, 1):
        drawing.line([(0.16, half + side * 0.5 * wide), (0.5, half + side * 0.74 * wide),
                      (cowl, half + side * 0.84 * wide)], Stuff.SEAM)  # fmt: skip
        drawing.line([(0.3, half + side * 0.3 * wide), (cowl, half + side * 0.42 * wide)],
                     Stuff.LIP, 0.02)  # fmt: skip
    if body.bed:
        start, end = body.bed
        edge = 0.84 * wide
        bed = [(start, half - edge), (end, half - edge), (end, half + edge), (start, half + edge)]
        drawing.fill(bed, Stuff.TRIM)
    return drawing
