"""The front and the rear of a car as drawings."""

import numpy as np

from pipeline.sources.demo.cars.bodies import Body, Model
from pipeline.sources.demo.cars.drawings import Drawing, Stuff, bar
from pipeline.sources.demo.cars.shapes import DROP, curve, half_width


class Face:
    """Where things sit on the front: heights from the ground, half width."""

    def __init__(self, body: Body) -> None:
        self.half = body.width / 2
        self.lip = _crest(body, 0.13)  # the front edge of the bonnet
        self.nose = body.profile[0][1]
        self.low = body.sill
        self.lamp_top = self.lip - 0.02
        self.lamp_low = self.lip - 0.17 if body.height < 1.6 else self.lip - 0.2


def _crest(body: Body, x: float) -> float:
    """The height of the centre line at x."""
    return float(curve(body.profile, np.array([x]))[0])


def front(body: Body, model: Model, plate: str, half: float) -> Drawing:
    """Windscreen, grille, lamps, air intakes and plate, over (y, z) as seen from before."""
    drawing = Drawing(-half, half, body.height + 0.1)
    face = Face(body)
    _windscreen(drawing, body, body.screen, wipers=True)
    _lower_front(drawing, face, body.clad)
    _grille(drawing, face, model)
    _headlamps(drawing, face, model)
    bumper = face.low + 0.44 * (face.lip - face.low)
    _plate(drawing, plate, bumper - 0.01)
    return drawing


def _windscreen(drawing: Drawing, body: Body, reach: tuple[float, float], wipers: bool) -> None:
    """A window across the car, between its side edges, in a black frame."""
    ends = sorted((_crest(body, reach[0]) + 0.01, _crest(body, reach[1]) - 0.02))
    z = np.linspace(ends[0], ends[1], 12)
    x = np.full_like(z, sum(reach) / 2)
    for rim, stuff in ((0.045, Stuff.BLACK), (0.075, Stuff.GLASS)):
        inner = np.linspace(ends[0] + rim - 0.035, ends[1] - rim + 0.03, 12)
        y = half_width(body, x, inner, body.height - DROP) - rim - 0.012
        drawing.fill(np.concatenate([np.stack([y, inner], 1), np.stack([-y, inner], 1)[::-1]]),
                     stuff)  # fmt: skip
    if wipers:
        base = ends[0] + 0.015
        wide = body.width / 2
        drawing.line([(-0.62 * wide, base + 0.03), (0.08 * wide, base)], Stuff.TRIM, 0.014)
        drawing.line([(-0.02 * wide, base + 0.04), (0.62 * wide, base)], Stuff.TRIM, 0.014)


def _lower_front(drawing: Drawing, face: Face, clad: bool) -> None:
    """The lower air intake, fog lamps and the lip under them."""
    half, low, lip = face.half, face.low, face.lip
    middle = low + 0.36 * (lip - low)
    drawing.fill([(-half, low + 0.03), (half, low + 0.03), (half, 0), (-half, 0)], Stuff.TRIM)
    if clad:
        drawing.fill([(-half, middle - 0.02), (half, middle - 0.02), (half, 0), (-half, 0)],
                     Stuff.TRIM)  # fmt: skip
        drawing.fill([(-0.5 * half, low + 0.1), (0.5 * half, low + 0.1), (0.4 * half, low + 0.04),
                      (-0.4 * half, low + 0.04)], Stuff.CHROME)  # fmt: skip
    drawing.fill([(-0.52 * half, middle), (0.52 * half, middle), (0.6 * half, low + 0.06),
                  (-0.6 * half, low + 0.06)], Stuff.BLACK)  # fmt: skip
    for z in np.linspace(low + 0.09, middle - 0.03, 3).tolist():
        drawing.line([(-0.55 * half, z), (0.55 * half, z)], Stuff.TRIM, 0.014)
    for side in (-1, 1):
        drawing.fill([(side * 0.67 * half, middle + 0.02), (side * 0.9 * half, middle + 0.05),
                      (side * 0.88 * half, low + 0.1), (side * 0.71 * half, low + 0.08)],
                     Stuff.BLACK)  # fmt: skip
        drawing.disc(side * 0.79 * half, (low + middle) / 2 + 0.05, 0.042, Stuff.LED)


