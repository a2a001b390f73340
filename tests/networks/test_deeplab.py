"""DeepLabV3+ with squeeze-and-excite: one set of properties over encoders, and its size by hand."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import ResNet, get_model

from pipeline.networks.build import build
from pipeline.networks.deeplab import (
    AtrousSpatialPyramidPooling,
    DeepLabV3Plus,
    ResNetEncoder,
    SqueezeExcite,
)

REFERENCE = {"encoder": "resnet50", "width": 256, "low_width": 48, "se_ratio": 8}
REFERENCE_PARAMETERS = 17_819_617
CHANNELS = {"resnet18": (64, 256), "resnet50": (256, 1024)}


def make(encoder: str = "resnet18", seed: int = 0, **numbers: Any) -> DeepLabV3Plus:
    torch.manual_seed(seed)
    small = {"width": 16, "low_width": 8, "se_ratio": 2}
    network = build({"name": "deeplab_v3_plus", "encoder": encoder, **small, **numbers})
    assert isinstance(network, DeepLabV3Plus)
    return network


def pictures(count: int = 2, height: int = 64, width: int = 64) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1))


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(scope="module", params=list(CHANNELS))
def encoder(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def network(encoder: str) -> DeepLabV3Plus:
    """In evaluation mode; not to be changed."""
    return make(encoder).eval()


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(16, 16), (64, 64), (32, 96), (80, 48)])
def test_every_pixel_gets_a_probability(network: DeepLabV3Plus, height: int, width: int) -> None:
    probability = network(pictures(2, height, width))
    assert probability.shape == (2, 1, height, width)
    assert probability.dtype == torch.float32
    assert 0 < probability.min() <= probability.max() < 1


@torch.no_grad()
def test_a_picture_is_judged_alone(network: DeepLabV3Plus) -> None:
    batch = pictures(3)
    torch.testing.assert_close(network(batch)[1:2], network(batch[1:2]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 3, 60, 64), "multiples of 16, got 60×64; resize or pad to 64×64"),
        ((1, 3, 64, 65), "multiples of 16, got 64×65; resize or pad to 64×80"),
        ((1, 3, 0, 64), "multiples of 16, got 0×64"),
        ((1, 4, 64, 64), r"N×3×H×W, got \(1, 4, 64, 64\)"),
        ((3, 64, 64), r"N×3×H×W, got \(3, 64, 64\); .* add the batch dimension"),
        ((1, 64, 64, 3), r"N×3×H×W, got \(1, 64, 64, 3\); permute"),
    ],
    ids=str,
)
def test_a_wrong_shape_is_refused_with_the_way_out(
    network: DeepLabV3Plus, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        network(torch.zeros(shape))


def test_gradients_reach_every_parameter(encoder: str) -> None:
    network = make(encoder, se_ratio=1).train()
    output = network(pictures(4))
    (output * pictures(4)[:, :1]).sum().backward()
    without = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert without == []


@torch.no_grad()
def test_the_seed_alone_decides_the_weights(encoder: str, network: DeepLabV3Plus) -> None:
    assert torch.equal(make(encoder).eval()(pictures()), network(pictures()))
    assert not torch.equal(make(encoder, seed=1).eval()(pictures()), network(pictures()))


@torch.no_grad()
def test_weights_that_were_saved_and_loaded_predict_the_same(
    encoder: str, network: DeepLabV3Plus
) -> None:
    stream = io.BytesIO()
    torch.save(network.state_dict(), stream)
    stream.seek(0)
    other = make(encoder, seed=2).eval()
    other.load_state_dict(torch.load(stream, weights_only=True))
    assert torch.equal(other(pictures()), network(pictures()))


@torch.no_grad()
def test_the_encoder_hands_over_strides_four_and_sixteen_of_torchvisions_resnet(
    encoder: str,
) -> None:
    torch.manual_seed(0)
    resnet = get_model(encoder).eval()
    assert isinstance(resnet, ResNet)
    features = ResNetEncoder(resnet).eval()(pictures(1, 64, 96))
    low, high = CHANNELS[encoder]
    assert features.low.shape == (1, low, 16, 24)
    assert features.high.shape == (1, high, 4, 6)
    stem = resnet.maxpool(resnet.relu(resnet.bn1(resnet.conv1(pictures(1, 64, 96)))))
    torch.testing.assert_close(features.low, resnet.layer1[1](resnet.layer1[0](stem)))
    torch.testing.assert_close(features.high, resnet.layer3(resnet.layer2(resnet.layer1(stem))))


@torch.no_grad()
def test_brightness_is_normalised_inside_so_that_serving_cannot_differ() -> None:
    network = make().eval()
    state = network.state_dict()
    assert state["mean"].flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])
    assert state["std"].flatten().tolist() == pytest.approx([0.229, 0.224, 0.225])
    before = network(pictures())
    network.mean += 0.3
    torch.testing.assert_close(network(pictures() + 0.3), before)


def test_imagenet_weights_fill_the_encoder() -> None:
    torch.manual_seed(9)
    imagenet = get_model("resnet18").state_dict()
    network = make(imagenet=imagenet)
    assert torch.equal(network.encoder.stem[0].weight, imagenet["conv1.weight"])
    last = network.encoder.conv4[-1]
    assert torch.equal(last.conv2.weight, imagenet["layer3.1.conv2.weight"])


def test_an_unknown_architecture_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'unet'; known are .*deeplab_v3_plus"):
        build({"name": "unet"})


@pytest.mark.parametrize(("channels", "ratio"), [(304, 8), (256, 8), (24, 2), (16, 1)])
def test_squeeze_and_excite_has_two_bottleneck_matrices(channels: int, ratio: int) -> None:
    block = SqueezeExcite(channels, ratio)
    assert parameters(block) == 2 * channels * (channels // ratio)


@torch.no_grad()
def test_squeeze_and_excite_weighs_each_channel_by_one_number_below_one() -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 16, 5, 7) + 0.1
    weights = SqueezeExcite(16, 1)(x) / x
    assert 0 < weights.min() <= weights.max() < 1
    torch.testing.assert_close(weights, weights[..., :1, :1].expand_as(weights))
    assert weights[0, :, 0, 0].std() > 0


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 9), (32, 32)])
def test_the_pyramid_keeps_height_and_width(height: int, width: int) -> None:
    pyramid = AtrousSpatialPyramidPooling(12, 8, rates=(6, 12, 18)).eval()
    assert pyramid(torch.rand(2, 12, height, width)).shape == (2, 8, height, width)


def test_the_pyramid_looks_at_the_rates_it_is_given() -> None:
    pyramid = AtrousSpatialPyramidPooling(12, 8, rates=(6, 12, 18))
    kernels = [layer for layer in pyramid.modules() if isinstance(layer, nn.Conv2d)]
    rates = [layer.dilation[0] for layer in kernels if layer.kernel_size == (3, 3)]
    assert rates == [6, 12, 18]
    assert parameters(pyramid) == 2 * 12 * 8 + 3 * 9 * 12 * 8 + 5 * 8 * 8 + 6 * 2 * 8


def conv_bn(inputs: int, outputs: int, kernel: int) -> int:
    return inputs * outputs * kernel**2 + 2 * outputs


def bottlenecks(inputs: int, middle: int, blocks: int) -> int:
    outputs = 4 * middle
    first = conv_bn(inputs, middle, 1) + conv_bn(middle, middle, 3) + conv_bn(middle, outputs, 1)
    other = conv_bn(outputs, middle, 1) + conv_bn(middle, middle, 3) + conv_bn(middle, outputs, 1)
    return first + conv_bn(inputs, outputs, 1) + (blocks - 1) * other


def test_the_reference_network_has_the_parameters_of_its_layer_list() -> None:
    """The list of spec §2: ResNet50 to conv4, pyramid of 256, low-level 48, excite twice."""
    conv2, conv3, conv4 = bottlenecks(64, 64, 3), bottlenecks(256, 128, 4), bottlenecks(512, 256, 6)
    resnet = conv_bn(3, 64, 7) + conv2 + conv3 + conv4
    pyramid = 2 * conv_bn(1024, 256, 1) + 3 * conv_bn(1024, 256, 3) + conv_bn(5 * 256, 256, 1)
    low_level, merged = conv_bn(256, 48, 1), 256 + 48
    excite = 2 * merged * (merged // 8) + 2 * 256 * (256 // 8)
    decoder = excite + conv_bn(merged, 256, 3) + conv_bn(256, 256, 3)
    by_hand = resnet + pyramid + low_level + decoder + (256 + 1)
    assert parameters(make(**REFERENCE)) == by_hand == REFERENCE_PARAMETERS


def test_without_squeeze_and_excite_its_matrices_alone_are_missing() -> None:
    """Spec §3 is §2 without these blocks."""
    merged = 256 + 48
    excite = 2 * merged * (merged // 8) + 2 * 256 * (256 // 8)
    plain = make(**{**REFERENCE, "se_ratio": 0})
    assert parameters(plain) == REFERENCE_PARAMETERS - excite
    assert not any(isinstance(block, SqueezeExcite) for block in plain.modules())


@torch.no_grad()
def test_the_reference_network_takes_its_reference_size() -> None:
    probability = make(**REFERENCE).eval()(pictures(1, 512, 512))
    assert probability.shape == (1, 1, 512, 512)
    assert 0 <= probability.min() <= probability.max() <= 1
