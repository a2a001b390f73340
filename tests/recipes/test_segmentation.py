"""The three recipes of DeepLabV3+."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.utils.data import default_collate

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.errors import PipelineError
from pipeline.networks.deeplab import SqueezeExcite
from pipeline.params import parse_params
from pipeline.recipes import recipe
from pipeline.recipes.segmentation import SegmentationRecipe
from tests.recipes.samples import samples

NAMES = ("person_se", "person_bce_dice", "car_mask")


@pytest.fixture
def make(mini_params: Callable[..., str]) -> Callable[..., SegmentationRecipe]:
    def make(name: str, **changes: object) -> SegmentationRecipe:
        values = {f"networks.{name}.{key}": value for key, value in changes.items()}
        module = recipe(name)(parse_params(mini_params(Path("/"), {"lr": 0.01, **values})))
        assert isinstance(module, SegmentationRecipe)
        return module

    return make


@pytest.mark.parametrize("name", NAMES)
def test_overfits_one_batch(name: str, make: Callable[..., SegmentationRecipe]) -> None:
    module = make(name)
    module.frame = (32, 32)
    batch = default_collate(samples(module, 4))
    optimiser = module.configure_optimizers()
    losses = []
    for _ in range(120):
        optimiser.zero_grad()
        loss = torch.stack(list(module.objective(batch).terms.values())).sum()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > 0.4
    assert losses[-1] < 0.12


def test_the_two_persons_differ_in_blocks_and_loss(
    make: Callable[..., SegmentationRecipe],
) -> None:
    excite, plain = make("person_se"), make("person_bce_dice")
    assert sum(isinstance(one, SqueezeExcite) for one in excite.network.modules()) == 2
    assert not any(isinstance(one, SqueezeExcite) for one in plain.network.modules())
    batch = default_collate(samples(excite, 2))
    assert excite.objective(batch).terms.keys() == {"dice"}
    assert plain.objective(batch).terms.keys() == {"bce", "dice"}


def weights_of(module: SegmentationRecipe, file: Path) -> None:
    state = module.network.state_dict()
    card = Card(
        module.name, module.architecture, module.frame, {}, "", "", state_hash(state), 1, {}
    )
    save_weights(file, state, card)


def test_a_checkpoint_of_ours_is_where_training_starts(
    make: Callable[..., SegmentationRecipe], tmp_path: Path
) -> None:
    trained = make("person_bce_dice")
    with torch.no_grad():
        for parameter in trained.network.parameters():
            parameter.add_(1.0)
    weights_of(trained, tmp_path / "best.pt")
    for place in (tmp_path, tmp_path / "best.pt"):
        started = make("person_bce_dice", checkpoint=str(place))
        for ours, theirs in zip(
            started.network.parameters(), trained.network.parameters(), strict=True
        ):
            assert torch.equal(ours, theirs)


def test_another_network_takes_what_it_shares(
    make: Callable[..., SegmentationRecipe], tmp_path: Path
) -> None:
    trained = make("person_bce_dice")
    weights_of(trained, tmp_path / "best.pt")
    excite = make("person_se", checkpoint=str(tmp_path), width=16)
    theirs, ours = trained.network.state_dict(), excite.network.state_dict()
    assert torch.equal(ours["encoder.stem.0.weight"], theirs["encoder.stem.0.weight"])
    assert ours["head.weight"].shape != theirs["head.weight"].shape


def test_a_checkpoint_that_is_not_there_is_named(
    make: Callable[..., SegmentationRecipe], tmp_path: Path
) -> None:
    with pytest.raises(PipelineError, match=r"none\.pt: no such file"):
        make("person_se", checkpoint=str(tmp_path / "none.pt"))


def test_a_relative_checkpoint_is_refused(make: Callable[..., SegmentationRecipe]) -> None:
    with pytest.raises(PipelineError, match=r"networks\.person_se\.checkpoint: 'here\.pt' is nei"):
        make("person_se", checkpoint="here.pt")