def _grille(drawing: Drawing, face: Face, model: Model) -> None:
    half, top = face.half, face.lip - 0.035
    low = face.low + 0.53 * (face.lip - face.low)
    wide, foot = {"bars": (0.44, 0.40), "mesh": (0.40, 0.48), "slot": (0.5, 0.5),
                  "shield": (0.5, 0.36)}[model.grille]  # fmt: skip
    if model.grille == "slot":
        low = top - 0.055
    if model.grille == "shield":
        low -= 0.04
    outline = [(-wide * half, top), (wide * half, top), (foot * half, low), (-foot * half, low)]
    drawing.fill(outline, Stuff.BLACK)
    if model.grille == "bars":
        for y in np.linspace(-foot, foot, 13).tolist():
            drawing.line([(y * half, low + 0.01), (y * half, top - 0.01)], Stuff.CHROME, 0.012)
    elif model.grille == "mesh":
        for step in np.linspace(-1, 1, 17).tolist():
            drawing.line([(step * wide * half, top), ((step + 0.1) * foot * half, low)], Stuff.TRIM,
                         0.01)  # fmt: skip
    elif model.grille == "shield":
        for z in np.linspace(low + 0.04, top - 0.04, 3).tolist():
            drawing.line([(-0.42 * half, z), (0.42 * half, z)], Stuff.CHROME, 0.018)
    if model.grille != "slot":
        drawing.line([*outline, outline[0]], Stuff.CHROME, 0.013)
    drawing.disc(0, top + (0.02 if model.grille == "slot" else -0.035), 0.05, Stuff.CHROME)
    drawing.disc(0, top + (0.02 if model.grille == "slot" else -0.035), 0.03, Stuff.BLACK)


def _headlamps(drawing: Drawing, face: Face, model: Model) -> None:
    half, top, low = face.half, face.lamp_top, face.lamp_low
    for side in (-1, 1):
        if model.lamps == "round":
            drawing.disc(side * 0.74 * half, (top + low) / 2, 0.112, Stuff.CHROME)
            drawing.disc(side * 0.74 * half, (top + low) / 2, 0.098, Stuff.HEADLAMP)
            drawing.disc(side * 0.74 * half, (top + low) / 2, 0.045, Stuff.LED)
            continue
        if model.lamps == "split":
            drawing.fill([(side * 0.56 * half, top), (side * 1.05 * half, top + 0.01),
                          (side * 1.05 * half, top - 0.045), (side * 0.58 * half, top - 0.04)],
                         Stuff.LED)  # fmt: skip
            drawing.fill([(side * 0.62 * half, top - 0.09), (side * 0.92 * half, top - 0.09),
                          (side * 0.9 * half, low - 0.03), (side * 0.66 * half, low - 0.03)],
                         Stuff.HEADLAMP)  # fmt: skip
            drawing.disc(side * 0.78 * half, (top + low) / 2 - 0.06, 0.035, Stuff.LED)
            continue
        foot = low + (0.05 if model.lamps == "slim" else 0)
        drawing.fill([(side * 0.52 * half, top - 0.03), (side * 1.05 * half, top + 0.02),
                      (side * 1.05 * half, foot + 0.02), (side * 0.56 * half, foot)],
                     Stuff.HEADLAMP)  # fmt: skip
        drawing.disc(side * 0.66 * half, (top + foot) / 2 - 0.01, 0.036, Stuff.LED)
        drawing.disc(side * 0.8 * half, (top + foot) / 2, 0.036, Stuff.LED)
        if model.lamps == "slim":
            drawing.line([(side * 0.53 * half, top - 0.03), (side * 1.0 * half, top + 0.015)],
                         Stuff.LED, 0.018)  # fmt: skip


def _plate(drawing: Drawing, words: str, z: float) -> None:
    for grow, stuff in ((0.012, Stuff.TRIM), (0.0, Stuff.PLATE)):
        y, high = 0.26 + grow, 0.055 + grow
        drawing.fill([(-y, z + high), (y, z + high), (y, z - high), (-y, z - high)], stuff)
    drawing.text(words, 0, z, 0.07)


