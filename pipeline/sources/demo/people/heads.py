"""The head: its outline from any side, the face, ears, glasses and beard."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.art.dice import between, chance
from pipeline.sources.demo.art.palette import Colour, blend, scaled
from pipeline.sources.demo.art.shapes import Points, ellipse, points, smooth, tube, turned
from pipeline.sources.demo.art.textures import grained, plain
from pipeline.sources.demo.people.looks import Look

# Corners of the outline in heads about its centre, clockwise from the top; the same corner of the
# skull in both lists, so that a view in between is their weighted mean.
FRONT = points([
    (0, -0.5), (0.18, -0.475), (0.31, -0.37), (0.365, -0.19), (0.37, -0.05), (0.362, 0.08),
    (0.345, 0.19), (0.3, 0.3), (0.2, 0.43), (0.04, 0.5), (-0.18, 0.44), (-0.31, 0.28),
    (-0.36, 0.08), (-0.37, -0.14), (-0.31, -0.36), (-0.17, -0.475),
])  # fmt: skip
PROFILE = points([
    (0, -0.5), (0.2, -0.46), (0.335, -0.33), (0.37, -0.14), (0.35, -0.02), (0.445, 0.15),
    (0.365, 0.2), (0.375, 0.3), (0.33, 0.44), (0.2, 0.48), (-0.06, 0.36), (-0.22, 0.26),
    (-0.38, 0.1), (-0.43, -0.12), (-0.37, -0.34), (-0.2, -0.47),
])  # fmt: skip
BACK = FRONT * (1.0, 0.96)

TINY = 44.0  # pixels of the canvas: below it a face is no more than eyes, brows and mouth
EYE = 27.0  # degrees of longitude from the nose
RADIUS = 0.37


@dataclass(frozen=True)
class HeadFrame:
    """Where the head is: centre and height in pixels, its turn and its tilt in degrees."""

    x: float
    y: float
    size: float
    yaw: float
    tilt: float

    def place(self, outline: ArrayLike) -> Points:
        """From heads about the centre to pixels of the canvas."""
        return turned(points(outline), self.tilt) * self.size + (self.x, self.y)

    def around(
        self, longitude: float, height: float, radius: float = RADIUS
    ) -> tuple[float, float]:
        """A place on the skull, `longitude` degrees to the left of its nose as we see it."""
        return radius * float(np.sin(np.deg2rad(longitude + self.yaw))), height

    def faces(self, longitude: float) -> float:
        """The cosine between that side of the skull and our eyes: 1 is frontal, 0 the edge."""
        return float(np.cos(np.deg2rad(longitude + self.yaw)))


def outline(yaw: float, swell: float = 0.0) -> Points:
    """The silhouette in heads, from the top clockwise, swollen by `swell` heads."""
    radians = np.deg2rad(yaw)
    aside = float(np.sin(radians))
    base = FRONT if np.cos(radians) > 0 else BACK
    profile = PROFILE
    if aside < 0:  # mirrored, and read backwards to stay clockwise from the top
        profile = np.roll(PROFILE[::-1], 1, axis=0) * (-1.0, 1.0)
    elif aside == 0:
        profile = base
    turned_away = np.cos(radians) < -0.3  # the nose is hidden
    share = abs(aside) ** 2 * 0.6 if turned_away else abs(aside) ** 1.3
    curve = smooth(base + (profile - base) * share)
    length = np.linalg.norm(curve, axis=1, keepdims=True)
    return np.asarray(curve * (1 + swell / length))


def draw_skull(canvas: Canvas, frame: HeadFrame, look: Look, rng: Generator) -> None:
    """Skin over the whole head, with the ears that can be seen."""
    surface = grained(plain(look.skin), "fine", 2, 0.012, rng)
    size = frame.size
    ears = [side for side in (-86.0, 86.0) if frame.faces(side) > -0.25]
    rims = [_ear(frame, side) for side in ears]
    shapes = [frame.place(outline(frame.yaw)), *rims]
    canvas.paint(shapes, surface, "person", relief=0.17 * size, drop=0.16 * size)
    for rim in rims:
        centre = rim.mean(axis=0)
        canvas.paint([centre + (rim - centre) * 0.6], plain(scaled(look.skin, 0.72)), "mark",
                     soft=0.03 * size, opacity=0.7)  # fmt: skip


def _ear(frame: HeadFrame, side: float) -> Points:
    x, y = frame.around(side, 0.06, 0.385)
    wide = 0.045 + 0.055 * max(0.0, frame.faces(side))
    return frame.place(ellipse(x, y, wide, 0.115, 8 * np.sign(x)))


def draw_face(canvas: Canvas, frame: HeadFrame, look: Look, rng: Generator) -> None:
    """Cheeks, beard, nose, eyes with brows, and mouth; nothing from behind."""
    if frame.faces(0) < -0.12:
        return
    if frame.size < TINY:
        _far_face(canvas, frame, look)
        return
    _cheeks(canvas, frame, look.skin)
    if look.beard:
        _beard(canvas, frame, look, rng)
    _nose(canvas, frame, look.skin)
    iris = ((74, 52, 34), (96, 124, 150), (92, 112, 72), (44, 32, 26))[int(rng.integers(4))]
    brow = blend(look.hair_colour, scaled(look.skin, 0.4), 0.4)
    for side in (-EYE, EYE):
        if frame.faces(side) > 0.22:
            _eye(canvas, frame, side, look.skin, iris)
            _brow(canvas, frame, side, brow)
    _mouth(canvas, frame, look, between(rng, 0, 1) < 0.35)
    if look.glasses:
        _glasses(canvas, frame, scaled((40, 36, 40), 1 + 2 * float(chance(rng, 0.3))))


def _far_face(canvas: Canvas, frame: HeadFrame, look: Look) -> None:
    dark = plain(scaled(look.skin, 0.35))
    size = frame.size
    sides = [side for side in (-EYE, EYE) if frame.faces(side) > 0.22]
    spots = [frame.place(ellipse(*frame.around(side, 0.01), 0.06, 0.04)) for side in sides]
    brows = [frame.place(ellipse(*frame.around(side, -0.09), 0.09, 0.018)) for side in sides]
    if sides:
        canvas.paint(spots + brows, dark, "mark", opacity=0.85)
    if look.beard:
        chin = frame.place(ellipse(*frame.around(0, 0.34, 0.2), 0.2 * frame.faces(0), 0.15))
        canvas.paint([chin], plain(look.hair_colour), "mark", soft=0.05 * size)
    if frame.faces(0) > 0.1:
        mouth = frame.place(ellipse(*frame.around(0, 0.32, 0.33), 0.12 * frame.faces(0), 0.025))
        canvas.paint([mouth], plain(blend(look.skin, (140, 40, 44), 0.6)), "mark")


def _cheeks(canvas: Canvas, frame: HeadFrame, skin: Colour) -> None:
    red = blend(skin, (206, 84, 72), 0.3)
    for side in (-38.0, 38.0):
        if frame.faces(side) > 0.3:
            x, y = frame.around(side, 0.2)
            spot = frame.place(ellipse(x, y, 0.1 * frame.faces(side), 0.08))
            canvas.paint([spot], plain(red), "mark", soft=0.1 * frame.size, opacity=0.6)


def _eye(canvas: Canvas, frame: HeadFrame, side: float, skin: Colour, iris: Colour) -> None:
    x, y = frame.around(side, 0.015)
    wide, size = 0.082 * frame.faces(side) ** 0.7, frame.size
    socket = frame.place(ellipse(x, y - 0.02, 1.6 * wide, 0.075))
    canvas.paint([socket], plain(scaled(skin, 0.72)), "mark", soft=0.05 * size, opacity=0.55)
    almond = frame.place(smooth([
        (x - wide, y + 0.006), (x - 0.4 * wide, y - 0.032), (x + 0.4 * wide, y - 0.032),
        (x + wide, y + 0.006), (x, y + 0.032),
    ]))  # fmt: skip
    canvas.paint([almond], plain((236, 232, 226)), "mark")
    look_at = x + 0.02 * float(np.sin(np.deg2rad(frame.yaw)))
    canvas.paint([frame.place(ellipse(look_at, y, 0.034, 0.034))], plain(iris), "mark")
    canvas.paint([frame.place(ellipse(look_at, y, 0.017, 0.017))], plain((14, 12, 12)), "mark")
    glint = frame.place(ellipse(look_at - 0.012, y - 0.012, 0.009, 0.009))
    canvas.paint([glint], plain((250, 250, 250)), "mark")
    lid = frame.place([(x - 1.1 * wide, y + 0.004), (x, y - 0.042), (x + 1.1 * wide, y + 0.004)])
    stroke = tube(lid, [0.006 * size, 0.013 * size, 0.008 * size])
    canvas.paint([stroke], plain(scaled(skin, 0.25)), "mark", opacity=0.9)


def _brow(canvas: Canvas, frame: HeadFrame, side: float, colour: Colour) -> None:
    x, y = frame.around(side, -0.1)
    wide, inner = 0.11 * frame.faces(side) ** 0.7, -np.sign(side)
    path = frame.place([
        (x + inner * wide, y + 0.018), (x - inner * 0.2 * wide, y - 0.015),
        (x - inner * wide, y + 0.012),
    ])  # fmt: skip
    size = frame.size
    stroke = tube(path, [0.021 * size, 0.018 * size, 0.007 * size])
    canvas.paint([stroke], plain(colour), "mark", opacity=0.85)


def _nose(canvas: Canvas, frame: HeadFrame, skin: Colour) -> None:
    aside, size = float(np.sin(np.deg2rad(frame.yaw))), frame.size
    bridge, tip = 0.35 * aside, 0.43 * aside
    half = 0.06 * max(0.45, frame.faces(0))
    dark = -1.0 if canvas.light.right > 0 else 1.0
    shade = frame.place([
        (bridge, 0.0), (tip + 0.01 * dark, 0.14), (tip, 0.2), (tip + dark * 1.3 * half, 0.19),
        (bridge + dark * 0.8 * half, 0.06),
    ])  # fmt: skip
    canvas.paint([shade], plain(scaled(skin, 0.72)), "mark", soft=0.035 * size, opacity=0.75)
    ridge = tube(frame.place([(bridge, 0.02), (tip - 0.01 * dark, 0.16)]), [0.012 * size] * 2)
    canvas.paint([ridge], plain(scaled(skin, 1.15)), "mark", soft=0.025 * size, opacity=0.9)
    under = frame.place([(tip - half, 0.185), (tip, 0.208), (tip + half, 0.185)])
    stroke = tube(under, [0.012 * size, 0.008 * size, 0.012 * size])
    canvas.paint([stroke], plain(scaled(skin, 0.5)), "mark", opacity=0.75)


def _mouth(canvas: Canvas, frame: HeadFrame, look: Look, open_lips: bool) -> None:
    aside, size = float(np.sin(np.deg2rad(frame.yaw))), frame.size
    if frame.faces(0) < -0.05:
        return
    turn = max(0.3, frame.faces(0))
    x, wide, curve = 0.33 * aside, 0.13 * turn + 0.03 * look.smile * turn, 0.022 * look.smile
    lip = blend(look.skin, (170, 60, 62), 0.42)
    line = [(x - wide, 0.315 - curve), (x, 0.322 + curve), (x + wide, 0.315 - curve)]
    lower = smooth([line[0], (x, 0.335), line[2], (x + 0.55 * wide, 0.36), (x - 0.55 * wide, 0.36)])
    canvas.paint([frame.place(lower + (0, curve))], plain(lip), "mark", opacity=0.9)
    upper = smooth([line[0], (x - 0.3 * wide, 0.29), (x, 0.298), (x + 0.3 * wide, 0.29), line[2],
                    line[1]])  # fmt: skip
    canvas.paint([frame.place(upper)], plain(scaled(lip, 0.82)), "mark", opacity=0.9)
    if open_lips and look.smile > 0.4:
        teeth = smooth([(x - 0.75 * wide, 0.316), (x, 0.322), (x + 0.75 * wide, 0.316),
                        (x, 0.35 + curve)])  # fmt: skip
        canvas.paint([frame.place(teeth)], plain((240, 236, 228)), "mark")
    stroke = tube(frame.place(line), [0.006 * size, 0.01 * size, 0.006 * size])
    canvas.paint([stroke], plain(scaled(lip, 0.45)), "mark", opacity=0.85)


def _beard(canvas: Canvas, frame: HeadFrame, look: Look, rng: Generator) -> None:
    jaw = outline(frame.yaw, 0.015)
    lower = jaw[jaw[:, 1] > 0.12]
    aside = float(np.sin(np.deg2rad(frame.yaw)))
    x, turn = 0.33 * aside, max(0.35, frame.faces(0))
    top = [(x - 0.2 * turn, 0.23), (x, 0.225), (x + 0.2 * turn, 0.23)]
    shape = np.vstack([lower, closing(lower, points(top))])
    surface = grained(plain(look.hair_colour), "fine", max(1, frame.size / 45), 0.16, rng)
    canvas.paint([frame.place(shape)], surface, "person", soft=0.02 * frame.size, opacity=0.88)


def closing(arc: Points, path: Points) -> Points:
    """The path in the direction that closes the arc without crossing it."""
    direct = np.linalg.norm(arc[-1] - path[0]) + np.linalg.norm(path[-1] - arc[0])
    crossed = np.linalg.norm(arc[-1] - path[-1]) + np.linalg.norm(path[0] - arc[0])
    return path if direct <= crossed else path[::-1]


def _glasses(canvas: Canvas, frame: HeadFrame, colour: Colour) -> None:
    size = frame.size
    for side in (-EYE, EYE):
        turn = frame.faces(side)
        if turn <= 0.2:
            continue
        x, y = frame.around(side, 0.02)
        lens = frame.place(ellipse(x, y, 0.125 * turn**0.7, 0.095))
        ring = tube(np.vstack([lens, lens[:1]]), [0.011 * size] * (len(lens) + 1))
        canvas.paint([ring], plain(colour), "mark")
        temple, _ = frame.around(side * 3.1, 0.0)
        arm = frame.place([(x + np.sign(temple - x) * 0.12 * turn, y - 0.02), (temple, y)])
        canvas.paint([tube(arm, [0.01 * size] * 2)], plain(colour), "mark")
    left, right = (frame.around(side, 0.0)[0] for side in (-0.36 * EYE, 0.36 * EYE))
    bridge = frame.place([(left, 0.0), (right, 0.0)])
    if frame.faces(0) > 0.2:
        canvas.paint([tube(bridge, [0.011 * size] * 2)], plain(colour), "mark")
