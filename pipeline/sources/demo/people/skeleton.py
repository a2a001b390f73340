"""Bodies and their joints: proportions, poses, and where the joints fall in the picture.

The unit is the height of the head. A pose is built in space (x to the right of the picture when
the person faces us, y down, z towards us), turned about the upright axis and projected, so that
front, side and back views, steps and seats come out with their foreshortening.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipeline.sources.demo.art.dice import between, pick
from pipeline.sources.demo.art.shapes import Points

Joint = NDArray[np.float64]  # x, y, z
Bend = tuple[float, float]  # degrees outwards from the body, degrees forwards

ARM = (1.32, 1.12)
LEG = (1.78, 1.72)
SPINE = 2.2
TILT = 0.13  # the camera looks a little down: what is nearer stands lower


@dataclass(frozen=True)
class Build:
    """Proportions; widths are half widths, in heads."""

    heads: float = 7.2
    shoulders: float = 0.78
    chest: float = 0.62
    waist: float = 0.5
    hips: float = 0.56
    depth: float = 0.38
    bust: float = 0.0
    limbs: float = 1.0

    @property
    def stretch(self) -> float:
        """How long trunk and limbs are against those of a grown-up."""
        return (self.heads - 1.45) / 5.75


BUILDS: dict[str, Build] = {
    "man": Build(),
    "broad": Build(7.4, 0.86, 0.7, 0.56, 0.57, 0.42, 0.0, 1.1),
    "heavy": Build(6.9, 0.82, 0.74, 0.78, 0.74, 0.58, 0.04, 1.22),
    "slim": Build(7.4, 0.7, 0.54, 0.42, 0.48, 0.33, 0.0, 0.86),
    "woman": Build(7.1, 0.67, 0.53, 0.41, 0.58, 0.35, 0.1, 0.9),
    "stout woman": Build(6.8, 0.72, 0.64, 0.6, 0.74, 0.48, 0.14, 1.08),
    "child": Build(5.4, 0.6, 0.48, 0.45, 0.45, 0.32, 0.0, 0.84),
    "small child": Build(4.7, 0.56, 0.46, 0.46, 0.46, 0.33, 0.0, 0.86),
}


@dataclass(frozen=True)
class Pose:
    """Angles of the upper and lower parts of each limb; index 0 is left in the picture."""

    arms: tuple[tuple[Bend, Bend], tuple[Bend, Bend]]
    legs: tuple[tuple[Bend, Bend], tuple[Bend, Bend]]
    lean: float = 0.0  # to the right of the picture
    bow: float = 0.0  # forwards
    seated: bool = False


HANG: tuple[Bend, Bend] = ((9, 0), (5, 12))
STRAIGHT: tuple[Bend, Bend] = ((3, 0), (2, 0))
WIDE: tuple[Bend, Bend] = ((10, 3), (8, -2))
SEATED: tuple[Bend, Bend] = ((8, 84), (2, -4))

POSES: dict[str, Pose] = {
    "standing": Pose((HANG, ((14, 4), (2, 16))), (STRAIGHT, ((6, 4), (4, -2)))),
    "wide": Pose((HANG, HANG), (WIDE, WIDE)),
    "walking": Pose(
        (((8, -26), (4, 4)), ((8, 24), (4, 44))), (((2, 27), (1, 8)), ((2, -12), (1, -38))), 0, 4
    ),
    "running": Pose(
        (((12, -50), (6, 30)), ((10, 30), (-12, 110))),
        (((3, 52), (1, -32)), ((2, -18), (1, -76))), 0, 12,
    ),
    "one arm up": Pose((HANG, ((140, 0), (168, 0))), (STRAIGHT, ((6, 4), (4, -2)))),
    "arms up": Pose((((142, 0), (160, 8)), ((146, 0), (166, 4))), (WIDE, WIDE)),
    "waving": Pose((((62, 8), (158, 12)), HANG), (STRAIGHT, STRAIGHT)),
    "hand on hip": Pose((((46, -16), (-52, 16)), HANG), (STRAIGHT, ((10, 6), (6, 0))), 3),
    "both on hips": Pose((((47, -14), (-54, 14)), ((47, -14), (-54, 14))), (WIDE, WIDE)),
    "arms crossed": Pose(
        (((10, 16), (-74, 26)), ((10, 12), (-80, 18))), (STRAIGHT, ((6, 4), (4, -2)))
    ),
    "hands joined": Pose((((14, 12), (-34, 34)), ((14, 12), (-36, 32))), (STRAIGHT, STRAIGHT)),
    "arms wide": Pose((((76, 4), (88, 6)), ((74, 4), (84, 10))), (WIDE, WIDE)),
    "thinking": Pose((((12, 22), (-62, 30)), ((12, 22), (-158, 30))), (STRAIGHT, STRAIGHT)),
    "leaning": Pose((((40, 0), (14, 6)), ((16, 0), (-20, 20))), (((-4, 0), (-6, 0)), STRAIGHT), -9),
    "sitting": Pose((((12, 16), (-14, 62)), ((12, 16), (-14, 62))), (SEATED, SEATED), 0, 0, True),
    "sitting back": Pose(
        (((30, -6), (14, 34)), ((14, 18), (-20, 66))),
        (((14, 80), (6, 4)), ((6, 82), (-2, -14))), 0, -8, True,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Skeleton:
    """Joints in pixels of the canvas, with depth; pairs are in the order of the pose."""

    build: Build
    head_size: float
    yaw: float  # degrees; 0 faces us, 90 faces right, 180 shows the back
    pelvis: Joint
    neck: Joint
    head: Joint
    shoulders: tuple[Joint, Joint]
    elbows: tuple[Joint, Joint]
    wrists: tuple[Joint, Joint]
    hips: tuple[Joint, Joint]
    knees: tuple[Joint, Joint]
    ankles: tuple[Joint, Joint]
    toes: tuple[Joint, Joint]
    tilt: float  # of the head, degrees clockwise
    seated: bool

    @property
    def facing(self) -> float:
        """1 where the chest faces us, 0 in profile, -1 from behind."""
        return float(np.cos(np.deg2rad(self.yaw)))

    @property
    def aside(self) -> float:
        """1 where the chest faces right, -1 where it faces left."""
        return float(np.sin(np.deg2rad(self.yaw)))

    @property
    def ground(self) -> float:
        """The y of the lowest sole."""
        return float(max(joint[1] for joint in self.ankles)) + 0.26 * self.head_size

    def trunk(self, up: float, side: float = 0.0, front: float = 0.0) -> Points:
        """A place on the trunk: `up` 0 at the pelvis, 1 at the neck; side and front in heads."""
        centre = self.pelvis[:2] + (self.neck - self.pelvis)[:2] * up
        across = side * self.facing + front * self.aside
        return np.asarray(centre + (across * self.head_size, 0.0))

    def half_width(self, wide: float, deep: float) -> float:
        """Half the visible width, in heads, of an elliptic section of the trunk."""
        return float(np.hypot(wide * self.facing, deep * self.aside))


def _direction(bend: Bend, side: int) -> Joint:
    out, forward = np.deg2rad(bend)
    return np.array(
        [side * np.sin(out), np.cos(out) * np.cos(forward), np.cos(out) * np.sin(forward)]
    )


def jittered(pose: Pose, rng: Generator, spread: float = 5.0) -> Pose:
    """The pose with every angle a little off, sometimes mirrored."""

    def limb(bends: tuple[Bend, Bend], amount: float) -> tuple[Bend, Bend]:
        (a, b), (c, d) = bends
        e, f, g, h = (float(value) for value in rng.normal(0, amount, 4))
        return (a + e, b + f), (c + g, d + h)

    arms = limb(pose.arms[0], spread), limb(pose.arms[1], spread)
    legs = limb(pose.legs[0], spread / 3), limb(pose.legs[1], spread / 3)
    lean, bow = pose.lean + between(rng, -3, 3), pose.bow + between(rng, -2, 3)
    if pick(rng, (True, False)):
        arms, legs, lean = (arms[1], arms[0]), (legs[1], legs[0]), -lean
    return replace(pose, arms=arms, legs=legs, lean=lean, bow=bow)


def stand(build: Build, pose: Pose, yaw: float, head_size: float, tilt: float = 0.0) -> Skeleton:
    """The joints of a body in a pose, the pelvis at the origin; see `moved`."""
    long = build.stretch
    lean, bow = np.deg2rad(pose.lean), np.deg2rad(pose.bow)
    up = np.array([np.sin(lean), -np.cos(lean) * np.cos(bow), np.sin(bow)])
    neck = up * SPINE * long
    aside = np.array([np.cos(lean), np.sin(lean), 0.0])
    places: dict[str, list[Joint]] = {name: [] for name in ("S", "E", "W", "H", "K", "A", "T")}
    for index, side in enumerate((-1, 1)):
        (upper, fore), (thigh, shin) = pose.arms[index], pose.legs[index]
        shoulder = neck - up * 0.25 + aside * side * (build.shoulders - 0.08)
        elbow = shoulder + _direction(upper, side) * ARM[0] * long
        wrist = elbow + _direction(fore, side) * ARM[1] * long
        hip = np.array([side * build.hips * 0.48, 0.08, 0.0])
        knee = hip + _direction(thigh, side) * LEG[0] * long
        ankle = knee + _direction(shin, side) * LEG[1] * long
        toe = ankle + np.array([side * 0.16, 0.17, 0.62])
        for name, joint in zip("SEWHKAT", (shoulder, elbow, wrist, hip, knee, ankle, toe),
                               strict=True):  # fmt: skip
            places[name].append(joint)
    head = neck + up * 0.66 + np.array([0.0, 0.0, 0.1])

    angle = np.deg2rad(yaw)
    cos, sin = np.cos(angle), np.sin(angle)

    def seen(joint: Joint) -> Joint:
        x, y, z = joint
        across, depth = x * cos + z * sin, z * cos - x * sin
        return np.array([across, y + TILT * depth, depth]) * head_size

    def pair(name: str) -> tuple[Joint, Joint]:
        first, second = places[name]
        return seen(first), seen(second)

    origin = np.zeros(3)
    return Skeleton(
        build, head_size, yaw, origin, seen(neck), seen(head), pair("S"), pair("E"), pair("W"),
        pair("H"), pair("K"), pair("A"), pair("T"), tilt + pose.lean * 0.6, pose.seated,
    )  # fmt: skip


def moved(body: Skeleton, right: float, down: float) -> Skeleton:
    """The same body elsewhere on the canvas."""
    step = np.array([right, down, 0.0])

    def both(pair: tuple[Joint, Joint]) -> tuple[Joint, Joint]:
        return pair[0] + step, pair[1] + step

    return replace(
        body, pelvis=body.pelvis + step, neck=body.neck + step, head=body.head + step,
        shoulders=both(body.shoulders), elbows=both(body.elbows), wrists=both(body.wrists),
        hips=both(body.hips), knees=both(body.knees), ankles=both(body.ankles),
        toes=both(body.toes),
    )  # fmt: skip
