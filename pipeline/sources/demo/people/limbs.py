"""Arms, hands, legs and shoes."""

import numpy as np
from numpy.random import Generator

from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.art.palette import scaled
from pipeline.sources.demo.art.shapes import Points, ellipse, smooth, tube
from pipeline.sources.demo.art.textures import Texture, grained, plain
from pipeline.sources.demo.people.looks import Look
from pipeline.sources.demo.people.skeleton import Joint, Skeleton

FINGERS = ((-16.0, 0.23), (-5.0, 0.27), (6.0, 0.26), (17.0, 0.2))  # degrees, length in heads


def flesh(look: Look, rng: Generator) -> Texture:
    """Skin with a trace of unevenness."""
    return grained(plain(look.skin), "fine", 3, 0.012, rng)


def slope(start: Joint, end: Joint) -> float:
    """The direction of a limb on the picture, in degrees; 90 points down."""
    return float(np.rad2deg(np.arctan2(end[1] - start[1], end[0] - start[0])))


def part_way(start: Joint, end: Joint, share: float) -> Joint:
    """A place between two joints."""
    return np.asarray(start + (end - start) * share)


def draw_arm(canvas: Canvas, body: Skeleton, look: Look, index: int, rng: Generator) -> None:
    """Arm and sleeve, without the hand."""
    size, thick = body.head_size, body.head_size * body.build.limbs
    shoulder, elbow, wrist = body.shoulders[index], body.elbows[index], body.wrists[index]
    upper, lower = slope(shoulder, elbow), slope(elbow, wrist)
    skin = [
        tube([shoulder[:2], part_way(shoulder, elbow, 0.4)[:2], elbow[:2]],
             [0.17 * thick, 0.175 * thick, 0.135 * thick]),
        tube([elbow[:2], part_way(elbow, wrist, 0.35)[:2], wrist[:2]],
             [0.13 * thick, 0.14 * thick, 0.085 * thick]),
    ]  # fmt: skip
    canvas.paint(skin, flesh(look, rng), "person", relief=0.12 * size, drop=0.16 * size)
    if look.top == "tank":
        return
    loose = {"t-shirt": 0.05, "jumper": 0.05, "shirt": 0.05}.get(look.top, 0.08) * size
    if look.bare_arms:
        end = part_way(shoulder, elbow, 0.62)[:2]
        sleeves = [tube([shoulder[:2], end], [0.19 * thick, 0.18 * thick + loose])]
        hem = sleeves[0]
    else:
        cuff = part_way(elbow, wrist, 0.95)[:2]
        sleeves = [
            tube([shoulder[:2], elbow[:2]], [0.19 * thick + loose / 2, 0.15 * thick + loose]),
            tube([elbow[:2], part_way(elbow, wrist, 0.4)[:2], cuff],
                 [0.15 * thick + loose, 0.15 * thick + loose, 0.1 * thick + loose]),
        ]  # fmt: skip
        hem = tube([part_way(elbow, wrist, 0.88)[:2], cuff], [0.11 * thick + loose] * 2)
    canvas.paint(sleeves[:1], look.top_cloth.texture(size, upper, rng), "person",
                 relief=0.14 * size, drop=0.12 * size)  # fmt: skip
    _round_shoulder(canvas, body, look, index, rng)
    for sleeve in sleeves[1:]:
        canvas.paint([sleeve], look.top_cloth.texture(size, lower, rng), "person",
                     relief=0.13 * size)  # fmt: skip
        canvas.paint([hem], plain(scaled(look.top_cloth.colour, 0.8)), "person", relief=0.1 * size)
        _crease(canvas, elbow, upper, lower, 0.14 * thick + loose, size)


def _round_shoulder(canvas: Canvas, body: Skeleton, look: Look, index: int, rng: Generator) -> None:
    """Blend the top of the sleeve into the trunk, so that the arm grows out of it."""
    size, thick = body.head_size, body.head_size * body.build.limbs
    inwards = np.sign(body.neck[0] - body.shoulders[index][0]) * abs(body.facing)
    x, y = body.shoulders[index][:2] + (0.13 * thick * inwards, -0.01 * size)
    patch = ellipse(x, y, 0.13 * thick, 0.16 * thick)
    cloth = look.top_cloth.texture(size, 90 + body.tilt / 2, rng)
    canvas.paint([patch], cloth, "mark", soft=0.11 * size, opacity=0.9)


def _crease(
    canvas: Canvas, joint: Joint, upper: float, lower: float, reach: float, size: float
) -> None:
    """Folds of the cloth across a bent joint."""
    if size < 30:
        return
    middle = np.deg2rad((upper + lower) / 2 + 90)
    across = np.array([np.cos(middle), np.sin(middle)])
    along = np.array([-across[1], across[0]]) * 0.09 * size
    for step in (-1, 0.3, 1.4):
        ends = [joint[:2] + step * along - across * reach, joint[:2] + step * along]
        canvas.stain(tube(ends, [0.035 * size, 0.01 * size]), 0.78, 0.03 * size)


