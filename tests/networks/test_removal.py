"""Generator of the car removal system: one set of properties, its size by hand, Keras' padding."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.networks.build import build
from pipeline.networks.keras_layers import SameConv2d, UpsampledConv2d
from pipeline.networks.removal import Removal, RemovalGenerator, TransposedConv2d

REFERENCE: dict[str, Any] = {
    "kernels": [4, 2], "filters": 32, "levels": 7, "dropout": 0.0, "predict_mask": False,
}  # fmt: skip
REFERENCE_PARAMETERS = 25_222_697
LADDER = [32, 64, 128, 256, 256, 256, 256]


def make(seed: int = 0, **numbers: Any) -> RemovalGenerator:
    torch.manual_seed(seed)
    small = {"filters": 4, "levels": 3}
    network = build({"name": "removal_generator", **REFERENCE, **small, **numbers})
    assert isinstance(network, RemovalGenerator)
    return network


def pictures(count: int = 2, height: int = 16, width: int = 24) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, 3, height, width, generator=generator) * 2 - 1


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


KINDS: dict[str, dict[str, Any]] = {
    "reference": {},
    "alpha": {"predict_mask": True},
    "one branch": {"kernels": [4]},
    "seven branches": {"kernels": [1, 2, 3, 4, 5, 6, 7], "predict_mask": True},
    "dropout": {"dropout": 0.5},
    "five levels": {"levels": 5, "kernels": [3, 1]},
}


@pytest.fixture(scope="module", params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> dict[str, Any]:
    return KINDS[request.param]


def size_of(kind: dict[str, Any]) -> tuple[int, int]:
    side = 2 ** kind.get("levels", 3)
    return 2 * side, 3 * side


def all_but_none(removal: Removal) -> Tensor:
    return torch.cat([one for one in removal if one is not None], dim=1)


@torch.no_grad()
def test_the_car_is_painted_over_in_a_picture_of_the_same_size(kind: dict[str, Any]) -> None:
    height, width = size_of(kind)
    picture, painted, alpha = make(**kind).eval()(pictures(2, height, width))
    for one in (picture, painted):
        assert one.shape == (2, 3, height, width)
        assert one.dtype == torch.float32
        assert -1 < one.min() < one.max() < 1
    if kind.get("predict_mask"):
        assert alpha.shape == (2, 1, height, width)
        assert 0 < alpha.min() < alpha.max() < 1
    else:
        assert alpha is None
        assert torch.equal(picture, painted)


@torch.no_grad()
@pytest.mark.parametrize("predict_mask", [False, True])
def test_the_reference_network_keeps_the_reference_frame(predict_mask: bool) -> None:
    network = make(**{**REFERENCE, "predict_mask": predict_mask}).eval()
    frame = pictures(1, 256, 384)
    levels = network.encoders[0](frame)
    assert [tuple(level.shape[1:]) for level in levels] == [
        (width, 256 >> depth, 384 >> depth) for depth, width in enumerate(LADDER, start=1)
    ]
    assert [level.shape for level in network.encoders[1](frame)] == [
        level.shape for level in levels
    ]
    removal = network(frame)
    assert removal.picture.shape == frame.shape
    assert removal.picture.abs().max() < 1
    assert removal.picture.std() > 0.01


@torch.no_grad()
def test_a_picture_is_judged_alone(kind: dict[str, Any]) -> None:
    network, batch = make(**kind).eval(), pictures(3, *size_of(kind))
    alone, together = all_but_none(network(batch[1:2])), all_but_none(network(batch))[1:2]
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 3, 250, 384), "multiples of 128, got 250×384; resize or pad to 256×384"),
        ((1, 3, 256, 385), "multiples of 128, got 256×385; resize or pad to 256×512"),
        ((1, 3, 0, 384), "multiples of 128, got 0×384"),
        ((1, 4, 256, 384), r"N×3×H×W, got \(1, 4, 256, 384\)"),
        ((3, 256, 384), r"N×3×H×W, got \(3, 256, 384\); .* add the batch dimension"),
        ((1, 256, 384, 3), r"N×3×H×W, got \(1, 256, 384, 3\); permute"),
    ],
    ids=str,
)
def test_a_wrong_shape_is_refused_with_the_way_out(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(levels=7)(torch.zeros(shape))


def test_gradients_reach_every_parameter(kind: dict[str, Any]) -> None:
    network, batch = make(**kind).train(), pictures(4, *size_of(kind))
    output = all_but_none(network(batch))
    torch.manual_seed(0)
    (output * torch.randn_like(output)).sum().backward()
    without = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert without == []


@torch.no_grad()
def test_the_seed_alone_decides_the_weights(kind: dict[str, Any]) -> None:
    batch = pictures(2, *size_of(kind))
    one, same, other = (make(seed, **kind).eval()(batch).picture for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@torch.no_grad()
def test_weights_that_were_saved_and_loaded_paint_the_same(kind: dict[str, Any]) -> None:
    network, batch = make(**kind), pictures(2, *size_of(kind))
    network.train()(batch)  # moves the running means
    stream = io.BytesIO()
    torch.save(network.state_dict(), stream)
    stream.seek(0)
    other = make(seed=2, **kind).eval()
    other.load_state_dict(torch.load(stream, weights_only=True))
    assert torch.equal(all_but_none(other(batch)), all_but_none(network.eval()(batch)))


def conv(inputs: int, outputs: int, kernel: int) -> int:
    return inputs * outputs * kernel**2 + outputs


def norm(channels: int) -> int:
    return 2 * channels


def test_the_reference_network_has_the_parameters_of_its_layer_list() -> None:
    """The list of spec §1, branch by branch."""

    def branch(kernel: int) -> int:
        encoder = sum(
            conv(one, other, kernel) + conv(other, other, kernel) + norm(other)
            for one, other in zip([3, *LADDER], LADDER, strict=False)
        ) - norm(32)  # none in the first
        below, upwards = [256, 512, 512, 512, 256, 128], [256, 256, 256, 128, 64, 32]
        decoder = sum(
            conv(one, other, kernel) + conv(other, other, kernel) + norm(other)
            for one, other in zip(below, upwards, strict=True)
        )
        return encoder + decoder + conv(64, 3, kernel)

    by_hand = branch(4) + branch(2) + conv(512, 256, 4) + conv(6, 3, 4)
    assert parameters(make(**REFERENCE)) == by_hand == REFERENCE_PARAMETERS
    alpha = (conv(64, 1, 4) + conv(64, 1, 2)) + (conv(8, 4, 4) - conv(6, 3, 4))
    assert parameters(make(**{**REFERENCE, "predict_mask": True})) == by_hand + alpha


def test_dropout_drops_in_the_decoders_and_only_in_training() -> None:
    network, batch = make(dropout=0.5), pictures()
    drops = [module for module in network.modules() if isinstance(module, nn.Dropout)]
    assert [module.p for module in drops] == [0.5] * 2 * 2
    assert not any(isinstance(module, nn.Dropout) for module in make().modules())
    network.train()
    assert not torch.equal(network(batch).picture, network(batch).picture)
    network.eval()
    assert torch.equal(network(batch).picture, network(batch).picture)


@torch.no_grad()
def test_where_alpha_is_zero_the_picture_stays_as_it_was() -> None:
    network, batch = make(predict_mask=True).eval(), pictures()
    network.head.weight[3:] = 0
    network.head.bias[3:] = -200.0
    removal = network(batch)
    assert torch.equal(removal.picture, batch)
    assert not torch.equal(removal.painted, batch)
    network.head.bias[3:] = 200.0
    torch.testing.assert_close(network(batch).picture, removal.painted)


def test_half_precision_gives_pictures_in_full() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        removal = make(predict_mask=True).eval()(pictures())
    assert {one.dtype for one in removal} == {torch.float32}
    full = make(predict_mask=True).eval()(pictures())
    torch.testing.assert_close(removal.picture, full.picture, atol=0.05, rtol=0)


def keras_same(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    """TensorFlow's rule, literally: total = max((⌈n/s⌉ − 1)·s + k − n, 0), half of it in front."""
    kernel, sides = weight.shape[-1], []
    for length in (x.shape[-1], x.shape[-2]):
        total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
        sides += [total // 2, total - total // 2]
    return functional.conv2d(functional.pad(x, sides), weight, bias, stride)


@torch.no_grad()
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", range(1, 8))
def test_same_padding_is_that_of_keras(kernel: int, stride: int) -> None:
    layer, x = SameConv2d(3, 5, kernel, stride), pictures(2, 12, 8)
    assert layer.bias is not None
    expected = keras_same(x, layer.weight, layer.bias, stride)
    assert layer(x).shape == (2, 5, 12 // stride, 8 // stride)
    torch.testing.assert_close(layer(x), expected)


@torch.no_grad()
def test_an_even_kernel_looks_further_right_and_down() -> None:
    layer = SameConv2d(1, 1, 4)
    layer.weight.fill_(1)
    x = torch.zeros(1, 1, 9, 9)
    x[..., 4, 4] = 1
    rows, columns = torch.nonzero(layer(x)[0, 0] > 0.5, as_tuple=True)
    assert sorted(set(rows.tolist())) == sorted(set(columns.tolist())) == [2, 3, 4, 5]


@pytest.mark.parametrize("kernel", range(1, 10))
def test_upsampling_and_convolution_in_one_are_both_one_after_the_other(kernel: int) -> None:
    layer, plain = UpsampledConv2d(3, 5, kernel), SameConv2d(3, 5, kernel)
    plain.load_state_dict(layer.state_dict())
    assert plain.bias is not None
    torch.nn.init.uniform_(plain.bias)
    layer.load_state_dict(plain.state_dict())
    x, other = (pictures(2, 6, 5).requires_grad_() for _ in range(2))
    ours, expected = layer(x), plain(functional.interpolate(other, scale_factor=2))
    assert ours.shape == (2, 5, 12, 10)
    torch.testing.assert_close(ours, expected)
    gain = torch.randn(ours.shape, generator=torch.Generator().manual_seed(2))
    for output in (ours, expected):
        (output * gain).sum().backward()
    torch.testing.assert_close(x.grad, other.grad)
    assert layer.weight.grad is not None
    torch.testing.assert_close(layer.weight.grad, plain.weight.grad)


@torch.no_grad()
@pytest.mark.parametrize("kernel", range(2, 8))
def test_a_transposed_convolution_is_the_gradient_of_keras_own(kernel: int) -> None:
    """Keras computes it so: the gradient of a 'same' convolution of stride 2."""
    layer, x = TransposedConv2d(3, 2, kernel), pictures(2, 5, 4)
    with torch.enable_grad():
        source = torch.zeros(2, 2, 10, 8, requires_grad=True)
        small = keras_same(source, layer.weight, torch.zeros(3), stride=2)
        (expected,) = torch.autograd.grad(small, source, x)
    assert layer(x).shape == (2, 2, 10, 8)
    torch.testing.assert_close(layer(x), expected)


def test_first_weights_are_glorots_and_biases_zero() -> None:
    layer = SameConv2d(8, 24, 4)
    limit = (6 / ((8 + 24) * 16)) ** 0.5
    assert 0.98 * limit < layer.weight.abs().max() <= limit
    assert layer.weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.05)
    assert layer.bias is not None
    assert not layer.bias.any()


def test_a_kernel_of_one_with_a_stride_takes_every_other_pixel_and_survives_channels_last() -> None:
    """PyTorch's own corrupts memory there (2.15, CPU): this would end the interpreter."""
    torch.manual_seed(0)
    layer = SameConv2d(3, 4, 1, stride=2).to(memory_format=torch.channels_last)
    for _ in range(20):
        x = torch.rand(4, 3, 128, 128, requires_grad=True)
        y = layer(x.to(memory_format=torch.channels_last))
        y.square().mean().backward()
    expected = torch.einsum("dc,nchw->ndhw", layer.weight[..., 0, 0], x[..., ::2, ::2])
    torch.testing.assert_close(y, expected + layer.bias[:, None, None])
