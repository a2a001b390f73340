"""Pictures of people with exact silhouettes, one by one or as a folder in the Kaggle layout."""

from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Literal, TypeVar, get_args

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources.demo.art.camera import photograph, reduced
from pipeline.sources.demo.art.canvas import Canvas, Light
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour
from pipeline.sources.demo.art.place import Place
from pipeline.sources.demo.art.shapes import ellipse
from pipeline.sources.demo.people.figures import draw_figure
from pipeline.sources.demo.people.foregrounds import (
    draw_contact_shadow,
    draw_in_front,
    draw_seat,
    draw_wall_shadow,
)
from pipeline.sources.demo.people.looks import Look, choose_look
from pipeline.sources.demo.people.props import HOLDING, Prop, choose_prop
from pipeline.sources.demo.people.skeleton import POSES, Skeleton, jittered, moved, stand
from pipeline.sources.demo.places import parks, rooms, streets
from pipeline.sources.demo.places.clutter import draw_clutter

SCALE = 2  # canvas pixels per picture pixel: where the soft edges come from
HEAD = 0.235  # metres
JPEG_QUALITY = 92
COVERAGE = 0.04, 0.65  # least and largest share of a picture that is person
VALIDATION_SHARE = 0.1
SCENES = {
    "room": rooms.room, "street": streets.street, "park": parks.park,
    "beach": parks.beach, "studio": rooms.studio,
}  # fmt: skip

C = TypeVar("C", bound=Canvas)
Framing = Literal["far", "full", "knees", "half", "bust"]
FRAMINGS: tuple[Framing, ...] = get_args(Framing)


@dataclass(frozen=True)
class DemoPicture:
    """An H×W×3 uint8 RGB picture and its H×W bool mask, True on every person in it."""

    picture: NDArray[np.uint8]
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Cast:
    """One person of a picture: appearance, joints, head and what it holds."""

    look: Look
    body: Skeleton
    head_turn: float
    prop: Prop | None


def draw_person_picture(seed: int, index: int) -> DemoPicture:
    """Picture number `index` of the world `seed`; the same pair always gives the same pixels."""
    rng = np.random.default_rng([seed, index])
    low, high = COVERAGE
    while True:
        drawn = _draw(rng)
        if low <= drawn.mask.mean() <= high:
            return drawn


def _draw(rng: Generator) -> DemoPicture:
    height, width = choose_size(rng)
    framing = pick(rng, FRAMINGS, (0.3, 1.9, 2.6, 3.0, 2.1))
    cast = _choose_cast(rng, framing, height * SCALE, width * SCALE)
    canvas = paint_people(rng, framing, cast, height, width, Canvas)
    picture = photograph(reduced(canvas.colour, height, width), rng)
    return DemoPicture(picture, reduced(canvas.person, height, width) > 0.5)


def choose_size(rng: Generator) -> tuple[int, int]:
    """Height and width: portrait, landscape or square, sides of 144 to 256 pixels."""
    long, short = int(rng.integers(188, 249)), int(rng.integers(144, 189))
    shape = pick(rng, ("portrait", "landscape", "square"), (5, 2.5, 2.5))
    return {"portrait": (long, short), "landscape": (short, long), "square": (long, long)}[shape]


def _choose_cast(rng: Generator, framing: Framing, height: int, width: int) -> list[Cast]:
    """The people, from the farthest to the nearest, placed on the canvas."""
    wide = width / height
    count = 1
    if framing != "bust" and chance(rng, 0.22 if wide > 0.9 else 0.1):
        count = 3 if wide > 1.1 and chance(rng, 0.4) else 2
    centre = between(rng, 0.36, 0.64)
    if count == 1 and framing != "far" and chance(rng, 0.1):
        centre = pick(rng, (between(rng, 0.04, 0.22), between(rng, 0.78, 0.96)))
    head = _head_size(rng, framing, height)
    step = max(2.1 * head, 0.9 * width / (count + 1)) / width
    people = []
    for index in range(count):
        x = (centre if count == 1 else 0.5 + (index - (count - 1) / 2) * step) * width
        people.append(choose_person(rng, framing, head * between(rng, 0.94, 1.06), x, height))
    return sorted(people, key=lambda cast: cast.body.ground)


def _head_size(rng: Generator, framing: Framing, height: int) -> float:
    low, high = {
        "far": (0.06, 0.08), "full": (0.112, 0.132), "knees": (0.16, 0.2), "half": (0.22, 0.29),
        "bust": (0.34, 0.45),
    }[framing]  # fmt: skip
    return between(rng, low, high) * height


def choose_person(rng: Generator, framing: Framing, head: float, x: float, height: int) -> Cast:
    """Anybody, with a head of so many canvas pixels, at `x`, as low as the framing wants."""
    names = [name for name in POSES if framing != "bust" or not POSES[name].seated]
    usual = {"standing": 2.5, "walking": 2.5}
    weights = [usual.get(name, 0.5 if POSES[name].seated else 1.0) for name in names]
    pose = jittered(POSES[pick(rng, names, weights)], rng)
    yaw = pick(rng, (rng.normal(0, 22), rng.normal(0, 55), rng.uniform(60, 110), 180 + rng.normal(
        0, 30)), (5, 3, 1.2, 1))  # fmt: skip
    yaw = float(yaw) * pick(rng, (-1, 1))
    if pose.seated:
        yaw = between(rng, 15, 80) * pick(rng, (-1, 1))
    look = choose_look(rng, pose.seated)
    prop = choose_prop(rng) if chance(rng, 0.35) else None
    if prop is not None:
        arms = list(pose.arms)
        arms[prop.hand] = HOLDING[prop.kind]
        pose = replace(pose, arms=(arms[0], arms[1]))
    body = stand(look.build, pose, yaw, head, between(rng, -9, 9))
    body = moved(body, x - float(body.pelvis[0]), _drop(rng, framing, body, height))
    return Cast(look, body, float(np.clip(rng.normal(0, 22), -50, 50)), prop)


