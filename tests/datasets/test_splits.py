"""Dealing pictures out to three parts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.splits import PARTS, deal_out, look_alikes
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
    with pytest.raises(PipelineError, match=rf"^{len(names)} pictures .* are too few .*test_share"):
        deal_out(names, 1, 0.1, 0.1)


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(PipelineError, match=r"splits\.test_share and splits\.val_share"):
        deal_out(NAMES[:10], 1, 0.9, 0.9)


CLUSTERS = st.lists(st.integers(1, 5), min_size=12, max_size=40)


@given(CLUSTERS, SHARES, SHARES)
def test_pictures_that_look_alike_share_a_part(
    sizes: list[int], test_share: float, val_share: float
) -> None:
    together = {f"{i}_{k}": f"{i}_0" for i, size in enumerate(sizes) for k in range(size)}
    part_of = deal_out(together, 1, test_share, val_share, together)
    assert set(part_of) == set(together)
    assert all(part_of[name] == part_of[first] for name, first in together.items())
    assert set(part_of.values()) == set(PARTS)


@given(CLUSTERS)
def test_a_cluster_does_not_swell_a_small_part(sizes: list[int]) -> None:
    together = {f"{i}_{k}": f"{i}_0" for i, size in enumerate([30, *sizes]) for k in range(size)}
    counts = Counter(deal_out(together, 1, 0.2, 0.2, together).values())
    assert counts["test"] <= max(5, round(0.2 * len(together)))


def test_without_clusters_nothing_changes() -> None:
    alone = {name: name for name in NAMES}
    assert deal_out(NAMES, 1, 0.1, 0.1, alone) == deal_out(NAMES, 1, 0.1, 0.1)


def test_pictures_are_alike_within_so_many_bits_and_through_a_chain() -> None:
    hashes = {"d": "00000000000000ff", "a": "0000000000000000", "b": "000000000000000f",
              "z": "f0f0f0f0f0f0f0f0"}  # fmt: skip
    assert look_alikes(hashes, 4) == {"a": "a", "b": "a", "d": "a", "z": "z"}
    assert look_alikes(hashes, 3) == {name: name for name in sorted(hashes)}


def test_with_no_bits_only_equal_hashes_are_alike() -> None:
    hashes = {"a": "0" * 16, "b": "0" * 16, "c": "0" * 15 + "1"}
    assert look_alikes(hashes, 0) == {"a": "a", "b": "a", "c": "c"}


def test_no_pictures_have_no_clusters() -> None:
    assert look_alikes({}, 4) == {}
