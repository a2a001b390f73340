"""A small set in Shadow-AR's layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.datasets.shadows.files import KINDS

SIZE = 48


def write_set(root: Path, train: int = 12, test: int = 3) -> Path:
    """Scenes of smooth noise, each unlike the others; masks are not strictly 0 and 255."""
    for part, count in (("train", train), ("test", test)):
        for kind in KINDS:
            (root / part / kind).mkdir(parents=True)
        for number in range(count):
            write_scene(root / part, f"{'ab'[number % 2]}_{number:03d}", 1000 * len(part) + number)
    return root


def write_scene(folder: Path, name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(60, 250, (5, 5, 3)).astype(np.uint8))
    scene = np.array(coarse.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    shadow = scene.copy()
    shadow[30:40, 20:40] = shadow[30:40, 20:40] // 2
    masks = np.full((3, SIZE, SIZE), 9, np.uint8)
    masks[0, 10:30, 20:30] = masks[1, 5:20, 2:10] = masks[2, 18:24, 2:14] = 250
    for kind, picture in zip(KINDS, (scene, shadow, *masks), strict=True):
        Image.fromarray(picture).save(folder / kind / f"{name}.jpg", quality=95)
