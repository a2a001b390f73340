"""Recipes on a few samples in memory: what the engine is tested with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.datasets.central.pictures import Sample as CentralSample
from pipeline.datasets.central.pictures import to_sample as central_sample
from pipeline.datasets.pairs.composites import Pair
from pipeline.datasets.people.pictures import Sample
from pipeline.datasets.shadows.scenes import ShadowSample
from pipeline.params import parse_params
from pipeline.recipes import recipe
from pipeline.training.engine import Trained, fit, trained
from pipeline.training.module import Datasets, Recipe
from pipeline.training.resume import ResumeState


def noise(number: int, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(number))


def square(number: int, height: int, width: int) -> Tensor:
    """1×H×W: a square whose place depends on the number."""
    mask = torch.zeros(1, height, width)
    top, left = height // 8 + number % 4, width // 8 + (number * 3) % 8
    mask[:, top : top + height // 2, left : left + width // 2] = 1
    return mask


def masked_picture(number: int, height: int, width: int) -> Sample:
    mask = square(number, height, width)
    return Sample(noise(number, 3, height, width) * 0.3 + mask * 0.6, mask)


def pair(number: int, height: int, width: int) -> Pair:
    ground = noise(number, 3, height, width) * 0.5 - 0.5
    mask = square(number, height, width)
    return Pair(torch.where(mask > 0, torch.tensor(0.9), ground), ground, mask)


def person(number: int, height: int, width: int) -> CentralSample:
    picture, mask = masked_picture(number, height, width)
    levels = (picture * 255).byte().permute(1, 2, 0).numpy()
    return central_sample(levels, mask[0].numpy() > 0, number)


def shadow(number: int, height: int, width: int, low: float) -> ShadowSample:
    def levels(unit: Tensor) -> Tensor:
        return unit * (1 - low) + low

    scene = 0.4 + 0.4 * noise(number, 3, height, width)
    inserted, shade = square(number, height, width), square(number + 2, height, width)
    planes = (scene, scene * (1 - 0.5 * shade), inserted, square(number + 1, height, width), shade)
    return ShadowSample(*map(levels, planes))


MAKERS: dict[str, Callable[[int, int, int], Any]] = {
    "person_se": masked_picture,
    "person_bce_dice": masked_picture,
    "car_mask": masked_picture,
    "car_removal": pair,
    "central_person": person,
    "shadow_attention": partial(shadow, low=0.0),
    "shadow": partial(shadow, low=-1.0),
}


def samples(module: Recipe, count: int, first: int = 0) -> list[Any]:
    return [MAKERS[module.name](first + number, *module.frame) for number in range(count)]


def train(
    name: str,
    params_text: str,
    folder: Path,
    on_epoch: Callable[[Any], None] = lambda row: None,
    on_preview: Callable[[Path], None] = lambda file: None,
    count: int = 8,
) -> Trained:
    """Train a recipe on samples in memory, as stage `train` would on its data."""
    params = parse_params(params_text)
    torch.manual_seed(12345)  # whatever was drawn before must not matter
    module = recipe(name)(params)
    section = getattr(params.networks, name)
    resume = ResumeState(folder)
    fit(
        module,
        Datasets(samples(module, count), samples(module, 4, first=100)),
        params.training,
        batch_size=section.batch_size,
        epochs=section.epochs,
        seed=params.seed,
        resume=resume,
        on_epoch=on_epoch,
        on_preview=on_preview,
    )
    return trained(resume)