def hand_outlines(body: Skeleton, index: int, grip: bool) -> list[Points]:
    """Palm, fingers and thumb; curled in when the hand grips."""
    size = body.head_size * (0.82 + 0.08 * body.build.limbs)
    wrist, elbow = body.wrists[index], body.elbows[index]
    heading = np.deg2rad(slope(elbow, wrist))
    ahead = np.array([np.cos(heading), np.sin(heading)])
    seen = np.linalg.norm((wrist - elbow)[:2]) / (np.linalg.norm(wrist - elbow) + 1e-9)
    reach = size * max(0.6, float(seen))
    side = 1.0 if (index == 0) == (body.facing >= 0) else -1.0
    thumb_at = np.array([-ahead[1], ahead[0]]) * -side
    palm_end = wrist[:2] + ahead * 0.3 * reach
    shapes = [tube([wrist[:2], palm_end], [0.09 * size, 0.135 * size])]
    if grip:
        knuckles = [palm_end + ahead * 0.04 * size + thumb_at * size * step
                    for step in (-0.11, -0.04, 0.04, 0.11)]  # fmt: skip
        return shapes + [ellipse(x, y, 0.062 * size, 0.062 * size) for x, y in knuckles]
    for degrees, long in FINGERS:
        angle = heading + np.deg2rad(degrees) * side
        finger = np.array([np.cos(angle), np.sin(angle)])
        root = palm_end + (finger - ahead) * 0.34 * size
        tip = root + finger * (0.08 * size + long * reach)
        shapes.append(tube([root, tip], [0.048 * size, 0.034 * size]))
    root = wrist[:2] + ahead * 0.1 * reach + thumb_at * 0.06 * size
    tip = root + ahead * 0.2 * reach + thumb_at * 0.13 * size
    shapes.append(tube([root, tip], [0.055 * size, 0.038 * size]))
    return shapes


def draw_hand(
    canvas: Canvas, body: Skeleton, look: Look, index: int, grip: bool, rng: Generator
) -> None:
    """One hand, over what it holds."""
    size = body.head_size
    shapes = hand_outlines(body, index, grip or size < 36)
    canvas.paint(shapes, flesh(look, rng), "person", relief=0.07 * size, drop=0.08 * size)
    for shape in shapes[1:5] if size > 60 else ():
        canvas.stain(tube(shape[[0, 3]] + (0.02 * size, 0), [0.008 * size] * 2), 0.75, 1.0)


def draw_bare_leg(canvas: Canvas, body: Skeleton, look: Look, index: int, rng: Generator) -> None:
    """Shoe and leg, without trousers; only the shoe where a trouser leg will cover the skin."""
    size, thick = body.head_size, body.head_size * body.build.limbs
    hip, knee, ankle = body.hips[index], body.knees[index], body.ankles[index]
    _shoe(canvas, body, look, index)
    if look.bottom in ("trousers", "jeans"):
        return
    upper = tube([hip[:2], part_way(hip, knee, 0.4)[:2], knee[:2]],
                 [0.29 * thick, 0.28 * thick, 0.18 * thick])  # fmt: skip
    lower = tube([knee[:2], part_way(knee, ankle, 0.33)[:2], ankle[:2]],
                 [0.175 * thick, 0.19 * thick, 0.1 * thick])  # fmt: skip
    canvas.paint([upper, lower], flesh(look, rng), "person", relief=0.18 * size, drop=0.16 * size)
    kneecap = ellipse(knee[0], knee[1] + 0.05 * size, 0.12 * thick, 0.04 * thick)
    canvas.stain(kneecap, 0.85, 0.05 * size)


def trouser_leg(body: Skeleton, look: Look, index: int) -> list[Points]:
    """The outlines of one trouser leg, or of the leg of shorts."""
    thick = body.head_size * body.build.limbs
    hip, knee, ankle = body.hips[index], body.knees[index], body.ankles[index]
    if look.bottom == "shorts":
        hem = part_way(hip, knee, 0.82)[:2]
        return [tube([hip[:2], hem], [0.33 * thick, 0.3 * thick])]
    wider = thick * (1.0 if look.bottom == "jeans" else 1.14)
    return [
        tube([hip[:2], part_way(hip, knee, 0.45)[:2], knee[:2]],
             [0.32 * thick, 0.29 * wider, 0.215 * wider]),
        tube([knee[:2], part_way(knee, ankle, 0.4)[:2], part_way(knee, ankle, 1.04)[:2]],
             [0.215 * wider, 0.2 * wider, 0.16 * wider]),
    ]  # fmt: skip


def crease_leg(canvas: Canvas, body: Skeleton, index: int) -> None:
    """Folds of a trouser leg at the knee and above the shoe."""
    size, thick = body.head_size, body.head_size * body.build.limbs
    hip, knee, ankle = body.hips[index], body.knees[index], body.ankles[index]
    _crease(canvas, knee, slope(hip, knee), slope(knee, ankle), 0.2 * thick, size)
    _crease(canvas, part_way(knee, ankle, 0.9), 90, 90, 0.15 * thick, size)


def _shoe(canvas: Canvas, body: Skeleton, look: Look, index: int) -> None:
    size = body.head_size
    (x, y), (toe_x, toe_y) = body.ankles[index][:2], body.toes[index][:2]
    ahead = toe_x - x
    left, right = sorted((x - 0.22 * ahead, x + 1.05 * ahead))
    low, half = max(y + 0.24 * size, toe_y), 0.15 * size
    blunt = 0.5 * half if ahead > 0 else 1.3 * half  # the toe is longer than the heel
    upper = smooth([
        (x - 0.13 * size, y - 0.08 * size), (x + 0.13 * size, y - 0.08 * size),
        (right + 1.2 * half - 0.5 * blunt, low - 0.13 * size), (right + half, low),
        (left - half, low), (left - 0.5 * half - 0.4 * blunt, low - 0.13 * size),
    ])  # fmt: skip
    canvas.paint([upper], plain(look.shoe), "person", relief=0.08 * size)
    edge = tube([(left - 0.7 * half, low), (right + 0.7 * half, low)], [0.035 * size] * 2)
    pale = sum(look.shoe) > 300
    canvas.paint([edge], plain(scaled(look.shoe, 0.4) if pale else (226, 220, 210)), "person")
