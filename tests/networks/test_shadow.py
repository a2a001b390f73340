"""The shadow networks: one set of properties over the three, and their sizes by hand."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from pipeline.networks.build import build
from pipeline.networks.shadow import (
    CastShadow,
    ShadowAttention,
    ShadowGenerator,
    SRGANDiscriminator,
    widened,
)

CHANNELS = {"attention": 4, "generator": 6, "discriminator": 3}
STAGES = (64, 128, 256, 512)


def make(kind: str, seed: int = 0, encoder: str = "resnet18", **more: Any) -> nn.Module:
    torch.manual_seed(seed)
    if kind == "attention":
        return build({"name": "shadow_attention", "encoder": encoder, **more})
    if kind == "generator":
        return build(
            {"name": "shadow_generator", "encoder": encoder, "refinement_blocks": 4, **more}
        )
    return SRGANDiscriminator(**{"filters": 8, **more})


def inputs(kind: str, count: int = 2, height: int = 64, width: int = 64) -> Tensor:
    shape = (count, CHANNELS[kind], height, width)
    drawn = torch.rand(shape, generator=torch.Generator().manual_seed(1))
    return drawn if kind == "attention" else 2 * drawn - 1


def one(output: Any) -> Tensor:
    """What a network puts out, as one tensor."""
    return torch.cat(output, dim=1) if isinstance(output, CastShadow) else output


@pytest.fixture(scope="module", params=list(CHANNELS))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def network(kind: str) -> nn.Module:
    """In evaluation mode; not to be changed."""
    return make(kind).eval()


@torch.no_grad()
def test_a_picture_is_judged_alone(network: nn.Module, kind: str) -> None:
    batch = inputs(kind, 3)
    torch.testing.assert_close(
        one(network(batch))[1:2], one(network(batch[1:2])), atol=1e-4, rtol=1e-3
    )


def test_gradients_reach_every_parameter(kind: str) -> None:
    network = make(kind).train()
    output = one(network(inputs(kind, 4)))
    weights = torch.rand(output.shape, generator=torch.Generator().manual_seed(2))
    (output * weights).sum().backward()
    without = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert without == []


@torch.no_grad()
def test_the_seed_alone_decides_the_weights(kind: str, network: nn.Module) -> None:
    expected = one(network(inputs(kind)))
    assert torch.equal(one(make(kind).eval()(inputs(kind))), expected)
    assert not torch.equal(one(make(kind, seed=1).eval()(inputs(kind))), expected)


@torch.no_grad()
def test_weights_that_were_saved_and_loaded_predict_the_same(kind: str, network: nn.Module) -> None:
    stream = io.BytesIO()
    torch.save(network.state_dict(), stream)
    stream.seek(0)
    other = make(kind, seed=2).eval()
    other.load_state_dict(torch.load(stream, weights_only=True))
    assert torch.equal(one(other(inputs(kind))), one(network(inputs(kind))))


@pytest.mark.parametrize("shape", [(64, 64), (1, 7, 64, 64), (1, 64, 64, 4)], ids=str)
def test_wrong_channels_are_refused_with_the_way_out(
    network: nn.Module, kind: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=rf"N×{CHANNELS[kind]}×H×W.*got .*; .*batch dimension"):
        network(torch.zeros(shape))


@pytest.mark.parametrize(
    ("height", "width", "message"),
    [
        (60, 64, "multiples of 32, got 60×64; resize or pad to 64×64"),
        (64, 65, "multiples of 32, got 64×65; resize or pad to 64×96"),
        (0, 64, "multiples of 32, got 0×64"),
    ],
)
@pytest.mark.parametrize("unet", ["attention", "generator"])
def test_a_size_that_cannot_be_halved_five_times_is_refused(
    unet: str, height: int, width: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(unet)(torch.zeros(1, CHANNELS[unet], height, width))


@torch.no_grad()
def test_attention_gives_two_probabilities_for_every_pixel_at_the_reference_size() -> None:
    maps = make("attention", encoder="resnet34").eval()(inputs("attention", 1, 256, 256))
    assert maps.shape == (1, 2, 256, 256)
    assert maps.dtype == torch.float32
    assert 0 <= maps.min() < 0.5 < maps.max() <= 1


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(256, 256), (32, 96)])
def test_the_generator_gives_a_coarse_and_a_refined_shadow(height: int, width: int) -> None:
    cast = make("generator").eval()(inputs("generator", 1, height, width))
    assert isinstance(cast, CastShadow)
    assert cast.coarse.shape == cast.refined.shape == (1, 3, height, width)
    assert not torch.equal(cast.coarse, cast.refined)
    assert one(cast).min() < 0 < one(cast).max()  # it can darken and brighten


@torch.no_grad()
def test_the_discriminator_judges_sixteen_times_sixteen_patches_at_the_reference_size() -> None:
    scores = make("discriminator", filters=64).eval()(inputs("discriminator", 1, 256, 256))
    assert scores.shape == (1, 1, 16, 16)


def test_without_refinement_both_shadows_come_of_the_same_features() -> None:
    network = make("generator", refinement_blocks=0)
    assert isinstance(network, ShadowGenerator)
    assert list(network.refinement.parameters()) == []
    network.refined.load_state_dict(network.coarse.state_dict())
    cast = network.eval()(inputs("generator"))
    assert torch.equal(cast.coarse, cast.refined)


def conv(inputs: int, outputs: int, kernel: int = 3, bias: bool = False) -> int:
    return inputs * outputs * kernel**2 + bias * outputs


def norm(channels: int) -> int:
    return 2 * channels


def resnet_parameters(channels: int, blocks: tuple[int, ...]) -> int:
    """He et al., table 1, without the classifier; a 1×1 convolution where the width changes."""
    count = conv(channels, 64, 7) + norm(64)
    before = 64
    for width, length in zip(STAGES, blocks, strict=True):
        for place in range(length):
            count += conv(before, width) + norm(width) + conv(width, width) + norm(width)
            if not place and before != width:
                count += conv(before, width, 1) + norm(width)
            before = width
    return count


def decoder_parameters() -> int:
    """Each block: enlarged features and a skip → two 3×3 convolutions with BatchNorm."""
    count, before = 0, 512
    for skip, width in zip((256, 128, 64, 64, 0), (256, 128, 64, 32, 16), strict=True):
        count += conv(before + skip, width) + norm(width) + conv(width, width) + norm(width)
        before = width
    return count


def discriminator_parameters() -> int:
    count, before = 0, 3
    for width in STAGES:
        count += conv(before, width, bias=True) + (norm(width) if before != 3 else 0)
        count += conv(width, width, bias=True) + norm(width)
        before = width
    return count + conv(512, 1, bias=True)


RESNET18, RESNET34 = (2, 2, 2, 2), (3, 4, 6, 3)
REFERENCE = {
    "attention": (
        24_439_650,
        resnet_parameters(4, RESNET34) + decoder_parameters() + conv(16, 2, bias=True),
    ),
    "generator": (
        14_347_750,
        resnet_parameters(6, RESNET18)
        + decoder_parameters()
        + 2 * conv(16, 3, bias=True)
        + 4 * (norm(16) + conv(16, 16, bias=True)),
    ),
    "discriminator": (4_693_697, discriminator_parameters()),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_the_reference_networks_have_the_parameters_of_their_layer_lists(name: str) -> None:
    """Specification 5: ResNet34 with 4 channels, ResNet18 with 6, SRGAN's 64 to 512."""
    network = {
        "attention": lambda: make("attention", encoder="resnet34"),
        "generator": lambda: make("generator"),
        "discriminator": lambda: make("discriminator", filters=64),
    }[name]()
    pinned, by_hand = REFERENCE[name]
    assert sum(one.numel() for one in network.parameters()) == by_hand == pinned


