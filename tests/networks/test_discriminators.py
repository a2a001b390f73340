"""Both discriminators: one set of properties, and their sizes by hand."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from pipeline.networks.discriminators import PatchDiscriminator, UNetDiscriminator

Make = Callable[..., nn.Module]
KINDS: dict[str, Make] = {"unet": UNetDiscriminator, "patch": PatchDiscriminator}
UNET_PARAMETERS = 4_631_649
PATCH_70_PARAMETERS = 2_768_705


def make(kind: str, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return KINDS[kind](inputs=6, filters=4)


def pairs(count: int = 2, height: int = 48, width: int = 64) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, 6, height, width, generator=generator) * 2 - 1


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(scope="module", params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@torch.no_grad()
def test_a_verdict_on_every_pixel_or_on_every_patch() -> None:
    frame = pairs(1, 256, 384)
    assert UNetDiscriminator().eval()(frame).shape == (1, 1, 256, 384)
    assert PatchDiscriminator().eval()(frame).shape == (1, 1, 30, 46)
    assert PatchDiscriminator(inputs=3).eval()(pairs(1, 256, 256)[:, :3]).shape == (1, 1, 30, 30)


@torch.no_grad()
def test_a_patch_of_70_pixels_decides_each_verdict() -> None:
    network = make("patch").eval()
    before, after = pairs(1, 128, 128), pairs(1, 128, 128)
    after[..., 60, 60] += 1
    changed = torch.nonzero((network(before) - network(after))[0, 0].abs() > 1e-9)
    centres = changed * 8 + 11.5  # of the field of the verdict: 70 pixels, 8 apart, 23 outside
    assert (centres - 60).abs().max() <= 35
    assert len(changed) >= 8 * 8


@torch.no_grad()
def test_logits_are_not_squashed(kind: str) -> None:
    logits = make(kind).eval()(pairs() * 100)
    assert logits.dtype == torch.float32
    assert logits.min() < 0 or logits.max() > 1


@torch.no_grad()
def test_a_picture_is_judged_alone(kind: str) -> None:
    network, batch = make(kind).eval(), pairs(3)
    torch.testing.assert_close(network(batch)[1:2], network(batch[1:2]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("kind", "shape", "message"),
    [
        ("unet", (1, 6, 40, 48), "multiples of 16, got 40×48; resize or pad to 48×48"),
        ("unet", (1, 6, 0, 48), "multiples of 16, got 0×48"),
        ("patch", (1, 6, 40, 31), "at least 32, got 40×31; take larger pictures"),
        ("unet", (1, 3, 48, 48), r"N×6×H×W, got \(1, 3, 48, 48\); concatenate"),
        ("patch", (1, 3, 48, 48), r"N×6×H×W, got \(1, 3, 48, 48\); concatenate"),
        ("patch", (6, 48, 48), r"N×6×H×W, got \(6, 48, 48\)"),
    ],
    ids=str,
)
def test_a_wrong_shape_is_refused_with_the_way_out(
    kind: str, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(kind)(torch.zeros(shape))


@torch.no_grad()
def test_the_smallest_pictures_are_judged() -> None:
    assert make("unet").eval()(pairs(1, 16, 16)).shape == (1, 1, 16, 16)
    assert make("patch").eval()(pairs(1, 32, 39)).shape == (1, 1, 2, 2)


def test_gradients_reach_every_parameter(kind: str) -> None:
    network = make(kind).train()
    logits = network(pairs(4))
    torch.manual_seed(0)
    (logits * torch.randn_like(logits)).sum().backward()
    without = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert without == []


@torch.no_grad()
def test_the_seed_alone_decides_the_weights(kind: str) -> None:
    one, same, other = (make(kind, seed).eval()(pairs()) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@torch.no_grad()
def test_weights_that_were_saved_and_loaded_judge_the_same(kind: str) -> None:
    network = make(kind).train()
    network(pairs())  # moves the running means
    stream = io.BytesIO()
    torch.save(network.state_dict(), stream)
    stream.seek(0)
    other = make(kind, seed=2)
    other.load_state_dict(torch.load(stream, weights_only=True))
    assert torch.equal(other.eval()(pairs()), network.eval()(pairs()))


def conv(inputs: int, outputs: int) -> int:
    return inputs * outputs * 4**2 + outputs


def norm(channels: int) -> int:
    return 2 * channels


def test_the_unet_has_the_parameters_of_its_layer_list() -> None:
    """Of spec §1: 32, 64, 128, 256 down; three times 256 up, beside the skips; one."""
    down = conv(6, 32) + conv(32, 64) + conv(64, 128) + conv(128, 256) + norm(64 + 128 + 256)
    up = conv(256, 256) + conv(256 + 128, 256) + conv(256 + 64, 256) + 3 * norm(256)
    by_hand = down + up + conv(256 + 32, 1)
    assert parameters(UNetDiscriminator()) == by_hand == UNET_PARAMETERS


def test_the_patch_discriminator_has_the_parameters_of_the_paper() -> None:
    """C64-C128-C256-C512 and one, without biases before BatchNorm."""
    blocks = sum(16 * one * 2 * one + norm(2 * one) for one in (64, 128, 256))
    by_hand = conv(6, 64) + blocks + conv(512, 1)
    assert parameters(PatchDiscriminator()) == by_hand == PATCH_70_PARAMETERS


def test_it_learns_to_tell_bright_pictures_from_dark_ones(kind: str) -> None:
    network = make(kind).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    bright, dark = pairs(4) + 1, pairs(4) - 1
    for _ in range(30):
        optimiser.zero_grad()
        loss = network(dark).sigmoid().mean() - network(bright).sigmoid().mean()
        loss.backward()
        optimiser.step()
    assert loss.item() < -0.8
