"""Small pictures for pairs, and the demo's section of the parameters with other numbers."""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from ruamel.yaml import YAML

from pipeline import presets
from pipeline.datasets.pairs.scenes import SceneFile, SceneFiles
from pipeline.sections.pairs import PairsSection

SMALL = {
    "height": 48, "width": 64, "background.sizes": [[96, 66], [64, 48]],
    "car.sizes": [[16, 12], [32, 24], [60, 45]], "cache_mb": 1,
    "weather.sun_flare.radius": 25.0, "weather.rain.drop_length": 4.0,
    "weather.rain.blur": 1, "weather.fog.blur": 1, "blur.most": 2,
}  # fmt: skip
CALM = {
    "weather.rain.p": 0.0, "weather.sun_flare.p": 0.0, "weather.shadow.p": 0.0,
    "weather.fog.p": 0.0, "rgb_shift.p": 0.0, "blur.p": 0.0,
}  # fmt: skip
STILL = {"car.rotate": 0.0, "car.shift": 0.0, "car.zoom": 0.0, "car.flip": 0.0}


def settings(*changes: dict[str, Any]) -> PairsSection:
    """Section `pairs` on a frame of 48×64, with changes by dotted key."""
    values = copy.deepcopy(_demo())
    for key, value in {
        key: value for one in (SMALL, *changes) for key, value in one.items()
    }.items():
        *path, last = key.split(".")
        section = values
        for part in path:
            section = section[part]
        assert last in section
        section[last] = value
    return PairsSection.model_validate(values)


@functools.cache
def _demo() -> dict[str, Any]:
    file = Path(presets.__file__).with_name("demo.yaml")
    section: dict[str, Any] = YAML(typ="safe", pure=True).load(file.read_text())["pairs"]
    return section


def noise(rng: Generator, height: int, width: int) -> NDArray[np.uint8]:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def ellipse(rng: Generator, height: int, width: int) -> NDArray[np.uint8]:
    """A cutout, H×W×4: noise that is opaque in the middle, transparent at the corners."""
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    alpha = np.clip((1.05 - np.hypot(rows, columns)) * 8, 0, 1) * 255
    return np.dstack([noise(rng, height, width), alpha.astype(np.uint8)])


def write_scene(folder: Path, cutouts: int, backgrounds: int) -> SceneFiles:
    """Files of both kinds, each of another size."""
    files = SceneFiles([], [])
    for kind, count, into in (("cutout", cutouts, files.cutouts), ("back", backgrounds, files[1])):
        for number in range(count):
            rng = np.random.default_rng((number, len(kind)))
            size = 40 + 7 * number, 70 + 5 * number
            make, suffix = (ellipse, "png") if kind == "cutout" else (noise, "jpg")
            file = folder / f"{kind}_{number}.{suffix}"
            Image.fromarray(make(rng, *size)).save(file)
            into.append(SceneFile(file, ""))
    return files
