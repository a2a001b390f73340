"""`shadow_attention`: it learns two maps, and says what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.datasets.shadows.scenes import ShadowSample
from pipeline.networks.build import build
from pipeline.params import parse_params
from pipeline.recipes import recipe
from pipeline.recipes.shadow_attention import ShadowAttentionRecipe
from pipeline.training.module import Monitor

SIZE = 32


@pytest.fixture(scope="module")
def make(mini_params: Callable[..., str]) -> Callable[..., ShadowAttentionRecipe]:
    def made(**changes: Any) -> ShadowAttentionRecipe:
        values = {
            "lr": 0.003,
            "networks.shadow_attention.encoder": "resnet18",
            "networks.shadow_attention.pretrained": False,
            "networks.shadow_attention.lr_scale": 1.0,
            "networks.shadow_attention.size": SIZE,
        }
        return ShadowAttentionRecipe(parse_params(mini_params(Path("/"), {**values, **changes})))

    return made


@pytest.fixture
def batch() -> ShadowSample:
    """Bright occluders and dark shadows, at other places in each of four scenes."""
    scene = torch.full((4, 3, SIZE, SIZE), 0.5)
    inserted, occluders, shadows = torch.zeros(3, 4, 1, SIZE, SIZE)
    for place in range(4):
        at = 4 * place
        inserted[place, :, 2:8, 20:28] = 1
        occluders[place, :, 4:16, at : at + 10] = 1
        shadows[place, :, 18:26, at : at + 12] = 1
    scene = scene + 0.4 * occluders - 0.4 * shadows
    return ShadowSample(scene, scene.clone(), inserted, occluders, shadows)


def total(module: ShadowAttentionRecipe, batch: ShadowSample) -> Tensor:
    return torch.stack(list(module.objective(batch).terms.values())).sum()


def test_it_overfits_one_batch(
    make: Callable[..., ShadowAttentionRecipe], batch: ShadowSample
) -> None:
    module = make().train()
    optimiser = module.configure_optimizers()
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        loss = total(module, batch)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > 0.4
    assert losses[-1] < 0.1
    scores = module.scores(batch, module.objective(batch).output.detach())
    assert [set(one) for one in scores] == [{"jaccard"}] * 4
    assert min(one["jaccard"] for one in scores) > 0.9


def test_same_seed_same_start(make: Callable[..., ShadowAttentionRecipe]) -> None:
    def start(seed: int) -> Tensor:
        torch.rand(seed)  # whatever was drawn before must not matter
        return torch.cat([one.flatten() for one in make(seed=seed).network.parameters()])

    assert torch.equal(start(1), start(1))
    assert not torch.equal(start(1), start(2))


def test_its_rate_is_the_base_rate_times_the_scale(
    make: Callable[..., ShadowAttentionRecipe],
) -> None:
    module = make(lr=1e-5, **{"networks.shadow_attention.lr_scale": 0.1})
    assert module.configure_optimizers().param_groups[0]["lr"] == 1e-6


def test_the_best_epoch_has_the_highest_jaccard_and_is_found_by_its_name(
    make: Callable[..., ShadowAttentionRecipe],
) -> None:
    assert recipe("shadow_attention") is ShadowAttentionRecipe
    assert make().monitor == Monitor("val_jaccard", "max")


def test_scores_are_of_both_maps_of_a_scene_together(
    make: Callable[..., ShadowAttentionRecipe], batch: ShadowSample
) -> None:
    truth = torch.cat([batch.occluders, batch.shadows], dim=1)
    half = truth.clone()
    half[:, 1] = 0  # occluders 12 × 10 are found, shadows 8 × 12 are not
    scores = make().scores(batch, half)
    assert scores[0]["jaccard"] == pytest.approx(120 / (120 + 96))
    assert make().scores(batch, truth)[3]["jaccard"] == 1


def test_a_card_makes_the_same_network_again(
    make: Callable[..., ShadowAttentionRecipe],
) -> None:
    module = make()
    again = build(module.architecture)
    again.load_state_dict(module.network.state_dict())
    assert module.frame == (SIZE, SIZE)


@torch.no_grad()
def test_a_preview_shows_both_maps_beside_their_truth(
    make: Callable[..., ShadowAttentionRecipe], batch: ShadowSample
) -> None:
    module = make().eval()
    rows = module.preview(batch)
    assert len(rows) == 4
    for row in rows:
        assert len(row) == len(module.columns)
        assert all((one.shape, one.dtype) == ((SIZE, SIZE, 3), np.uint8) for one in row)
    scene, _, occluders, _, shadows = rows[1]
    inside = batch.occluders[1, 0].bool().numpy()
    np.testing.assert_array_equal(occluders[inside], scene[inside])
    assert (occluders[~inside] != scene[~inside]).any(axis=1).all()
    assert (shadows[19, 5] == scene[19, 5]).all()
