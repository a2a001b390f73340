"""VGG as a judge of pictures: cut where the paper says, and never trained."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from pipeline.networks.features import VGGFeatures, VGGLayer, VGGName, vgg_features

PARAMETERS = {
    # 3×3 convolutions with bias: 64, 64 | 128, 128 | 256, 256, 256
    ("vgg16", "relu3_3"): 1792 + 36_928 + 73_856 + 147_584 + 295_168 + 2 * 590_080,
    # 64, 64 | 128, 128 | 4 × 256 | 4 × 512 | 4 × 512
    ("vgg19", "pool5"): (
        1792 + 36_928 + 73_856 + 147_584 + 295_168 + 3 * 590_080 + 1_180_160 + 7 * 2_359_808
    ),
}


def pictures(count: int = 1, height: int = 64, width: int = 64) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def features() -> VGGFeatures:
    torch.manual_seed(0)
    return vgg_features("vgg16", "relu3_3", None)


@pytest.mark.parametrize(("name", "layer"), PARAMETERS)
def test_it_has_the_parameters_of_the_papers_table_up_to_that_layer(
    name: VGGName, layer: VGGLayer
) -> None:
    found = sum(one.numel() for one in vgg_features(name, layer, None).parameters())
    assert found == PARAMETERS[name, layer]


@torch.no_grad()
@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("vgg16", "relu3_3", (1, 256, 64, 96)),
        ("vgg19", "pool5", (1, 512, 8, 12)),
    ],
)
def test_a_reference_picture_gives_the_features_of_the_specification(
    name: VGGName, layer: VGGLayer, shape: tuple[int, ...]
) -> None:
    found = vgg_features(name, layer, None)(pictures(1, 256, 384))
    assert found.shape == shape
    assert found.min() >= 0  # both end behind a ReLU


def test_a_layer_that_vgg_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no layer 'relu3_9'"):
        vgg_features("vgg16", "relu3_9", None)  # type: ignore[arg-type]


@torch.no_grad()
def test_imagenet_weights_make_it_torchvisions_vgg() -> None:
    torch.manual_seed(5)
    theirs = make_layers(cfgs["D"])  # what torchvision's vgg16 calls its features
    state = {f"features.{key}": tensor for key, tensor in theirs.state_dict().items()}
    state["classifier.0.weight"] = torch.zeros(1)
    ours = vgg_features("vgg16", "relu3_3", state)
    assert isinstance(theirs[14], nn.Conv2d)
    assert theirs[14].out_channels == 256
    torch.testing.assert_close(ours(pictures()), theirs[:16](pictures()))


def test_it_is_frozen_and_stays_in_evaluation_mode(features: VGGFeatures) -> None:
    around = nn.ModuleList([features]).train()
    assert not features.training
    assert not any(module.training for module in features.modules())
    assert not any(one.requires_grad for one in around.parameters())


def test_the_gradient_of_the_picture_passes_through(features: VGGFeatures) -> None:
    picture = pictures().requires_grad_()
    features(picture).sum().backward()
    assert picture.grad is not None
    assert picture.grad.any()
    assert all(one.grad is None for one in features.parameters())


@torch.no_grad()
def test_pictures_go_in_as_they_are_or_normalised(features: VGGFeatures) -> None:
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    normalising = VGGFeatures(features.layers, normalise=True)
    torch.testing.assert_close(features(pictures()), features.layers(pictures()))
    torch.testing.assert_close(normalising(pictures()), features((pictures() - mean) / std))


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 1, 64, 64), (1, 64, 64, 3)], ids=str)
def test_a_wrong_shape_is_refused_with_the_way_out(
    features: VGGFeatures, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"N×3×H×W, got .*; permute"):
        features(torch.zeros(shape))
