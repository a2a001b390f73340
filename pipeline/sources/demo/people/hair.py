"""Hair and hats: what lies behind the head, what covers it, and what is worn on top."""

import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.art.palette import scaled
from pipeline.sources.demo.art.shapes import Points, cloud, ellipse, points, smooth, tube
from pipeline.sources.demo.art.textures import Noise, Texture, grained, plain
from pipeline.sources.demo.people.heads import RADIUS, HeadFrame, closing, outline
from pipeline.sources.demo.people.looks import Look

SWELL = {
    "crop": 0.015, "short": 0.05, "long": 0.06, "bob": 0.07, "bun": 0.035, "tail": 0.035,
    "afro": 0.08, "curls": 0.07, "bald": 0.0,
}  # fmt: skip
FRINGE = {
    "crop": -0.29, "short": -0.27, "long": -0.3, "bob": -0.2, "bun": -0.31, "tail": -0.31,
    "afro": -0.26, "curls": -0.23, "bald": -0.3,
}  # fmt: skip


def strands(look: Look, size: float, rng: Generator) -> Texture:
    """Hair of the person's colour: fibres, or a fine curl."""
    curly = look.hair in ("afro", "curls")
    step = max(1, round(size / 60))
    kind: Noise = "fine" if curly else "fibre"
    return grained(plain(look.hair_colour), kind, step * (2 if curly else 1), 0.2, rng)


def draw_back_hair(canvas: Canvas, frame: HeadFrame, look: Look, rng: Generator) -> None:
    """The mass that falls or stands behind the head (before the trunk when we see the face)."""
    size, aside = frame.size, float(np.sin(np.deg2rad(frame.yaw)))
    surface = strands(look, size, rng)
    for shape in _mass(look, aside, frame.faces(0), rng):
        canvas.paint([frame.place(shape)], surface, "person", relief=0.14 * size)


def _mass(look: Look, aside: float, facing: float, rng: Generator) -> list[Points]:
    """Outlines in heads of the hair behind the head; the face looks towards `aside`."""
    back = -0.16 * aside
    if look.hair in ("long", "bob"):
        end = rng.uniform(0.95, 1.5) if look.hair == "long" else rng.uniform(0.42, 0.58)
        wide = rng.uniform(0.42, 0.52) - 0.08 * abs(aside)
        return [smooth([
            (back, -0.5), (back + 0.3, -0.42), (back + 0.42, -0.1), (back + wide, 0.4),
            (back + 0.92 * wide, end - 0.04), (back + 0.3 * wide, end),
            (back - 0.35 * wide, end - 0.02), (back - 0.95 * wide, end - 0.06),
            (back - wide, 0.4), (back - 0.42, -0.1), (back - 0.3, -0.42),
        ])]  # fmt: skip
    if look.hair == "bun":
        x, y = (-0.42 * aside, -0.3) if abs(aside) > 0.5 else (-0.1 * aside, -0.56)
        return [ellipse(x, y, 0.2, 0.18)]
    if look.hair == "tail":
        x = -0.45 * aside if abs(aside) > 0.3 else 0.0 if facing < 0 else 0.3
        bend = float(np.sign(x)) * 0.14
        return [tube([(0.5 * x, -0.3), (x + 0.5 * bend, -0.12), (x + bend, 0.35),
                      (x + 0.6 * bend, 0.8)], [0.1, 0.14, 0.14, 0.03])]  # fmt: skip
    if look.hair == "afro":
        return [cloud(rng, 0.6 * back, -0.16, rng.uniform(0.55, 0.68), rng.uniform(0.52, 0.62), 17,
                      0.05)]  # fmt: skip
    if look.hair == "curls":
        return [cloud(rng, 0.6 * back, -0.06, 0.49, rng.uniform(0.5, 0.62), 12, 0.1)]
    return []


def draw_cap_hair(canvas: Canvas, frame: HeadFrame, look: Look, rng: Generator) -> None:
    """The hair on the skull, down to the hairline."""
    if look.hair == "bald":
        return
    shape = _cap(frame, look, rng)
    surface = strands(look, frame.size, rng)
    canvas.paint([frame.place(shape)], surface, "person", relief=0.13 * frame.size,
                 drop=0.05 * frame.size)  # fmt: skip


def _cap(frame: HeadFrame, look: Look, rng: Generator) -> Points:
    """Hair seen on the skull: the silhouette above the ears and the nape, and the hairline."""
    swell, fringe = SWELL[look.hair], FRINGE[look.hair] + rng.uniform(-0.03, 0.03)
    facing = frame.faces(0)
    rim = outline(frame.yaw, swell)
    if facing < -0.2:  # from behind
        nape = 0.34 if look.hair not in ("crop", "short") else 0.24
        return rim[rim[:, 1] < nape]
    parting = rng.uniform(-0.04, 0.04)
    longitudes = np.array([-112, -88, -72, -50, -25, 0, 25, 50, 72, 88, 112], dtype=np.float64)
    side = 0.16 if look.hair in ("long", "bob", "afro", "curls") else 0.07
    heights = np.array([side, side, -0.06, fringe + 0.08, fringe + 0.01, fringe - 0.01, fringe,
                        fringe + 0.06, -0.06, side, side])  # fmt: skip
    heights = heights + parting * np.sin(np.deg2rad(longitudes))
    angles = np.clip(longitudes + frame.yaw, -90, 90)
    line = np.stack([(RADIUS + 0.6 * swell) * np.sin(np.deg2rad(angles)), heights], axis=1)
    seen = np.abs(longitudes + frame.yaw) <= 92
    first, last = line[seen][0], line[seen][-1]
    aside = np.sin(np.deg2rad(frame.yaw))
    nape = side + 0.2 * max(0.0, abs(aside) - 0.3)
    left = nape if aside > 0.3 else first[1]
    right = nape if aside < -0.3 else last[1]
    arc = rim[np.where(rim[:, 0] < 0, rim[:, 1] < left, rim[:, 1] < right)]
    start = int(np.argmax(np.linalg.norm(np.diff(arc, axis=0, append=arc[:1]), axis=1))) + 1
    arc = np.roll(arc, -start, axis=0)
    hairline = smooth(line[seen], steps=4, closed=False)
    return np.vstack([arc, closing(arc, hairline)])


