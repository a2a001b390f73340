"""One person, drawn from the back to the front."""

from numpy.random import Generator

from pipeline.sources.demo.art.canvas import Canvas
from pipeline.sources.demo.people.bottoms import draw_bottom
from pipeline.sources.demo.people.hair import (
    draw_back_hair,
    draw_cap_hair,
    draw_front_locks,
    draw_hat,
    draw_head_scarf,
)
from pipeline.sources.demo.people.heads import HeadFrame, draw_face, draw_skull
from pipeline.sources.demo.people.limbs import draw_arm, draw_hand
from pipeline.sources.demo.people.looks import Look
from pipeline.sources.demo.people.props import Prop, draw_prop
from pipeline.sources.demo.people.skeleton import Skeleton
from pipeline.sources.demo.people.tops import draw_top


def draw_figure(
    canvas: Canvas, body: Skeleton, look: Look, head_turn: float, prop: Prop | None, rng: Generator
) -> None:
    """Paint the person, and what it holds as a thing; `head_turn` is in degrees from the chest."""
    yaw = (body.yaw + head_turn + 180) % 360 - 180
    x, y = body.head[:2].tolist()
    frame = HeadFrame(x, y, body.head_size, yaw, body.tilt)
    behind = [index for index in (0, 1) if _is_behind(body, index)]
    from_front = frame.faces(0) > -0.2
    if from_front:
        draw_back_hair(canvas, frame, look, rng)
    for index in behind:
        _draw_whole_arm(canvas, body, look, index, prop, rng)
    if body.seated:  # thighs reach towards us, over the lap
        draw_top(canvas, body, look, rng)
        draw_bottom(canvas, body, look, rng)
    else:
        draw_bottom(canvas, body, look, rng)
        draw_top(canvas, body, look, rng)
    draw_skull(canvas, frame, look, rng)
    _draw_head(canvas, frame, look, from_front, rng)
    for index in (0, 1):
        if index not in behind:
            _draw_whole_arm(canvas, body, look, index, prop, rng)


def _is_behind(body: Skeleton, index: int) -> bool:
    reach = body.elbows[index][2] + body.wrists[index][2] - 2 * body.pelvis[2]
    return bool(reach < -0.3 * body.head_size)


def _draw_head(
    canvas: Canvas, frame: HeadFrame, look: Look, from_front: bool, rng: Generator
) -> None:
    if look.hat == "scarf":
        draw_head_scarf(canvas, frame, look, rng)
        draw_face(canvas, frame, look, rng)
        return
    draw_face(canvas, frame, look, rng)
    draw_cap_hair(canvas, frame, look, rng)
    draw_front_locks(canvas, frame, look, rng)
    if not from_front:
        draw_back_hair(canvas, frame, look, rng)
    draw_hat(canvas, frame, look, rng)


def _draw_whole_arm(
    canvas: Canvas, body: Skeleton, look: Look, index: int, prop: Prop | None, rng: Generator
) -> None:
    holds = prop is not None and prop.hand == index
    draw_arm(canvas, body, look, index, rng)
    if prop is not None and holds:
        draw_prop(canvas, body, prop, rng)
    draw_hand(canvas, body, look, index, holds, rng)