def rear(body: Body, model: Model, plate: str, half: float) -> Drawing:
    """Rear window, lamps, tailgate, bumper and plate, over (y, z)."""
    drawing = Drawing(-half, half, body.height + 0.1)
    wide, low = body.width / 2, body.sill
    belt = float(curve(body.belt, np.array([body.length]))[0])
    _windscreen(drawing, body, body.backlight, wipers=False)
    tall = body.height > 1.75 and body.bed is None
    _tail_lamps(drawing, wide, belt, tall, model)
    middle = low + 0.42 * (belt - low)
    gate = 0.76 * wide if not tall else 0.9 * wide
    drawing.line([(-gate, belt - 0.24), (-0.95 * gate, middle), (0.95 * gate, middle),
                  (gate, belt - 0.24)], Stuff.SEAM)  # fmt: skip
    if tall:
        drawing.line([(0, middle), (0, body.height - 0.1)], Stuff.SEAM, 0.016)
    drawing.fill([(-wide, low + 0.2), (wide, low + 0.2), (wide, 0), (-wide, 0)], Stuff.TRIM)
    for side in (-1, 1):
        drawing.fill(bar(side * 0.62 * wide - 0.1, side * 0.62 * wide + 0.1, low + 0.13, 0.05),
                     Stuff.CHROME)  # fmt: skip
        drawing.fill(bar(side * 0.82 * wide - 0.08, side * 0.82 * wide + 0.08, low + 0.28, 0.035),
                     Stuff.TAIL)  # fmt: skip
    at = belt - 0.3 if not tall else middle + 0.1
    drawing.fill(bar(-0.29, 0.29, at + 0.085, 0.028), Stuff.CHROME)
    _plate(drawing, plate, at)
    drawing.disc(0 if not tall else -0.45, belt - 0.12, 0.036, Stuff.CHROME)
    return drawing


def _tail_lamps(drawing: Drawing, wide: float, belt: float, tall: bool, model: Model) -> None:
    for side in (-1, 1):
        if tall:
            drawing.fill([(side * 0.855 * wide, belt + 0.12), (side * 1.1 * wide, belt + 0.12),
                          (side * 1.1 * wide, belt - 0.42), (side * 0.855 * wide, belt - 0.42)],
                         Stuff.BLACK)  # fmt: skip
            drawing.fill([(side * 0.87 * wide, belt + 0.1), (side * 1.1 * wide, belt + 0.1),
                          (side * 1.1 * wide, belt - 0.4), (side * 0.87 * wide, belt - 0.4)],
                         Stuff.TAIL)  # fmt: skip
            drawing.fill([(side * 0.87 * wide, belt - 0.12), (side * 1.1 * wide, belt - 0.12),
                          (side * 1.1 * wide, belt - 0.22), (side * 0.87 * wide, belt - 0.22)],
                         Stuff.CLEAR)  # fmt: skip
            continue
        inner = {"wide": 0.58, "slim": 0.42, "split": 0.5, "round": 0.64}[model.lamps]
        drawing.fill([(side * (inner - 0.025) * wide, belt - 0.05),
                      (side * 1.1 * wide, belt - 0.035), (side * 1.1 * wide, belt - 0.235),
                      (side * (inner + 0.085) * wide, belt - 0.225)], Stuff.BLACK)  # fmt: skip
        drawing.fill([(side * inner * wide, belt - 0.065), (side * 1.1 * wide, belt - 0.05),
                      (side * 1.1 * wide, belt - 0.22), (side * (inner + 0.1) * wide, belt - 0.21)],
                     Stuff.TAIL)  # fmt: skip
        drawing.fill([(side * (inner + 0.08) * wide, belt - 0.15), (side * 0.84 * wide,
                      belt - 0.15), (side * 0.84 * wide, belt - 0.19), (side * (inner + 0.11)
                      * wide, belt - 0.19)], Stuff.CLEAR)  # fmt: skip
    if model.lamps == "slim":
        drawing.line([(-0.5 * wide, belt - 0.085), (0.5 * wide, belt - 0.085)], Stuff.TAIL, 0.03)
