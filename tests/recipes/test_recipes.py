"""Every recipe can learn, and says what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pipeline.datasets.people import Sample
from pipeline.errors import UsageError
from pipeline.params import parse_params
from pipeline.recipes import RECIPES, recipe


@pytest.mark.parametrize("name", RECIPES)
def test_overfits_one_batch(name: str, mini_params: Callable[..., str]) -> None:
    torch.manual_seed(0)
    module = recipe(name)(parse_params(mini_params(Path("/"), {"lr": 0.01})))
    mask = torch.zeros(4, 1, 32, 32)
    mask[:2, :, 8:24, 4:20] = 1
    mask[2:, :, 4:16, 12:30] = 1
    batch = Sample((mask * 0.6 + 0.2).expand(-1, 3, -1, -1).contiguous(), mask)
    optimiser = module.configure_optimizers()
    losses = []
    for _ in range(200):
        optimiser.zero_grad()
        loss = torch.stack(list(module.objective(batch)[0].values())).sum()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > 0.4
    assert losses[-1] < 0.1


@pytest.mark.parametrize("name", RECIPES)
def test_same_seed_same_start(name: str, mini_params: Callable[..., str]) -> None:
    def start(seed: int) -> torch.Tensor:
        module = recipe(name)(parse_params(mini_params(Path("/"), {"seed": seed})))
        return torch.cat([weight.flatten() for weight in module.network.parameters()])

    assert torch.equal(start(1), start(1))
    assert not torch.equal(start(1), start(2))


def test_the_rate_is_the_base_rate_times_the_scale(mini_params: Callable[..., str]) -> None:
    values = {"lr": 1e-5, "networks.person_se.lr_scale": 0.1}
    module = recipe("person_se")(parse_params(mini_params(Path("/"), values)))
    assert module.configure_optimizers().param_groups[0]["lr"] == 1e-6


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"person_x.*known are person_se"):
        recipe("person_x")
