"""Shadows in pictures of any size, by networks from their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.images import RGB, Mask
from pipeline.inference.shadows import AttentionPredictor, ShadowCaster
from pipeline.networks.build import build
from pipeline.networks.shadow import ShadowAttention, ShadowGenerator

ATTENTION = {"name": "shadow_attention", "encoder": "resnet18"}
GENERATOR = {"name": "shadow_generator", "encoder": "resnet18", "refinement_blocks": 1}
FRAME = (32, 64)


def save(file: Path, network: nn.Module, architecture: dict[str, Any], name: str) -> Path:
    state = network.state_dict()
    card = Card(name, architecture, FRAME, {}, "", "", state_hash(state), 1, {})
    save_weights(file, state, card)
    return file


@pytest.fixture(scope="module")
def attention(tmp_path_factory: pytest.TempPathFactory) -> AttentionPredictor:
    torch.manual_seed(0)
    network = build(ATTENTION)
    file = tmp_path_factory.mktemp("attention") / "best.pt"
    return AttentionPredictor(save(file, network, ATTENTION, "shadow_attention"))


@pytest.fixture(scope="module")
def generator() -> ShadowGenerator:
    """Adds exactly −0.2 where the inserted object is, at its own size: 25.5 levels darker."""
    torch.manual_seed(0)
    network = build(GENERATOR)
    assert isinstance(network, ShadowGenerator)
    return network


@pytest.fixture
def caster(generator: ShadowGenerator, tmp_path: Path) -> ShadowCaster:
    return ShadowCaster(save(tmp_path / "best.pt", generator, GENERATOR, "shadow"))


def scene(height: int, width: int) -> tuple[RGB, Mask]:
    picture = np.random.default_rng(1).integers(60, 200, (height, width, 3)).astype(np.uint8)
    mask = np.zeros((height, width), bool)
    mask[height // 4 : height // 2, width // 4 : width // 2] = True
    return picture, mask


@pytest.mark.parametrize("size", [(32, 64), (75, 51), (200, 300), (1, 1)], ids=str)
def test_maps_have_the_size_of_the_picture(
    attention: AttentionPredictor, size: tuple[int, int]
) -> None:
    maps = attention.maps(*scene(*size))
    assert maps._fields == ("occluders", "shadows")
    for one in maps:
        assert (one.shape, one.dtype) == (size, np.float32)
        assert 0 <= one.min() <= one.max() <= 1
    assert attention.name == "shadow_attention"


def test_maps_are_those_of_the_network_on_rgb_and_mask_from_zero_to_one(
    attention: AttentionPredictor,
) -> None:
    picture, mask = scene(*FRAME)
    planes = np.dstack([picture / 255, mask]).transpose(2, 0, 1)[None].astype(np.float32)
    network = attention.engine.network
    assert isinstance(network, ShadowAttention)
    with torch.no_grad():
        expected = network(torch.from_numpy(planes))[0].numpy()
    maps = attention.maps(picture, mask)
    np.testing.assert_allclose(maps.occluders, expected[0], atol=1e-5)
    np.testing.assert_allclose(maps.shadows, expected[1], atol=1e-5)


def test_at_its_own_size_a_cast_shadow_is_what_the_network_adds(caster: ShadowCaster) -> None:
    picture, mask = scene(*FRAME)
    masks = [mask, np.roll(mask, 9, axis=1), np.roll(mask, 9, axis=0)]
    planes = np.dstack([picture / 127.5 - 1, *(2.0 * one - 1 for one in masks)])
    with torch.no_grad():
        cast = caster.engine.network(torch.from_numpy(planes.transpose(2, 0, 1)[None]).float())
    expected = picture + 127.5 * cast.refined[0].permute(1, 2, 0).numpy()
    result = caster.cast(picture, *masks)
    assert (result.shape, result.dtype) == (picture.shape, np.uint8)
    np.testing.assert_allclose(result, expected.clip(0, 255), atol=0.51)
    assert caster.name == "shadow"


def constant(generator: ShadowGenerator, folder: Path, added: float) -> ShadowCaster:
    """A network that adds the same everywhere, whatever it sees."""
    state = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    state["refined.weight"].zero_()
    state["refined.bias"].fill_(added)
    network = build(GENERATOR)
    network.load_state_dict(state)
    return ShadowCaster(save(folder / "constant.pt", network, GENERATOR, "shadow"))


@pytest.mark.parametrize("size", [(75, 51), (200, 300), (1, 1)], ids=str)
def test_a_shadow_keeps_every_detail_of_a_picture_of_any_size(
    generator: ShadowGenerator, tmp_path: Path, size: tuple[int, int]
) -> None:
    picture, mask = scene(*size)
    result = constant(generator, tmp_path, -0.2).cast(picture, mask, mask, mask)
    darker = picture.astype(int) - result
    assert ((darker == 25) | (darker == 26)).all()


def test_where_nothing_is_added_the_picture_stays_bit_for_bit(
    generator: ShadowGenerator, tmp_path: Path
) -> None:
    picture, mask = scene(90, 130)
    before = picture.copy()
    result = constant(generator, tmp_path, 0.0).cast(picture, mask, mask, mask)
    np.testing.assert_array_equal(result, before)
    np.testing.assert_array_equal(picture, before)


def test_levels_do_not_wrap_around(generator: ShadowGenerator, tmp_path: Path) -> None:
    picture, mask = scene(40, 40)
    assert (constant(generator, tmp_path, -2.0).cast(picture, mask, mask, mask) == 0).all()
    assert (constant(generator, tmp_path, 2.0).cast(picture, mask, mask, mask) == 255).all()


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_each_mask_counts_and_must_have_the_size_of_the_picture(
    caster: ShadowCaster, wrong: int
) -> None:
    picture, mask = scene(64, 64)
    masks = [mask, mask, mask]
    result = caster.cast(picture, *masks)
    masks[wrong] = ~mask
    assert (caster.cast(picture, *masks) != result).any()
    masks[wrong] = mask[:32]
    with pytest.raises(ValueError, match=r"\(64, 64\), a mask \(32, 64\)"):
        caster.cast(picture, *masks)


def test_attention_refuses_a_mask_of_another_size(attention: AttentionPredictor) -> None:
    picture, mask = scene(64, 64)
    with pytest.raises(ValueError, match="resize the mask"):
        attention.maps(picture, mask[:, :10])
