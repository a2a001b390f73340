"""Test pictures by what is known of them."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from pipeline.evaluation.groups import Traits, group_pictures, subject_traits


def test_size_position_and_brightness_of_a_subject() -> None:
    subject = np.zeros((60, 80), bool)
    subject[20:40, 30:50] = True
    traits = subject_traits(np.full((60, 80, 3), 100, np.uint8), subject)
    assert traits == {"size": pytest.approx(400 / 4800, abs=1e-6), "position": 0, "brightness": 100}
    corner = np.zeros((60, 80), bool)
    corner[0, 0] = True
    assert float(subject_traits(np.zeros((60, 80, 3), np.uint8), corner)["position"]) > 0.97


def test_where_there_is_no_subject_it_has_no_position() -> None:
    traits = subject_traits(np.zeros((6, 8, 3), np.uint8), np.zeros((6, 8), bool))
    assert traits["size"] == 0
    assert np.isnan(float(traits["position"]))


def grouped(traits: list[Traits]) -> dict[tuple[str, str], list[int]]:
    groups = group_pictures(["s"] * len(traits), traits)
    return {(group.grouping, group.name): group.places for group in groups}


def test_numbers_are_grouped_in_thirds() -> None:
    assert grouped([{"size": size} for size in (0.9, 0.1, 0.5, 0.2, 0.6, 0.8)]) == {
        ("size", "small"): [1, 3], ("size", "middle"): [2, 4], ("size", "large"): [0, 5],
    }  # fmt: skip


def test_every_picture_whose_trait_is_known_is_in_one_third() -> None:
    rng = np.random.default_rng(1)
    values = [*rng.integers(0, 5, 40).astype(float).tolist(), nan]
    places = [place for some in grouped([{"size": v} for v in values]).values() for place in some]
    assert sorted(places) == list(range(40))


def test_names_are_grouped_by_name_and_what_has_none_is_left_out() -> None:
    traits: list[Traits] = [{"make": "Audi"}, {"make": ""}, {"make": "BMW"}, {"make": "Audi"}]
    assert grouped(traits) == {("make", "Audi"): [0, 3], ("make", "BMW"): [2]}


def test_what_tells_no_pictures_apart_is_no_grouping() -> None:
    assert grouped([{"make": "Audi", "size": 0.5}] * 4) == {}
    assert grouped([{"size": nan}] * 3) == {}
    assert group_pictures([], []) == []
