"""The cars on offer: bodies with their measures in metres, and the makes and models that use them.

x runs from the nose (0) rearwards, z up from the ground. No make or model is a real one.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

BodyName = Literal["city", "hatchback", "saloon", "estate", "suv", "van", "pickup", "coupe"]
BODY_NAMES: tuple[BodyName, ...] = get_args(BodyName)

Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Body:
    """A kind of car.

    `profile` is the centre line from nose to tail (x, z), `belt` the lower edge of the windows,
    `screen` and `backlight` the x of both ends of the windscreen and the rear window, `panes` the
    x between which each side window reaches, `doors` the x of the door joints.
    """

    length: float
    width: float
    height: float
    axles: tuple[float, float]
    wheel: float
    sill: float
    profile: Line
    belt: Line
    screen: tuple[float, float]
    backlight: tuple[float, float]
    panes: tuple[tuple[float, float], ...]
    doors: tuple[float, ...]
    roof: float = 0.74  # width of the roof, as a share of the car's
    raked: float = 0.3  # how far the rear edge of the last pane leans, per metre of height
    clad: bool = False  # arches and sills of black plastic
    rails: tuple[float, float] | None = None  # where roof rails begin and end
    bed: tuple[float, float] | None = None  # where the open bed begins and ends


BODIES: dict[BodyName, Body] = {
    "city": Body(
        3.55, 1.64, 1.50, (0.66, 3.02), 0.285, 0.21,
        ((0, 0.47), (0.006, 0.57), (0.04, 0.68), (0.14, 0.79), (0.45, 0.91), (0.80, 1.00),
         (1.42, 1.43), (1.80, 1.50), (2.60, 1.50), (3.16, 1.45), (3.42, 1.05), (3.50, 0.88),
         (3.544, 0.60), (3.55, 0.47)),
        ((0, 0.80), (0.85, 0.97), (2.4, 1.00), (3.0, 1.05), (3.55, 1.05)),
        (0.84, 1.50), (3.17, 3.43), ((0.86, 1.98), (2.07, 2.78)), (0.98, 2.03, 2.86), raked=0.45,
    ),
    "hatchback": Body(
        4.10, 1.79, 1.46, (0.82, 3.42), 0.315, 0.20,
        ((0, 0.47), (0.006, 0.57), (0.05, 0.66), (0.16, 0.76), (0.65, 0.88), (1.10, 0.96),
         (1.88, 1.38), (2.30, 1.45), (2.90, 1.46), (3.62, 1.39), (3.93, 1.05), (4.02, 0.93),
         (4.092, 0.62), (4.10, 0.47)),
        ((0, 0.80), (1.1, 0.93), (2.8, 0.98), (3.5, 1.04), (4.1, 1.04)),
        (1.14, 1.95), (3.64, 3.94), ((1.16, 2.26), (2.36, 3.10), (3.15, 3.45)),
        (1.28, 2.31, 3.16), raked=0.75,
    ),
    "saloon": Body(
        4.70, 1.83, 1.44, (0.92, 3.74), 0.325, 0.19,
        ((0, 0.47), (0.006, 0.57), (0.05, 0.66), (0.17, 0.76), (0.75, 0.87), (1.35, 0.95),
         (2.12, 1.36), (2.60, 1.44), (3.05, 1.43), (3.50, 1.36), (4.10, 1.06), (4.52, 1.03),
         (4.62, 0.97), (4.69, 0.64), (4.70, 0.47)),
        ((0, 0.80), (1.35, 0.91), (3.0, 0.95), (3.9, 1.00), (4.7, 1.00)),
        (1.40, 2.20), (3.52, 4.07), ((1.42, 2.58), (2.68, 3.46), (3.50, 3.78)),
        (1.52, 2.63, 3.54), raked=1.5,
    ),
    "estate": Body(
        4.72, 1.83, 1.47, (0.92, 3.74), 0.325, 0.19,
        ((0, 0.47), (0.006, 0.57), (0.05, 0.66), (0.17, 0.76), (0.75, 0.87), (1.35, 0.95),
         (2.10, 1.37), (2.60, 1.46), (3.30, 1.47), (4.28, 1.41), (4.54, 1.06), (4.62, 0.94),
         (4.712, 0.62), (4.72, 0.47)),
        ((0, 0.80), (1.35, 0.92), (3.0, 0.96), (3.9, 0.99), (4.72, 1.02)),
        (1.40, 2.18), (4.29, 4.55), ((1.42, 2.58), (2.68, 3.46), (3.53, 4.28)),
        (1.52, 2.63, 3.56), raked=0.5, rails=(2.35, 4.1),
    ),
    "suv": Body(
        4.50, 1.88, 1.69, (0.90, 3.58), 0.365, 0.29,
        ((0, 0.58), (0.006, 0.70), (0.05, 0.82), (0.15, 0.95), (0.65, 1.05), (1.15, 1.11),
         (1.80, 1.59), (2.20, 1.68), (3.30, 1.69), (4.02, 1.62), (4.33, 1.18), (4.42, 1.02),
         (4.492, 0.74), (4.50, 0.58)),
        ((0, 0.96), (1.15, 1.08), (3.0, 1.12), (3.7, 1.18), (4.5, 1.18)),
        (1.19, 1.88), (4.04, 4.34), ((1.20, 2.40), (2.50, 3.32), (3.40, 3.92)),
        (1.40, 2.45, 3.38), roof=0.72, raked=0.55, clad=True, rails=(2.05, 3.9),
    ),
    "van": Body(
        4.90, 1.94, 1.96, (0.90, 3.95), 0.335, 0.22,
        ((0, 0.52), (0.006, 0.64), (0.05, 0.80), (0.17, 0.97), (0.50, 1.10), (0.80, 1.17),
         (1.62, 1.85), (2.00, 1.95), (3.00, 1.96), (4.66, 1.95), (4.78, 1.86), (4.86, 1.20),
         (4.89, 0.70), (4.90, 0.52)),
        ((0, 0.96), (0.8, 1.12), (2.0, 1.16), (4.9, 1.16)),
        (0.84, 1.68), (4.765, 4.86), ((0.92, 2.08),), (1.14, 2.14, 3.30), roof=0.84, raked=0.0,
    ),
    "pickup": Body(
        5.25, 1.90, 1.79, (0.96, 4.10), 0.385, 0.34,
        ((0, 0.66), (0.006, 0.80), (0.04, 0.94), (0.13, 1.05), (0.85, 1.13), (1.35, 1.17),
         (1.98, 1.69), (2.35, 1.78), (3.05, 1.79), (3.40, 1.73), (3.58, 1.22), (3.62, 1.17),
         (5.10, 1.16), (5.20, 1.13), (5.24, 0.80), (5.25, 0.64)),
        ((0, 1.05), (1.35, 1.13), (3.4, 1.16), (5.25, 1.16)),
        (1.39, 2.05), (3.41, 3.58), ((1.40, 2.46), (2.56, 3.34)),
        (1.56, 2.51, 3.44), roof=0.72, raked=0.25, clad=True, bed=(3.66, 5.12),
    ),
    "coupe": Body(
        4.45, 1.86, 1.29, (0.92, 3.52), 0.335, 0.16,
        ((0, 0.43), (0.006, 0.52), (0.06, 0.60), (0.20, 0.69), (0.85, 0.80), (1.50, 0.87),
         (2.28, 1.22), (2.65, 1.29), (2.95, 1.28), (3.35, 1.20), (3.98, 0.98), (4.32, 0.95),
         (4.40, 0.88), (4.438, 0.60), (4.45, 0.45)),
        ((0, 0.72), (1.5, 0.83), (2.9, 0.87), (3.8, 0.93), (4.45, 0.93)),
        (1.55, 2.34), (3.14, 3.92), ((1.60, 2.86), (2.92, 3.36)), (1.62, 2.94), roof=0.70,
        raked=1.7,
    ),
}  # fmt: skip

Lamps = Literal["wide", "round", "slim", "split"]
Grille = Literal["bars", "mesh", "slot", "shield"]


class Model(NamedTuple):
    """A model of a make: its body, stretched in length and height, and its face."""

    make: str
    name: str
    body: BodyName
    long: float
    high: float
    lamps: Lamps
    grille: Grille


MODELS: tuple[Model, ...] = (
    Model("avelo", "pico", "city", 1.0, 1.0, "round", "slot"),
    Model("avelo", "rondo", "hatchback", 0.98, 1.03, "round", "slot"),
    Model("avelo", "carga", "van", 0.92, 0.95, "wide", "slot"),
    Model("brandt", "kombi", "estate", 1.02, 1.0, "wide", "bars"),
    Model("brandt", "senat", "saloon", 1.05, 1.0, "slim", "bars"),
    Model("corvane", "falke", "coupe", 1.0, 1.0, "slim", "mesh"),
    Model("corvane", "strada", "saloon", 0.98, 0.98, "slim", "mesh"),
    Model("dovre", "fjell", "suv", 1.04, 1.03, "split", "shield"),
    Model("dovre", "skog", "estate", 0.98, 1.04, "wide", "shield"),
    Model("dovre", "last", "pickup", 1.0, 1.0, "split", "shield"),
    Model("kitsu", "niko", "hatchback", 1.0, 1.0, "wide", "slot"),
    Model("kitsu", "haiko", "suv", 0.95, 0.97, "slim", "mesh"),
    Model("kitsu", "toma", "pickup", 0.98, 1.02, "wide", "bars"),
    Model("meridan", "luna", "hatchback", 1.03, 0.97, "slim", "mesh"),
    Model("meridan", "gala", "coupe", 1.03, 1.03, "round", "bars"),
    Model("tesmo", "volta", "saloon", 1.0, 1.02, "split", "slot"),
    Model("tesmo", "watt", "city", 1.04, 0.98, "slim", "slot"),
    Model("tesmo", "bolto", "van", 1.04, 1.03, "split", "bars"),
)
MAKES: tuple[str, ...] = tuple(dict.fromkeys(model.make for model in MODELS))


def stretched(body: Body, long: float, high: float) -> Body:
    """The body, longer and higher; wheels keep their size."""

    def line(points: Line) -> Line:
        return tuple((x * long, z * high) for x, z in points)

    def along(values: tuple[float, float]) -> tuple[float, float]:
        return values[0] * long, values[1] * long

    return Body(
        body.length * long, body.width, body.height * high, along(body.axles), body.wheel,
        body.sill, line(body.profile), line(body.belt), along(body.screen), along(body.backlight),
        tuple(along(pane) for pane in body.panes), tuple(x * long for x in body.doors), body.roof,
        body.raked, body.clad, along(body.rails) if body.rails else None,
        along(body.bed) if body.bed else None,
    )  # fmt: skip
