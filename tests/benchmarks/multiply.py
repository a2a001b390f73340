"""Six variants of each picture, written to disk: the plain loop beside ours."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import albumentations
import cv2
import numpy as np
from PIL import Image

from pipeline.datasets.people.pictures import PersonPicture
from pipeline.datasets.people.shards import PER_SHARD, write_shards
from pipeline.parallel import HERE
from pipeline.sections.parallel import ParallelSection
from tests.benchmarks.measure import Timing, compare

SIZE = 512
AUGMENTATIONS = (
    albumentations.HorizontalFlip(p=1),
    albumentations.ToGray(p=1),
    albumentations.ChannelShuffle(p=1),
    albumentations.Blur(blur_limit=7, p=1),
    albumentations.Rotate(limit=45, p=1),
)


def photo(number: int, width: int = 640, height: int = 480) -> Image.Image:
    """Smooth colours, edges and a little noise, as a photo has them."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 256, (8, 11, 3), dtype=np.uint8))
    smooth = np.array(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    for _ in range(30):
        points = rng.integers(0, (width, height), (3, 2)).astype(np.int32)
        cv2.fillConvexPoly(smooth, points, rng.integers(0, 256, 3).tolist(), cv2.LINE_AA)
    noisy = np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)
    return Image.fromarray(noisy)


def write_pairs(folder: Path, count: int) -> list[PersonPicture]:
    rows = []
    for number in range(count):
        row = PersonPicture(
            f"{number:04d}", "", folder / f"{number:04d}.jpg", folder / f"{number:04d}.png"
        )
        picture = photo(number)
        picture.save(row.picture, quality=92)
        mask = np.zeros((picture.height, picture.width), np.uint8)
        cv2.ellipse(mask, (320, 260), (110, 190), 0, 0, 360, 255, -1)
        Image.fromarray(mask).save(row.mask)
        rows.append(row)
    return rows


def plain_loop(rows: list[PersonPicture], folder: Path) -> None:
    """Pillow in, albumentations, Pillow's PNG out: two files a variant."""
    for row in rows:
        picture = np.asarray(Image.open(row.picture).convert("RGB").resize((SIZE, SIZE)))
        mask = np.asarray(Image.open(row.mask).convert("L").resize((SIZE, SIZE)))
        variants = [{"image": picture, "mask": mask}]
        variants += [augment(image=picture, mask=mask) for augment in AUGMENTATIONS]
        for number, variant in enumerate(variants):
            for part, levels in variant.items():
                Image.fromarray(levels).save(folder / f"{row.name}_{number}_{part}.png")


def shards(rows: list[PersonPicture], workers: int) -> None:
    how = ParallelSection(backend="loky", workers=workers, address="") if workers > 1 else HERE
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        output.mkdir()
        list(write_shards(output, Path(folder) / "work", rows, size=SIZE, seed=1, how=how))


def multiplication() -> list[Timing]:
    """One core against one core, then two workers against one."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            rows = write_pairs(folder, 4 * PER_SHARD)
            few = rows[:8]
            per_core = compare(
                "six variants of 8 pictures, 512x512, processor time",
                {
                    "Pillow, albumentations, Pillow's PNG": lambda: plain_loop(few, folder),
                    "shards": lambda: shards(few, 1),
                },
                rounds=5,
                clock=time.process_time,
            )
            scaling = compare(
                f"six variants of {len(rows)} pictures, 512x512",
                {"one worker": lambda: shards(rows, 1), "two workers": lambda: shards(rows, 2)},
                rounds=2,
            )
    finally:
        cv2.setNumThreads(threads)
    return per_core + scaling
