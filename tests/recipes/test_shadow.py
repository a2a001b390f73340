"""`shadow`: it learns to cast, its terms are those of its page, and the fakes are judged once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.datasets.shadows.scenes import ShadowSample
from pipeline.errors import ParamsError
from pipeline.networks.build import build
from pipeline.networks.discriminators import PatchDiscriminator
from pipeline.networks.features import vgg_features
from pipeline.networks.shadow import SRGANDiscriminator
from pipeline.params import parse_params
from pipeline.recipes import recipe
from pipeline.recipes import shadow as page
from pipeline.recipes.shadow import ShadowRecipe

SIZE = 32
Make = Callable[..., ShadowRecipe]


@pytest.fixture(scope="module")
def make(mini_params: Callable[..., str]) -> Make:
    def made(**changes: Any) -> ShadowRecipe:
        values = {
            "lr": 0.001,
            "networks.shadow.encoder": "resnet18",
            "networks.shadow.pretrained": False,
            "networks.shadow.lr_scale": 1.0,
            "networks.shadow.size": SIZE,
            "networks.shadow.discriminator_filters": 4,
            "networks.shadow.weights.perceptual": 0.0,
        }
        ours = {
            key if key in ("seed", "lr") else f"networks.shadow.{key}": value
            for key, value in changes.items()
        }
        return ShadowRecipe(parse_params(mini_params(Path("/"), {**values, **ours})))

    return made


@pytest.fixture
def batch() -> ShadowSample:
    """Grey scenes whose shadow lies below the inserted object."""
    scene = torch.rand(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(3)) * 0.4
    shadowed = scene.clone()
    masks = torch.full((3, 4, 1, SIZE, SIZE), -1.0)
    for place in range(4):
        at = 5 * place
        masks[0, place, :, 4:14, at : at + 8] = 1
        masks[1, place, :, 2:8, 20:30] = 1
        masks[2, place, :, 8:12, 20:30] = 1
        shadowed[place, :, 14:22, at : at + 8] -= 0.5
    return ShadowSample(scene, shadowed, *masks)


def total(terms: Any) -> Tensor:
    return torch.stack(list(terms.values())).sum()


def step(module: ShadowRecipe, batch: ShadowSample, optimisers: Any) -> tuple[float, float]:
    """One step of each network, as the engine takes them."""
    network, discriminator = optimisers
    terms, output = module.objective(batch)
    loss = total({**terms, **module.fool_terms(batch, output)})
    network.zero_grad()
    loss.backward()
    network.step()
    judged = total(module.discriminator_terms(batch))
    discriminator.zero_grad()
    judged.backward()
    discriminator.step()
    return loss.item(), judged.item()


def test_it_overfits_one_batch(make: Make, batch: ShadowSample) -> None:
    module = make(lr=0.002, discriminator_lr_scale=0.1).train()
    optimisers = module.configure_optimizers()
    losses = [step(module, batch, optimisers) for _ in range(45)]
    assert losses[0][0] > 1
    assert losses[-1][0] < 0.2
    terms, output = module.objective(batch)
    scores = module.scores(batch, output.detach())
    unchanged = module.scores(batch, batch.scene)
    assert all(one["rmse_inside"] == pytest.approx(0.5 * 127.5, abs=0.1) for one in unchanged)
    assert max(one["rmse_inside"] for one in scores) < 20
    assert set(terms) == {"l2"}


def test_same_seed_same_start_of_both_networks(make: Make) -> None:
    def start(seed: int) -> Tensor:
        torch.rand(seed)  # whatever was drawn before must not matter
        return torch.cat([one.flatten() for one in make(seed=seed).parameters()])

    assert torch.equal(start(1), start(1))
    assert not torch.equal(start(1), start(2))


def test_both_rates_are_products_of_the_base_rate(make: Make) -> None:
    module = make(lr=1e-4, lr_scale=0.1, discriminator_lr_scale=0.01)
    rates = [one.param_groups[0]["lr"] for one in module.configure_optimizers()]
    assert rates == [1e-5, 1e-7]


def test_the_generators_step_comes_first_and_its_fakes_are_judged(
    make: Make, batch: ShadowSample
) -> None:
    module = make().train()
    assert not module.discriminator_first
    output = module.objective(batch).output
    module.fool_terms(batch, output)
    judged: list[Tensor] = []
    module.discriminator.register_forward_pre_hook(lambda _, inputs: judged.append(inputs[0]))
    found = module.discriminator_terms(batch)
    assert set(found) == {"real", "fake"}
    assert torch.equal(judged[0], batch.shadowed)
    assert torch.equal(judged[1], output)
    assert not judged[1].requires_grad


def test_l2_is_of_both_pictures_and_weighed(make: Make, batch: ShadowSample) -> None:
    module = make(**{"weights.l2": 3.0}).eval()
    with torch.no_grad():
        terms, output = module.objective(batch)
        inputs = torch.cat([batch.scene, batch.inserted, batch.occluders, batch.shadows], dim=1)
        cast = module.network(inputs)
    coarse, refined = (batch.scene + one for one in cast)
    expected = (
        3 * ((coarse - batch.shadowed) ** 2).mean() + 3 * ((refined - batch.shadowed) ** 2).mean()
    )
    torch.testing.assert_close(terms["l2"], expected)
    torch.testing.assert_close(output, refined)


def test_without_adversarial_weight_it_is_not_adversarial(make: Make) -> None:
    assert make().is_adversarial
    assert not make(**{"weights.adversarial": 0.0}).is_adversarial


@pytest.fixture
def without_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights for those that torchvision publishes."""
    from torchvision.models import get_model
    from torchvision.models.vgg import cfgs, make_layers

    def state(name: str) -> dict[str, Tensor]:
        torch.manual_seed(7)
        if name == "vgg16":
            layers = make_layers(cfgs["D"]).state_dict()
            return {f"features.{key}": tensor for key, tensor in layers.items()}
        found: dict[str, Tensor] = get_model(name).state_dict()
        return found

    monkeypatch.setattr(page, "imagenet_state", state)