def _drop(rng: Generator, framing: Framing, body: Skeleton, height: int) -> float:
    """How far down to move the body: by its soles if they are to be seen, else by its head."""
    if framing in ("far", "full"):
        low, high = (0.66, 0.95) if framing == "far" else (0.93, 0.985)
        return between(rng, low, high) * height - body.ground
    low, high = {"knees": (0.13, 0.2), "half": (0.2, 0.32), "bust": (0.36, 0.46)}[framing]
    return between(rng, low, high) * height - float(body.head[1])


def paint_people(
    rng: Generator,
    framing: Framing,
    cast: list[Cast],
    height: int,
    width: int,
    canvas_of: type[C],
) -> C:
    """Paint the cast in this order before a scene of height × width, on a canvas SCALE as large."""
    angle = between(rng, -2.6, -0.5)
    light = Light(float(np.cos(angle)), float(np.sin(angle)), between(rng, 0.45, 1.0))
    canvas = canvas_of(_backdrop(rng, cast, light, height, width), light)
    front = cast[-1].body
    for person in cast:
        draw_contact_shadow(canvas, person.body)
        if chance(rng, 0.4):
            draw_wall_shadow(canvas, person.body)
        if person.body.seated:
            draw_seat(canvas, person.body, rng)
        canvas.next_figure()
        draw_figure(canvas, person.body, person.look, person.head_turn, person.prop, rng)
    if framing != "far" and chance(rng, 0.15):
        draw_in_front(canvas, front, framing in ("half", "bust"), rng)
    return canvas


def _backdrop(
    rng: Generator, cast: list[Cast], light: Light, height: int, width: int
) -> NDArray[np.float32]:
    """The scene, out of focus behind the people, at single size and then enlarged."""
    body = cast[0].body
    metre = body.head_size / SCALE / HEAD * between(rng, 0.7, 0.95)
    floor = body.ground / SCALE - between(rng, 0.2, 0.9) * metre
    flat = Canvas(np.zeros((height, width, 3), dtype=np.float32), light)
    looks = [_colours(person.look) for person in cast]
    place = Place(flat, rng, metre, floor, tuple(chain.from_iterable(looks)))
    scene = pick(rng, tuple(SCENES), (4, 3, 3, 1, 0.6))
    SCENES[scene](place)
    if scene != "studio" or chance(rng, 0.7):
        repeated = looks[-1][: pick(rng, (1, 1, 2))]
        draw_clutter(place, repeated, indoors=scene in ("room", "studio"))
    _dapple(flat, rng)
    blurred = cv2.GaussianBlur(flat.colour, (0, 0), between(rng, 2.2, 3.6))
    size = (width * SCALE, height * SCALE)
    return np.asarray(cv2.resize(blurred, size, interpolation=cv2.INTER_LINEAR))


def _colours(look: Look) -> tuple[Colour, ...]:
    """What of a person the scenery may repeat."""
    return (look.skin, look.top_cloth.colour, look.bottom_cloth.colour, look.hair_colour,
            look.top_cloth.second)  # fmt: skip


def _dapple(canvas: Canvas, rng: Generator) -> None:
    """Large soft patches of light and shade across the scene."""
    height, width = canvas.height, canvas.width
    for _ in range(int(rng.integers(1, 5))):
        wide, high = between(rng, 0.1, 0.4) * width, between(rng, 0.1, 0.5) * height
        x, y = between(rng, 0, width), between(rng, 0, height)
        patch = ellipse(x, y, wide, high, between(rng, -60, 60))
        factor = pick(rng, (between(rng, 0.5, 0.8), between(rng, 1.12, 1.32)))
        canvas.stain(patch, factor, between(rng, 2, 0.12 * width))


def write_people(folder: Path, count: int, seed: int, *, workers: int = -1) -> None:
    """Write `count` pictures, masks and lists of names in the layout of "Person Segmentation".

    images/person_0000.jpg, masks/person_0000.png (0 or 255), segmentation/{train,val,trainval}.txt.
    The bytes do not depend on the number of workers; -1 takes every core.
    """
    folder = folder.absolute()  # a worker that is used again has a working directory of its own
    for name in ("images", "masks", "segmentation"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    Parallel(n_jobs=workers)(delayed(_write_picture)(folder, seed, i) for i in range(count))
    stems = [_stem(index) for index in range(count)]
    chosen = np.random.default_rng([seed, count]).permutation(count)
    val = sorted(stems[index] for index in chosen[: round(count * VALIDATION_SHARE)])
    train = sorted(set(stems) - set(val))
    for name, names in (("train", train), ("val", val), ("trainval", stems)):
        lines = "".join(f"{stem}\n" for stem in names)
        (folder / "segmentation" / f"{name}.txt").write_text(lines, encoding="utf-8")


def _stem(index: int) -> str:
    return f"person_{index:04d}"


def _write_picture(folder: Path, seed: int, index: int) -> None:
    drawn = draw_person_picture(seed, index)
    stem = _stem(index)
    Image.fromarray(drawn.picture).save(folder / "images" / f"{stem}.jpg", quality=JPEG_QUALITY)
    Image.fromarray(drawn.mask.astype(np.uint8) * 255).save(folder / "masks" / f"{stem}.png")
