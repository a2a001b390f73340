"""Adversarial losses: their order, their labels, their digits."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from pipeline.losses.adversarial import (
    fool,
    least_squares_discriminator,
    least_squares_generator,
    smoothed_bce,
)

SHAPE = (2, 1, 40, 60)


def logits(value: float) -> Tensor:
    return torch.full(SHAPE, float(value))


def total(terms: Mapping[str, Tensor]) -> float:
    return sum(term.item() for term in terms.values())


def bce(real: float, fake: float, smoothing: float = 0.0) -> float:
    torch.manual_seed(0)
    return total(smoothed_bce(logits(real), logits(fake), smoothing))


def squares(real: float, fake: float) -> float:
    return total(least_squares_discriminator(logits(real), logits(fake)))


def test_a_discriminator_that_knows_is_better_than_one_that_guesses_or_errs() -> None:
    perfect, good, none, bad = bce(20, -20), bce(2, -2), bce(0, 0), bce(-2, 2)
    assert perfect == pytest.approx(0, abs=1e-6)
    assert perfect < good < none < bad
    assert none == pytest.approx(torch.tensor(2.0).log().item())
    assert squares(1, 0) == 0 < squares(0.8, 0.1) < squares(0.5, 0.5) < squares(0, 1) == 1


def test_a_fake_that_is_taken_for_real_is_better() -> None:
    losses = [fool(logits(value)).item() for value in (20, 2, 0, -2)]
    assert losses == sorted(losses)
    assert losses[0] == pytest.approx(0, abs=1e-6)
    assert losses[2] == pytest.approx(torch.tensor(2.0).log().item())
    squared = [least_squares_generator(logits(value)).item() for value in (1, 0.8, 0, -1)]
    assert squared == pytest.approx([0, 0.04, 1, 4])


def test_labels_are_drawn_for_every_place_within_their_bounds() -> None:
    """Cross-entropy is linear in the label: its gradient says what the label was."""
    real, fake = logits(0.0).requires_grad_(), logits(0.0).requires_grad_()
    torch.manual_seed(0)
    terms = smoothed_bce(real, fake, smoothing=0.2)
    (terms["real"] + terms["fake"]).backward()
    assert real.grad is not None
    assert fake.grad is not None
    for grad, low, high in ((real.grad, 0.8, 1.0), (fake.grad, 0.0, 0.2)):
        labels = 0.5 - grad * 2 * grad.numel()
        assert low - 1e-3 <= labels.min() < low + 0.01
        assert high - 0.01 < labels.max() <= high + 1e-3
        assert labels.mean().item() == pytest.approx((low + high) / 2, abs=5e-3)
        assert labels.std().item() == pytest.approx(0.2 / 12**0.5, rel=0.05)


def test_without_smoothing_it_is_the_mean_of_two_plain_cross_entropies() -> None:
    torch.manual_seed(3)
    real, fake = torch.randn(SHAPE), torch.randn(SHAPE)
    terms = smoothed_bce(real, fake, 0.0)
    expected = functional.binary_cross_entropy(real.sigmoid(), torch.ones(SHAPE)) / 2
    torch.testing.assert_close(terms["real"], expected)
    expected = functional.binary_cross_entropy(fake.sigmoid(), torch.zeros(SHAPE)) / 2
    torch.testing.assert_close(terms["fake"], expected)


def test_smoothing_punishes_certainty() -> None:
    assert bce(20, -20, 0.2) > bce(2, -2, 0.2) > bce(2, -2)


def test_the_same_seed_draws_the_same_labels() -> None:
    assert bce(1, 1, 0.2) == bce(1, 1, 0.2)
    torch.manual_seed(5)
    assert total(smoothed_bce(logits(1), logits(1), 0.2)) != bce(1, 1, 0.2)


@pytest.mark.parametrize("weigh", ["smoothed_bce", "least_squares"])
def test_half_precision_is_summed_in_full(weigh: str) -> None:
    torch.manual_seed(3)
    real, fake = torch.randn(SHAPE).bfloat16(), torch.randn(SHAPE).bfloat16()

    def terms(one: Tensor, other: Tensor) -> list[Tensor]:
        torch.manual_seed(0)
        if weigh == "smoothed_bce":
            return [*smoothed_bce(one, other, 0.2).values(), fool(other)]
        return [*least_squares_discriminator(one, other).values(), least_squares_generator(other)]

    with torch.autocast("cpu", torch.bfloat16):
        half = terms(real, fake)
    assert {term.dtype for term in half} == {torch.float32}
    torch.testing.assert_close(half, terms(real.float(), fake.float()))


def test_descent_takes_fakes_for_real() -> None:
    for loss in (fool, least_squares_generator):
        fake = torch.zeros(1, 1, 4, 4, requires_grad=True)
        optimiser = torch.optim.Adam([fake], lr=0.1)
        for _ in range(60):
            optimiser.zero_grad()
            loss(fake).backward()
            optimiser.step()
        assert (fake > 0.7).all()
