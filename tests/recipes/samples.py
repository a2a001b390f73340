"""Recipes on a few samples in memory: what the engine is tested with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.datasets.people.pictures import Sample
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


MAKERS: dict[str, Callable[[int, int, int], Any]] = {
    "person_se": masked_picture,
    "person_bce_dice": masked_picture,
    "car_mask": masked_picture,
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