def test_the_perceptual_term_sees_pictures_through_a_sigmoid_and_is_left_out_of_checkpoints(
    make: Make, batch: ShadowSample, without_downloads: None
) -> None:
    module = make(**{"pretrained": True, "weights.perceptual": 2.0, "weights.l2": 0.0}).eval()
    with torch.no_grad():
        terms, output = module.objective(batch)
        assert set(terms) == {"perceptual"}
        inputs = torch.cat([batch.scene, batch.inserted, batch.occluders, batch.shadows], dim=1)
        coarse = batch.scene + module.network(inputs).coarse
        vgg = vgg_features("vgg16", "relu3_3", page.imagenet_state("vgg16"), normalise=True)
        wanted = vgg(batch.shadowed.sigmoid())
        expected = 2 * sum(((vgg(one.sigmoid()) - wanted) ** 2).mean() for one in (coarse, output))
    torch.testing.assert_close(terms["perceptual"], expected)
    assert not module.train().features.training
    checkpoint = {"state_dict": module.state_dict()}
    module.on_save_checkpoint(checkpoint)
    assert {name.split(".")[0] for name in checkpoint["state_dict"]} == {"network", "discriminator"}


@pytest.mark.parametrize(
    ("name", "kind"), [("srgan", SRGANDiscriminator), ("patch", PatchDiscriminator)]
)
def test_either_discriminator_can_judge(
    make: Make, batch: ShadowSample, name: str, kind: type
) -> None:
    module = make(discriminator=name).train()
    assert isinstance(module.discriminator, kind)
    losses = step(module, batch, module.configure_optimizers())
    assert np.isfinite(losses).all()


def test_a_scene_without_a_shadow_has_no_score(make: Make, batch: ShadowSample) -> None:
    same = batch._replace(shadowed=torch.cat([batch.scene[:1], batch.shadowed[1:]]))
    assert [set(one) for one in make().scores(same, batch.scene)] == [set()] + [{"rmse_inside"}] * 3


def test_a_card_makes_the_same_network_again(make: Make) -> None:
    module = make(refinement_blocks=2)
    build(module.architecture).load_state_dict(module.network.state_dict())
    assert module.frame == (SIZE, SIZE)
    assert recipe("shadow") is ShadowRecipe


@torch.no_grad()
def test_a_preview_shows_scene_result_and_truth(make: Make, batch: ShadowSample) -> None:
    module = make().eval()
    rows = module.preview(batch)
    assert len(rows) == 4
    for place, row in enumerate(rows):
        assert len(row) == len(module.columns)
        assert all((one.shape, one.dtype) == ((SIZE, SIZE, 3), np.uint8) for one in row)
        for shown, tensor in ((row[0], batch.scene), (row[2], batch.shadowed)):
            levels = ((tensor[place] + 1) * 127.5).round().permute(1, 2, 0).numpy()
            np.testing.assert_allclose(shown, levels, atol=1)


def test_weights_that_compare_nothing_with_the_truth_are_refused(make: Make) -> None:
    with pytest.raises(ParamsError, match="l2 and perceptual are both 0"):
        make(**{"weights.l2": 0.0})
