"""Pictures of cars with exact silhouettes, one by one or as a folder of pictures and masks."""

from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from joblib import Parallel, delayed
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources.demo.art.camera import photograph, reduced
from pipeline.sources.demo.art.dice import between, chance, pick
from pipeline.sources.demo.art.palette import Colour, scaled
from pipeline.sources.demo.art.raster import View, look, visible
from pipeline.sources.demo.art.solids import Floats
from pipeline.sources.demo.cars.blueprints import arch, draw_blueprint
from pipeline.sources.demo.cars.bodies import BODIES, MODELS, Body, Model, stretched
from pipeline.sources.demo.cars.cabin import World
from pipeline.sources.demo.cars.finish import Finish, shade
from pipeline.sources.demo.cars.shapes import Shape, build
from pipeline.sources.demo.cars.showrooms import choose_scene, draw_scene
from pipeline.sources.demo.people.pictures import JPEG_QUALITY

SCALE = 2  # car pixels per picture pixel: where the soft edges come from
COVERAGE = 0.2, 0.6  # least and largest share of a picture that is car
BRIGHT = 1.14  # exposure for the car, not for the walls
MARGIN = 6  # pixels between the car and the frame
STREAM = 1  # keeps these dice apart from those of the people of the same seed

Angle = Literal[
    "front", "front_left", "front_right", "left", "right", "rear_left", "rear_right", "rear"
]
ANGLES: tuple[Angle, ...] = get_args(Angle)
# Where the camera stands around the car, in degrees from its nose, and how far that may vary.
AROUND: dict[Angle, tuple[float, float]] = {
    "front": (0, 5), "front_left": (-40, 13), "front_right": (40, 13), "left": (-90, 6),
    "right": (90, 6), "rear_left": (-140, 13), "rear_right": (140, 13), "rear": (180, 5),
}  # fmt: skip

PAINTS: tuple[tuple[Colour, float], ...] = (
    ((236, 236, 234), 4.0),
    ((26, 27, 30), 3.5),
    ((172, 176, 180), 3.5),
    ((96, 100, 106), 3.5),
    ((34, 58, 116), 2.0),
    ((70, 112, 166), 1.0),
    ((168, 22, 26), 2.0),
    ((40, 66, 52), 0.6),
    ((214, 158, 36), 0.4),
    ((196, 84, 30), 0.5),
    ((104, 72, 52), 0.4),
    ((196, 184, 160), 0.6),
    ((122, 176, 180), 0.4),
)


class CarPicture(NamedTuple):
    """An H×W×3 uint8 RGB picture, its H×W bool mask, True on the whole car, and what it shows."""

    picture: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    model: Model
    angle: Angle


def draw_car_picture(seed: int, index: int) -> CarPicture:
    """Picture number `index` of the world `seed`; the same pair always gives the same pixels."""
    rng = np.random.default_rng([seed, index, STREAM])
    model = _model(seed, index)
    low, high = COVERAGE
    while True:
        drawn = _draw(rng, model)
        if low <= drawn.mask.mean() <= high:
            return drawn


def _model(seed: int, index: int) -> Model:
    """Every model once, in an order of its own, before any comes again."""
    turn, place = divmod(index, len(MODELS))
    order = np.random.default_rng([seed, turn, STREAM, 1]).permutation(len(MODELS))
    return MODELS[int(order[place])]


def _draw(rng: Generator, model: Model) -> CarPicture:
    angle = pick(rng, ANGLES, (1, 2, 2, 1.3, 1.3, 1.7, 1.7, 1))
    height, width = _size(rng, angle)
    body = stretched(BODIES[model.body], model.long, model.high)
    shape = build(body, pick(rng, (0.0, between(rng, -22, 22))))
    azimuth = float(np.deg2rad(AROUND[angle][0] + AROUND[angle][1] * between(rng, -1, 1)))
    view = _frame(rng, _stand(rng, body, azimuth), shape, height, width)
    scene = choose_scene(rng, azimuth)
    colour = draw_scene(rng, scene, view, body, height, width)
    car, cover = _render(rng, model, body, shape, view, scene.world, height, width)
    colour += car - colour * cover[..., None]
    return CarPicture(photograph(colour * np.float32(BRIGHT), rng), cover > 0.5, model, angle)


