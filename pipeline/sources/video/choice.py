"""Which frames of a video are worth a picture: looks in small, scenes, samples.

A few times a second a frame is looked at in small. A scene changes where the colours of its parts
do, and stay changed (a flash is none). A sample falls due at the start of a scene and every so many
seconds after that; taken is the sharpest look of the moment that follows. Slow dissolves pass for
one scene; they are sampled by time like everything else.

All of it works on a stream of frames and holds three of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB
from pipeline.video.reader import Frame
from pipeline.video.scenes import colours, difference

LOOKS_PER_SECOND = 8
LOOK_SIDE = 320
"""Longer side in pixels at which sharpness and colours are measured: the resolution drops out."""

MOMENT = 0.5
"""Seconds after a sample falls due in which the sharpest look is taken; never over half `every`."""

_EPSILON = 1e-6


class Look(NamedTuple):
    """A frame, looked at in small.

    Attributes:
        frame: In full.
        sharpness: See `sharpness`.
        colours: See `colours`.
    """

    frame: Frame
    sharpness: float
    colours: NDArray[np.float64]


class Shot(NamedTuple):
    """A look, and the scene that it belongs to, counted from 1."""

    look: Look
    scene: int


def samples(frames: Iterable[Frame], every: float, scene_change: float) -> Iterator[Shot]:
    """The frames that a video is sampled at, in their order.

    Args:
        frames: All of them.
        every: Seconds between two samples of a scene.
        scene_change: See `difference`; from there on a new scene begins.
    """
    best: Shot | None = None
    scene, due, closes = 1, 0.0, 0.0
    for shot in _shots(_looks(frames, every), scene_change):
        now = shot.look.frame.seconds
        if best is not None and (shot.scene != scene or now >= closes - _EPSILON):
            yield best
            best = None
        if shot.scene != scene:
            scene, due = shot.scene, now
        if best is None and now >= due - _EPSILON:
            best, closes = shot, now + min(MOMENT, every / 2)
            due = due + every if now < due + every else now + every
        elif best is not None and shot.look.sharpness > best.look.sharpness:
            best = shot
    if best is not None:
        yield best


def sharpness(picture: RGB) -> float:
    """Variance of the Laplacian of the grey levels (0..255), to one decimal."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return round(float(cv2.Laplacian(grey, cv2.CV_32F).var()), 1)


def _looks(frames: Iterable[Frame], every: float) -> Iterator[Look]:
    """Look at a frame as often as LOOKS_PER_SECOND says, or more often where `every` wants it."""
    step = min(1 / LOOKS_PER_SECOND, every / 2)
    due = 0.0
    for frame in frames:
        if frame.seconds >= due - _EPSILON:
            due = (frame.seconds + _EPSILON) // step * step + step
            picture = frame.small(LOOK_SIDE)
            yield Look(frame, sharpness(picture), colours(picture))


def _shots(looks: Iterable[Look], scene_change: float) -> Iterator[Shot]:
    """Number the scenes; a single look that differs from both its neighbours is passed over."""
    scene, before = 1, None
    for look, after in pairwise(chain(looks, [None])):
        if look is None:
            return
        if before is not None and difference(before, look.colours) >= scene_change:
            if after is not None and difference(before, after.colours) < scene_change:
                continue
            scene += 1
        before = look.colours
        yield Shot(look, scene)
