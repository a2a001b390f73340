"""Training pairs of 256×384, from files to tensors, on one core: processor time.

The plain way is the reference system's recipe written with Pillow and albumentations as they come:
each weather with the library's defaults, replayed on the second picture. Both ways read every file
again; the last way may keep what it has decoded, as it does from the second epoch on.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

import albumentations
import cv2
import numpy as np
import torch
from PIL import Image

from pipeline.datasets.pairs.composites import CarPairs, Pair
from pipeline.datasets.pairs.scenes import SceneFile, SceneFiles
from pipeline.images import read_mask, read_picture
from pipeline.params import parse_params
from pipeline.presets import preset_text
from pipeline.sources.demo.cars.pictures import write_cars
from pipeline.sources.demo.scenery.backgrounds import write_backgrounds
from tests.benchmarks.measure import Timing, compare

PAIRS = 32
HOW = parse_params(preset_text("web")).pairs


def draw_files(folder: Path, enlarged: int) -> SceneFiles:
    """As many cutouts and backgrounds as pairs, of the demo world, so many times as large."""
    write_backgrounds(folder / "backgrounds", PAIRS, seed=1)
    write_cars(folder / "cars", PAIRS, seed=1)
    for file in (folder / "backgrounds").iterdir():
        with Image.open(file) as small:
            size = (small.width * enlarged, small.height * enlarged)
            small.resize(size).save(file, quality=92)
    (folder / "cutouts").mkdir()
    for file in sorted((folder / "cars" / "images").iterdir()):
        alpha = read_mask(folder / "cars" / "masks" / f"{file.stem}.png") * np.uint8(255)
        left, top, width, height = cv2.boundingRect(alpha)
        cutout = np.dstack([read_picture(file), alpha])[top : top + height, left : left + width]
        Image.fromarray(cutout).save(folder / "cutouts" / f"{file.stem}.png")
    return SceneFiles(
        *(
            [SceneFile(file, "") for file in sorted((folder / kind).iterdir())]
            for kind in ("cutouts", "backgrounds")
        )
    )


def plain_weather() -> albumentations.ReplayCompose:
    """The four weathers and what follows, as the library has them."""
    weathers = [
        albumentations.RandomRain(p=1),
        albumentations.RandomSunFlare(p=1),
        albumentations.RandomShadow(p=1),
        albumentations.RandomFog(p=1),
    ]
    return albumentations.ReplayCompose(
        [
            albumentations.OneOf(weathers, p=HOW.weather.rain.p),
            albumentations.RGBShift(p=HOW.rgb_shift.p),
            albumentations.Blur(p=HOW.blur.p),
        ]
    )


def plain_car(file: Path) -> Image.Image:
    """A cutout, moved by Pillow."""
    car = Image.open(file).convert("RGBA")
    car = car.rotate(random.uniform(-10, 10), Image.Resampling.BILINEAR, expand=True)
    if random.random() < 0.5:
        car = car.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    width, height = random.choice(HOW.car.sizes)
    zoom = random.uniform(0.9, 1.0)
    return car.resize((round(width * zoom), round(height * zoom)))


def plain_pair(background: Path, cutout: Path, weather: albumentations.ReplayCompose) -> Pair:
    """One pair, step by step."""
    scene = Image.open(background).convert("RGB").resize((576, 352))
    if random.random() < 0.5:
        scene = scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if random.random() < 0.5:
        scene = scene.resize((HOW.width, HOW.height))
    left = random.randint(0, scene.width - HOW.width)
    top = random.randint(0, scene.height - HOW.height)
    frame = scene.crop((left, top, left + HOW.width, top + HOW.height))
    car, pasted, mask = plain_car(cutout), frame.copy(), Image.new("L", frame.size)
    place = (random.randint(0, HOW.width - car.width), random.randint(0, HOW.height - car.height))
    pasted.paste(car, place, car)
    mask.paste(car.getchannel("A"), place)
    y = weather(image=np.array(frame))
    x = albumentations.ReplayCompose.replay(y["replay"], image=np.array(pasted))
    return Pair(
        torch.from_numpy((x["image"] / 127.5 - 1).astype(np.float32).transpose(2, 0, 1)),
        torch.from_numpy((y["image"] / 127.5 - 1).astype(np.float32).transpose(2, 0, 1)),
        torch.from_numpy((np.array(mask) > 127)[None].astype(np.float32)),
    )


def pairs_of(files: SceneFiles, job: str) -> list[Timing]:
    """Every way with the same files, each background once a call."""
    weather, names = plain_weather(), list(zip(files.backgrounds, files.cutouts, strict=True))
    cold = CarPairs(files, HOW.model_copy(update={"cache_mb": 0}), seed=1)
    warm = CarPairs(files, HOW, seed=1)
    calls = {"cold": 0, "warm": 0}

    def make(way: str, pairs: CarPairs) -> None:
        """The next epoch."""
        for index in range(calls[way] * PAIRS, (calls[way] + 1) * PAIRS):
            pairs[index]
        calls[way] += 1

    def plainly() -> None:
        for background, cutout in names:
            plain_pair(background.file, cutout.file, weather)

    ways = {
        "Pillow and albumentations": plainly,
        "ours, every file read": lambda: make("cold", cold),
        "ours, files kept in memory": lambda: make("warm", warm),
    }
    return compare(job, ways, rounds=9, clock=time.process_time)


def pairs() -> list[Timing]:
    """Backgrounds of about 600×390 and of twice that."""
    threads, torch_threads = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    random.seed(1)
    try:
        timings = []
        for enlarged, size in ((1, "600x390"), (2, "1200x780")):
            with tempfile.TemporaryDirectory() as place:
                files = draw_files(Path(place), enlarged)
                timings += pairs_of(files, f"{PAIRS} training pairs, backgrounds of {size}")
        return timings
    finally:
        cv2.setNumThreads(threads)
        torch.set_num_threads(torch_threads)