def _size(rng: Generator, angle: Angle) -> tuple[int, int]:
    """Height and width: 320 to 480 pixels wide, 4:3 or 3:2; a side view is wide."""
    width = 4 * int(rng.integers(80, 121))
    wide = chance(rng, 0.85 if angle in ("left", "right") else 0.4)
    return round(width * (2 / 3 if wide else 3 / 4)), width


def _stand(rng: Generator, body: Body, azimuth: float) -> View:
    """A camera around the car, some metres off, from waist height to above the roof."""
    target = body.length / 2, 0.0, 0.45 * body.height
    away, high = between(rng, 5.5, 10.5), between(rng, 1.0, 2.5)
    place = (target[0] - away * float(np.cos(azimuth)), away * float(np.sin(azimuth)), high)
    return look(place, target)


def _frame(rng: Generator, view: View, shape: Shape, height: int, width: int) -> View:
    """The view, its lens chosen so that the car has its share of the frame and stands inside it."""
    pixels, _ = view.project(shape.mesh.points)
    (left, top), (right, bottom) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
    wide, high = right - left, bottom - top
    most = min((width - 2 * MARGIN - 2) / wide, (height - 2 * MARGIN - 2) / high)
    wanted = np.sqrt(between(rng, 0.27, 0.5) * height * width / (0.77 * wide * high))
    focal = min(most, float(wanted))
    spare_x, spare_y = width - focal * wide - 2 * MARGIN, height - focal * high - 2 * MARGIN
    x = MARGIN + spare_x * between(rng, 0.25, 0.75) - focal * left
    y = MARGIN + spare_y * between(rng, 0.45, 0.8) - focal * top
    return View(view.place, view.right, view.up, view.ahead, focal, x, y)


def _render(
    rng: Generator, model: Model, body: Body, shape: Shape, view: View, world: World,
    height: int, width: int,
) -> tuple[Floats, Floats]:  # fmt: skip
    """The car's light, H×W×3 (black beside it), and its cover, H×W in 0..1."""
    radius = arch(body)

    def hole(point: Floats) -> NDArray[np.bool_]:
        x, y, z = point.T
        open_ = np.zeros(len(x), dtype=bool)
        for axle in body.axles:
            open_ |= (x - axle) ** 2 + (z - body.wheel) ** 2 < radius**2
        return np.asarray(open_ & (np.abs(y) > 0.32 * body.width))

    high, wide = height * SCALE, width * SCALE
    large = view.enlarged(SCALE)
    seen = visible(shape.mesh, large, high, wide, hole)
    prints = draw_blueprint(body, shape.edge, model, _plate(rng))
    light = np.zeros((high * wide, 4), dtype=np.float32)
    light[seen.pixel, :3] = shade(seen, large, body, prints, _finish(rng), world)
    light[seen.pixel, 3] = 1
    small = reduced(light.reshape(high, wide, 4), height, width)
    return small[..., :3], small[..., 3]


def _finish(rng: Generator) -> Finish:
    paints, weights = zip(*PAINTS, strict=True)
    paint = scaled(pick(rng, paints, weights), between(rng, 0.88, 1.08))
    rim = pick(rng, ((176, 178, 182), (140, 142, 146), (52, 53, 56)), (3, 2, 1.5))
    return Finish(paint, pick(rng, (0.0, 1.0)), rim, pick(rng, (5, 6, 7, 9, 10)),
                  pick(rng, (0.0, 0.0, 0.5)))  # fmt: skip


def _plate(rng: Generator) -> str:
    letters = "".join(pick(rng, "ABCDEFGHKLMNPRSTUVXYZ") for _ in range(2))
    return f"{letters} {int(rng.integers(100, 9999))}"


def write_cars(folder: Path, count: int, seed: int, *, workers: int = -1) -> None:
    """Write `count` pictures and masks: images/make_model_0000.jpg, masks/make_model_0000.png.

    Masks are 0 or 255. The bytes do not depend on the number of workers; -1 takes every core.
    """
    folder = folder.absolute()  # a worker that is used again has a working directory of its own
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    Parallel(n_jobs=workers)(delayed(_write_picture)(folder, seed, i) for i in range(count))


def _write_picture(folder: Path, seed: int, index: int) -> None:
    drawn = draw_car_picture(seed, index)
    stem = f"{drawn.model.make}_{drawn.model.name}_{index:04d}"
    Image.fromarray(drawn.picture).save(folder / "images" / f"{stem}.jpg", quality=JPEG_QUALITY)
    Image.fromarray(drawn.mask.astype(np.uint8) * 255).save(folder / "masks" / f"{stem}.png")
