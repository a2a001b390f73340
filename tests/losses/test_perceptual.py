"""The perceptual loss: nearer pictures, lower loss; gradient into ours alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pipeline.losses.perceptual import perceptual_loss
from pipeline.networks.features import VGGFeatures, vgg_features


@pytest.fixture(scope="module")
def features() -> VGGFeatures:
    torch.manual_seed(0)
    return vgg_features("vgg16", "relu3_3", None)


@pytest.fixture
def truth() -> Tensor:
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_perfect_is_better_than_good_is_better_than_bad(
    features: VGGFeatures, truth: Tensor
) -> None:
    noise = torch.rand(truth.shape, generator=torch.Generator().manual_seed(2)) - 0.5
    perfect, good, bad = (
        float(perceptual_loss(features, truth + share * noise, truth)) for share in (0, 0.1, 1)
    )
    assert perfect == 0 < good < bad


def test_it_is_the_mean_squared_difference_of_the_features(
    features: VGGFeatures, truth: Tensor
) -> None:
    ours = truth.flip(-1)
    expected = (features(ours) - features(truth)).square().mean()
    torch.testing.assert_close(perceptual_loss(features, ours, truth), expected)


def test_the_gradient_flows_into_ours_alone(features: VGGFeatures, truth: Tensor) -> None:
    ours, wanted = truth.flip(-1).requires_grad_(), truth.clone().requires_grad_()
    perceptual_loss(features, ours, wanted).backward()
    assert ours.grad is not None
    assert ours.grad.any()
    assert wanted.grad is None


def test_half_precision_of_the_training_around_it_changes_nothing(
    features: VGGFeatures, truth: Tensor
) -> None:
    ours = truth.flip(-1)
    with torch.autocast("cpu", torch.bfloat16):
        found = perceptual_loss(features, ours, truth)
    assert found.dtype == torch.float32
    assert torch.equal(found, perceptual_loss(features, ours, truth))


def test_other_shapes_are_refused(features: VGGFeatures, truth: Tensor) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        perceptual_loss(features, truth[:1], truth)
