"""Pictures with a person in the middle, with several, with a crowd or with nobody; as COCO's."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from joblib import Parallel, delayed
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources.demo.art.camera import photograph, reduced
from pipeline.sources.demo.art.canvas import Canvas, Layer, Light
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.textures import Box, Plane
from pipeline.sources.demo.cars.pictures import draw_car_picture
from pipeline.sources.demo.coco.annotating import CAR, PERSON, annotate, instances
from pipeline.sources.demo.people.pictures import (
    JPEG_QUALITY,
    SCALE,
    Cast,
    Framing,
    choose_person,
    choose_size,
    paint_people,
)
from pipeline.sources.demo.people.skeleton import moved

STREAM = 2  # keeps these dice apart from those of people (none) and cars (1) of the same seed
SHARE = 0.42, 0.75  # of a picture that its main person covers

HORIZON = 0.36  # of the height of a picture with passers-by
EYES = 4.4  # heads from the ground up to the camera

Kind = Literal["close", "group", "passers-by", "crowd", "car"]
KINDS: tuple[Kind, ...] = (
    "close", "close", "group", "close", "close", "crowd", "close", "close",
    "passers-by", "close", "close", "close", "car", "close", "close", "close",
)  # fmt: skip


class CocoPicture(NamedTuple):
    """An H×W×3 uint8 RGB picture, and its entries of `annotations`."""

    picture: NDArray[np.uint8]
    annotations: list[dict[str, Any]]


class Scene(NamedTuple):
    """Who is in a picture, from the farthest to the nearest; the first so many are a crowd."""

    framing: Framing
    cast: list[Cast]
    crowd: int


class GroupCanvas(Canvas):
    """A canvas that also knows how much of each pixel belongs to whom.

    `figures` holds a plane like `person` for each figure; whatever is painted later hides it.
    """

    def __init__(self, colour: Plane, light: Light) -> None:
        """See `Canvas`."""
        super().__init__(colour, light)
        self.figures: list[Plane] = []

    def next_figure(self) -> None:
        """What is painted as "person" from here on belongs to another one."""
        self.figures.append(np.zeros_like(self.person))

    def _blend(self, box: Box, colours: Plane, alpha: Plane, layer: Layer) -> None:
        super()._blend(box, colours, alpha, layer)
        if layer == "mark":
            return
        for figure in self.figures:
            inside = figure[box.top : box.bottom, box.left : box.right]
            owns = layer == "person" and figure is self.figures[-1]
            inside += ((1.0 if owns else 0.0) - inside) * alpha


def draw_coco_picture(seed: int, index: int) -> CocoPicture:
    """Picture number `index` of the world `seed`; the same pair always gives the same pixels."""
    kind = KINDS[index % len(KINDS)]
    if kind == "car":
        car = draw_car_picture(seed + STREAM, index)
        return CocoPicture(car.picture, _numbered([(car.mask, CAR, False)], index))
    rng = np.random.default_rng([seed, index, STREAM])
    while True:
        drawn, share = _draw(rng, kind, index)
        if kind != "close" or SHARE[0] <= share <= SHARE[1]:
            return drawn


def _draw(rng: Generator, kind: Kind, index: int) -> tuple[CocoPicture, float]:
    """A picture, and the share of it that the nearest person covers."""
    height, width = choose_size(rng)
    framing, cast, crowd = _scene(rng, kind, height * SCALE, width * SCALE)
    canvas = paint_people(rng, framing, cast, height, width, GroupCanvas)
    masks = [reduced(figure, height, width) > 0.5 for figure in canvas.figures[crowd:]]
    share = float(masks[-1].mean()) if masks else 0.0
    found = [(masks[place], PERSON, False) for place in rng.permutation(len(masks))]
    if crowd:
        many = np.sum(canvas.figures[:crowd], axis=0)
        found.append((reduced(many, height, width) > 0.5, PERSON, True))
    picture = photograph(reduced(canvas.colour, height, width), rng)
    return CocoPicture(picture, _numbered(found, index)), share


def _numbered(
    found: Sequence[tuple[NDArray[np.bool_], int, bool]], index: int
) -> list[dict[str, Any]]:
    number = image_id(index)
    entries = [
        annotate(mask, category, number, 100 * number + place, crowd=crowd)
        for place, (mask, category, crowd) in enumerate(found)
    ]
    return [entry for entry in entries if entry is not None]


def _scene(rng: Generator, kind: Kind, height: int, width: int) -> Scene:
    if kind == "passers-by":
        return Scene("far", _passers_by(rng, int(rng.integers(1, 5)), height, width), 0)
    if kind == "crowd":
        crowd = _row(rng, int(rng.integers(8, 15)), height, width)
        near = _passers_by(rng, int(rng.integers(0, 3)), height, width)
        if chance(rng, 0.5):
            near += _large(rng, "bust", 1, height, width)
        return Scene("far", crowd + near, len(crowd))
    count = 1 if kind == "close" else int(rng.integers(2, 4))
    behind = _passers_by(rng, int(rng.integers(1, 4)), height, width) if chance(rng, 0.35) else []
    framing: Framing = pick(rng, ("bust", "half"), (2, 1))
    return Scene(framing, behind + _large(rng, framing, count, height, width), 0)


def _large(rng: Generator, framing: Framing, count: int, height: int, width: int) -> list[Cast]:
    """People who fill the picture, beside each other around its middle."""
    low, high = (0.46, 0.6) if framing == "bust" else (0.4, 0.48)
    head = min(between(rng, low, high) * np.sqrt(height * width), 0.62 * height)
    head /= 1 if count == 1 else 1.35
    middle, step = between(rng, 0.44, 0.56) * width, max(1.3 * head, 0.8 * width / (count + 0.6))
    people = [
        choose_person(
            rng, framing, head * between(rng, 0.92, 1.06),
            middle + (place - (count - 1) / 2) * step, height,
        )
        for place in range(count)
    ]  # fmt: skip
    return sorted(people, key=lambda one: one.body.ground)


def _passers_by(rng: Generator, count: int, height: int, width: int) -> list[Cast]:
    """People far off."""
    people = [
        _far_off(rng, between(rng, 0.06, 0.11) * height, between(rng, 0.04, 0.96) * width, height)
        for _ in range(count)
    ]
    return sorted(people, key=lambda one: one.body.ground)


def _row(rng: Generator, count: int, height: int, width: int) -> list[Cast]:
    """People who stand close together, farther off."""
    head, left = between(rng, 0.045, 0.06) * height, between(rng, -0.1, 0.4) * width
    people = [
        _far_off(
            rng, head * between(rng, 0.9, 1.1), left + place * head * between(rng, 1.3, 1.9), height
        )
        for place in range(count)
    ]
    return sorted(people, key=lambda one: one.body.ground)


def _far_off(rng: Generator, head: float, x: float, height: int) -> Cast:
    """Somebody who stands on the level ground, as high in the picture as the size wants it."""
    person = choose_person(rng, "far", head, x, height)
    down = HORIZON * height + EYES * head - person.body.ground
    return replace(person, body=moved(person.body, 0, down))


def image_id(index: int) -> int:
    """The number of a picture among COCO's."""
    return index + 1


def write_coco(folder: Path, count: int, seed: int, *, workers: int = -1) -> None:
    """Write `count` pictures, images/000000000001.jpg and on, and annotations/instances.json.

    The bytes do not depend on the number of workers; -1 takes every core.
    """
    folder = folder.absolute()  # a worker that is used again has a working directory of its own
    for name in ("annotations", "images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    written = Parallel(n_jobs=workers)(
        delayed(_write_picture)(folder / "images", seed, index) for index in range(count)
    )
    entries = chain.from_iterable(annotations for _, annotations in written)
    content = instances([image for image, _ in written], list(entries))
    (folder / "annotations" / "instances.json").write_bytes(msgspec.json.encode(content))


def _write_picture(
    folder: Path, seed: int, index: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    drawn, number = draw_coco_picture(seed, index), image_id(index)
    name = f"{number:012d}.jpg"
    Image.fromarray(drawn.picture).save(folder / name, quality=JPEG_QUALITY)
    height, width = drawn.picture.shape[:2]
    image = {"license": 1, "file_name": name, "height": height, "width": width, "id": number}
    return image, drawn.annotations