def test_only_the_first_convolution_of_the_discriminator_has_no_batch_norm_behind_it() -> None:
    modules = [
        type(module)
        for module in make("discriminator").modules()
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.LeakyReLU)
    ]
    stage = [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU] * 2
    assert modules == [nn.Conv2d, nn.LeakyReLU, *stage[3:], *3 * stage, nn.Conv2d]


@pytest.mark.parametrize("unet", ["attention", "generator"])
def test_imagenet_weights_fill_the_encoder_whatever_the_channels(unet: str) -> None:
    torch.manual_seed(9)
    imagenet = get_model("resnet18").state_dict()
    before = dict(imagenet)
    network = make(unet, imagenet=imagenet)
    assert isinstance(network, ShadowAttention | ShadowGenerator)
    state = network.encoder.state_dict()
    assert torch.equal(state["layer4.1.conv2.weight"], imagenet["layer4.1.conv2.weight"])
    first = state["conv1.weight"]
    assert torch.equal(first, widened(imagenet["conv1.weight"], CHANNELS[unet]))
    torch.testing.assert_close(first[:, 0], imagenet["conv1.weight"][:, 0] * 3 / CHANNELS[unet])
    assert imagenet.keys() == before.keys()


def test_six_repeated_channels_excite_the_widened_convolution_as_three_did() -> None:
    weight = torch.rand(8, 3, 7, 7, generator=torch.Generator().manual_seed(0))
    picture = inputs("discriminator", 1, 16, 16)
    torch.testing.assert_close(
        nn.functional.conv2d(torch.cat([picture, picture], 1), widened(weight, 6)),
        nn.functional.conv2d(picture, weight),
    )


def test_the_encoder_bears_torchvisions_names_so_that_other_networks_can_lend_theirs() -> None:
    names = {f"encoder.{name}" for name in get_model("resnet18").state_dict() if "fc" not in name}
    assert names <= set(make("attention").state_dict())
