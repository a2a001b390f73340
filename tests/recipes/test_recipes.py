"""What holds for every recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.errors import UsageError
from pipeline.params import parse_params
from pipeline.recipes import RECIPES, recipe
from pipeline.training.module import Recipe
from tests.recipes.samples import MAKERS, samples


@pytest.fixture(params=MAKERS)
def name(request: pytest.FixtureRequest) -> str:
    network: str = request.param
    return network


@pytest.fixture
def make(name: str, mini_params: Callable[..., str]) -> Callable[..., Recipe]:
    def make(**changes: object) -> Recipe:
        dotted = {key.replace("__", "."): value for key, value in changes.items()}
        return recipe(name)(parse_params(mini_params(Path("/"), dotted)))

    return make


def test_every_recipe_can_be_trained_in_memory() -> None:
    assert set(MAKERS) == set(RECIPES)


def test_same_seed_same_start(make: Callable[..., Recipe]) -> None:
    def start(seed: int) -> torch.Tensor:
        return torch.cat([weight.flatten() for weight in make(seed=seed).parameters()])

    assert torch.equal(start(1), start(1))
    assert not torch.equal(start(1), start(2))


def test_the_rate_is_the_base_rate_times_the_scale(make: Callable[..., Recipe], name: str) -> None:
    assert make(lr=1e-5, **{f"networks__{name}__lr_scale": 0.1}).lr == 1e-6


def test_a_preview_shows_a_row_of_pictures_for_each_sample(make: Callable[..., Recipe]) -> None:
    module = make().eval()
    with torch.no_grad():
        rows = module.preview(module.collate(samples(module, 3)))
    assert len(rows) == 3
    for row in rows:
        assert len(row) == len(module.columns)
        for picture in row:
            assert picture.dtype == np.uint8
            assert picture.ndim == 3


def test_the_page_says_what_it_is(name: str) -> None:
    page = __import__(f"pipeline.recipes.{name}", fromlist=["__doc__"]).__doc__
    for word in ("Data ", "Architecture ", "Objective ", "Optimiser ", "Schedule ", "Selected by "):
        assert word in page


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"person_x.*known are car_removal, person_se"):
        recipe("person_x")
