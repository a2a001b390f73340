"""Dealing pictures out to three parts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.splits import PARTS, deal_out
from pipeline.errors import PipelineError

NAMES = [f"picture_{i:03d}" for i in range(200)]
SHARES = st.floats(0.01, 0.45)


@given(st.sets(st.text(min_size=1), min_size=10, max_size=60), SHARES, SHARES)
def test_every_name_gets_one_part_and_every_part_its_share(
    names: set[str], test_share: float, val_share: float
) -> None:
    part_of = deal_out(names, 1, test_share, val_share)
    sizes = Counter(part_of.values())
    assert list(part_of) == sorted(names)
    assert set(sizes) == set(PARTS)
    assert sizes["test"] == max(1, round(len(names) * test_share))
    assert sizes["val"] == max(1, round((len(names) - sizes["test"]) * val_share))


def test_nine_to_one_then_a_tenth_of_the_rest_for_validation() -> None:
    assert Counter(deal_out(NAMES, 1, 0.1, 0.1).values()) == {"train": 162, "val": 18, "test": 20}


def test_the_order_of_the_names_does_not_matter() -> None:
    assert deal_out(NAMES, 1, 0.1, 0.1) == deal_out(reversed(NAMES), 1, 0.1, 0.1)


def test_another_seed_is_another_split() -> None:
    first, second = (deal_out(NAMES, seed, 0.1, 0.1) for seed in (1, 2))
    assert first != second
    assert Counter(first.values()) == Counter(second.values())


def test_parts_are_not_runs_of_neighbours() -> None:
    tests = [name for name, part in deal_out(NAMES, 1, 0.5, 0.1).items() if part == "test"]
    assert 30 < sum(name in tests for name in NAMES[:100]) < 70


def test_new_pictures_move_few_old_ones() -> None:
    before = deal_out(NAMES, 1, 0.1, 0.1)
    after = deal_out([*NAMES, *(f"new_{i}" for i in range(10))], 1, 0.1, 0.1)
    assert sum(before[name] != after[name] for name in NAMES) <= 8


def test_a_small_test_share_still_gives_one_picture_to_every_part() -> None:
    assert sorted(deal_out("abc", 1, 0.01, 0.01).values()) == ["test", "train", "val"]


@pytest.mark.parametrize("names", ["", "a", "ab"])
def test_too_few_pictures_are_refused_with_the_parameters_to_change(names: str) -> None:
    with pytest.raises(PipelineError, match=rf"^{len(names)} pictures are too few .*test_share"):
        deal_out(names, 1, 0.1, 0.1)


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(PipelineError, match=r"splits\.test_share and splits\.val_share"):
        deal_out(NAMES[:10], 1, 0.9, 0.9)