def draw_front_locks(canvas: Canvas, frame: HeadFrame, look: Look, rng: Generator) -> None:
    """Long hair that falls over the shoulders, on both sides of the face."""
    if look.hair != "long" or frame.faces(0) < 0.3:
        return
    surface, size = strands(look, frame.size, rng), frame.size
    aside = float(np.sin(np.deg2rad(frame.yaw)))
    for side in (-1.0, 1.0):
        if side * aside > 0.3:  # it would fall across the face
            continue
        x = side * 0.37 - 0.1 * aside
        end = rng.uniform(0.8, 1.25)
        path = frame.place([(x * 0.98, -0.16), (x * 1.1, 0.15), (x * 1.16, 0.55), (x * 1.02, end)])
        lock = tube(path, [0.05 * size, 0.085 * size, 0.1 * size, 0.03 * size])
        canvas.paint([lock], surface, "person", relief=0.07 * size, drop=0.06 * size)


def draw_hat(canvas: Canvas, frame: HeadFrame, look: Look, rng: Generator) -> None:
    """A hat belongs to the person and is in the mask."""
    if look.hat in ("none", "scarf"):
        return
    size, aside = frame.size, float(np.sin(np.deg2rad(frame.yaw)))
    cloth = look.hat_cloth.texture(size, 90 + frame.tilt, rng)
    shade = plain(scaled(look.hat_cloth.colour, 0.7))
    level = {"cap": -0.2, "beanie": -0.16, "brim": -0.2}[look.hat]
    rim = outline(frame.yaw, 0.085 if look.hat == "beanie" else 0.065)
    crown = rim[rim[:, 1] < level]
    start = int(np.argmax(np.linalg.norm(np.diff(crown, axis=0, append=crown[:1]), axis=1))) + 1
    crown = np.roll(crown, -start, axis=0)
    left, right = crown[:, 0].min(), crown[:, 0].max()
    band = points([(right, level), (0.0, level + 0.06 * max(frame.faces(0), -0.4)), (left, level)])
    dome = np.vstack([crown, smooth(closing(crown, band), 5, closed=False)])
    if look.hat == "brim":
        brim = frame.place(ellipse(0, level + 0.02, 0.78, 0.13))
        canvas.paint([brim], cloth, "person", relief=0.06 * size, drop=0.12 * size)
    canvas.paint([frame.place(dome)], cloth, "person", relief=0.14 * size, drop=0.06 * size)
    if look.hat == "cap" and frame.faces(0) > -0.4:
        peak = smooth([
            (0.34 * aside - 0.3, level + 0.02), (0.52 * aside, level - 0.06),
            (0.34 * aside + 0.3, level + 0.02), (0.78 * aside + 0.2, level + 0.09),
            (0.78 * aside - 0.2, level + 0.09),
        ])  # fmt: skip
        canvas.paint([frame.place(peak)], cloth, "person", relief=0.05 * size, drop=0.1 * size)
    if look.hat in ("beanie", "brim"):
        path = frame.place([(left, level - 0.03), (0, level + 0.03), (right, level - 0.03)])
        canvas.paint([tube(path, [0.06 * size] * 3)], shade, "person", relief=0.04 * size)
    if look.hat == "beanie" and rng.random() < 0.4:
        pompon = cloud(rng, 0, -0.66, 0.13, 0.12, 9, 0.15)
        canvas.paint([frame.place(pompon)], cloth, "person", relief=0.06 * size)


def draw_head_scarf(canvas: Canvas, frame: HeadFrame, look: Look, rng: Generator) -> None:
    """A scarf about head and neck that leaves the face free; the features go on top."""
    size, turn = frame.size, frame.faces(0)
    cloth = look.hat_cloth.texture(size, 90, rng)
    neck = smooth([(-0.34, 0.2), (0.34, 0.2), (0.4, 0.6), (0.5, 0.82), (-0.5, 0.82), (-0.4, 0.6)])
    wrap = [frame.place(neck), frame.place(outline(frame.yaw, 0.085))]
    canvas.paint(wrap, cloth, "person", relief=0.13 * size, drop=0.08 * size)
    if turn > -0.1:
        x, _ = frame.around(0, 0, 0.16)
        face = frame.place(ellipse(x, 0.06, 0.2 + 0.09 * turn, 0.4))
        canvas.paint([face], plain(look.skin), "person", relief=0.1 * size)
