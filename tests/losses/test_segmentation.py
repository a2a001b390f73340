"""Dice and BCE-Dice: their order, their independence of the batch, their contract."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pipeline.losses.segmentation import bce_dice_loss, dice_loss


def truth(pictures: int = 1) -> Tensor:
    mask = torch.zeros(pictures, 1, 8, 8)
    mask[:, :, 2:6, 1:7] = 1
    return mask


def noise(pictures: int, seed: int = 0) -> Tensor:
    return torch.rand(pictures, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


def loss(probability: Tensor, mask: Tensor) -> float:
    return dice_loss(probability, mask)["dice"].item()


def test_perfect_is_better_than_good_is_better_than_bad() -> None:
    mask = truth()
    good = 0.8 * mask + 0.2 * (1 - mask)
    perfect, bad, worst = loss(mask, mask), loss(1 - good, mask), loss(1 - mask, mask)
    assert perfect == 0
    assert perfect < loss(good, mask) < loss(torch.full_like(mask, 0.5), mask) < bad < worst
    assert worst == pytest.approx(1, abs=0.02)


def test_the_value_is_one_minus_the_smoothed_dice_coefficient() -> None:
    mask, half = truth(), torch.full((1, 1, 8, 8), 0.5)
    assert loss(half, mask) == pytest.approx(1 - (2 * 12 + 1) / (32 + 24 + 1))
    unsmoothed = dice_loss(half, mask, smooth=0)["dice"].item()
    assert unsmoothed == pytest.approx(1 - 2 * 12 / (32 + 24))


def test_a_picture_counts_the_same_in_every_batch() -> None:
    probability, masks = noise(5), (noise(5, seed=1) > 0.7).float()
    alone = [loss(probability[i : i + 1], masks[i : i + 1]) for i in range(5)]
    assert loss(probability, masks) == pytest.approx(sum(alone) / 5)
    assert loss(probability.flip(0), masks.flip(0)) == pytest.approx(loss(probability, masks))


def test_an_empty_truth_still_has_a_gradient_that_lowers_false_positives() -> None:
    probability = noise(1).requires_grad_()
    value = dice_loss(probability, torch.zeros(1, 1, 8, 8))["dice"]
    value.backward()
    assert 0 < value.item() < 1
    assert probability.grad is not None
    assert (probability.grad > 0).all()


def test_an_empty_prediction_on_an_empty_truth_costs_nothing() -> None:
    assert loss(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)) == 0


def test_descent_on_the_gradient_reaches_the_truth() -> None:
    logits = torch.zeros(1, 1, 8, 8, requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=0.5)
    for _ in range(60):
        optimiser.zero_grad()
        dice_loss(logits.sigmoid(), truth())["dice"].backward()
        optimiser.step()
    assert torch.equal((logits > 0).float(), truth())


def test_half_precision_is_summed_in_full() -> None:
    mask = (noise(1) > 0.5).float().repeat(1, 1, 64, 64)
    half = noise(1, seed=1).repeat(1, 1, 64, 64).bfloat16()
    value = dice_loss(half, mask)["dice"]
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(loss(half.float(), mask), abs=1e-6)


@pytest.mark.parametrize("bad", [truth() * 255, truth() - 0.5])
def test_a_truth_beyond_zero_and_one_is_refused_with_the_way_out(bad: Tensor) -> None:
    with pytest.raises(ValueError, match=r"within \[0, 1\]; divide a 0-255 mask by 255"):
        dice_loss(noise(1), bad)


def test_a_truth_of_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="divide a 0-255 mask by 255"):
        dice_loss(noise(1), (truth() * 255).to(torch.uint8))


def test_shapes_that_differ_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"\(2, 1, 8, 8\) and \(1, 1, 8, 8\)"):
        dice_loss(noise(2), truth())


@pytest.mark.parametrize("k", [0.1, 1.0, 5.0])
def test_bce_dice_is_k_times_the_cross_entropy_beside_dice(k: float) -> None:
    probability, mask = noise(2), truth(2)
    terms = bce_dice_loss(probability, mask, k)
    entropy = torch.nn.functional.binary_cross_entropy(probability, mask)
    assert terms["bce"].item() == pytest.approx(k * entropy.item(), rel=1e-5)
    assert terms["dice"].item() == pytest.approx(loss(probability, mask))


def test_without_k_dice_stands_alone() -> None:
    assert bce_dice_loss(noise(1), truth(), 0.0).keys() == {"dice"}


def test_bce_dice_also_goes_from_perfect_to_bad() -> None:
    def total(probability: Tensor) -> float:
        return sum(term.item() for term in bce_dice_loss(probability, truth(), 1.0).values())

    good = 0.8 * truth() + 0.2 * (1 - truth())
    assert total(truth()) == pytest.approx(0, abs=1e-5)
    assert total(truth()) < total(good) < total(1 - good) < total(1 - truth()) < 20


def test_bce_dice_of_half_precision_stays_finite_where_it_saturates() -> None:
    terms = bce_dice_loss((1 - truth()).bfloat16(), truth(), 1.0)
    assert terms["bce"].dtype == torch.float32
    assert torch.isfinite(terms["bce"])
