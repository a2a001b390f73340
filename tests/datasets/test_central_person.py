"""The selection rule of the central person, against the rule written out naively."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.central_person import (
    CentralPerson,
    central_persons,
    centrality,
    split_rows,
)
from pipeline.sources.coco.instances import CocoAnnotation, CocoImage, Instances


def image(number: int = 1, width: int = 10, height: int = 10) -> CocoImage:
    return CocoImage(number, width, height, f"{number}.jpg", f"http://x/{number}.jpg")


def person(number: int = 1, picture: int = 1, area: float = 50.0, **other: Any) -> CocoAnnotation:
    bbox = other.pop("bbox", (0.0, 0.0, 8.0, 8.0))
    return CocoAnnotation(number, picture, 1, area, bbox, **other)


def naive(
    images: Sequence[CocoImage], persons: Sequence[CocoAnnotation], coverage: float
) -> list[CentralPerson]:
    rows = []
    for one in sorted(images, key=lambda each: each.id):
        best, best_score = None, 0.0
        for annotation in persons:
            if annotation.image_id != one.id or annotation.iscrowd:
                continue
            left, top, width, height = annotation.bbox
            across = left + width / 2 - one.width / 2
            down = top + height / 2 - one.height / 2
            fourth = (across * across + down * down) ** 2
            score = annotation.area / fourth if fourth > 0 else math.inf
            if score > best_score:
                best, best_score = annotation, score
        if best is not None and best.area / (one.width * one.height) > coverage:
            share = best.area / (one.width * one.height)
            rows.append(
                CentralPerson(
                    one.id, best.id, best_score, share, one.width, one.height, one.file_name,
                    one.coco_url,
                )
            )  # fmt: skip
    return rows


# Few values, so that ties, d = 0, zero areas and shares that equal the threshold do occur.
SIDES = st.sampled_from([4, 10, 20])
PLACES = st.sampled_from([0.0, 1.0, 2.0, 2.5, 5.0])
PERSONS = st.builds(
    lambda number, picture, area, bbox, crowd: person(
        number, picture, area, bbox=bbox, iscrowd=crowd
    ),
    st.integers(1, 10**6),
    st.integers(1, 5),  # number 5 is no picture's
    st.sampled_from([0.0, 1.0, 6.4, 40.0, 80.0, 100.0]),
    st.tuples(PLACES, PLACES, PLACES, PLACES),
    st.sampled_from([0, 0, 0, 1]),
)


@given(
    st.lists(st.builds(image, st.integers(1, 4), SIDES, SIDES), unique_by=lambda one: one.id),
    st.lists(PERSONS, max_size=30),
    st.sampled_from([0.0, 0.1, 0.4]),
)
def test_it_equals_the_rule_written_out(
    images: list[CocoImage], persons: list[CocoAnnotation], coverage: float
) -> None:
    assert central_persons(images, persons, coverage) == naive(images, persons, coverage)


@given(
    st.lists(
        st.tuples(
            *[st.floats(-700, 700) for _ in range(2)], *[st.floats(0, 700) for _ in range(3)]
        ),
        max_size=20,
    )
)
def test_it_equals_the_rule_on_any_numbers(values: list[tuple[float, ...]]) -> None:
    persons = [
        person(number, 1, area, bbox=(left, top, width, height))
        for number, (left, top, width, height, area) in enumerate(values)
    ]
    assert central_persons([image()], persons, 0.0) == naive([image()], persons, 0.0)


def test_the_score_is_the_area_over_the_fourth_power_of_the_distance() -> None:
    off = person(area=48.0, bbox=(4.0, 5.0, 6.0, 8.0))  # centre (7, 9), 2 and 4 off
    assert centrality([off], [image()]).tolist() == [48.0 / 20.0**2]


def test_nearness_beats_size_and_the_share_is_of_the_winner_alone() -> None:
    near = person(1, area=30.0, bbox=(3.0, 3.0, 5.0, 5.0))
    large = person(2, area=60.0, bbox=(0.0, 0.0, 7.0, 7.0))
    assert central_persons([image()], [large, near], 0.4) == []
    assert [row.annotation_id for row in central_persons([image()], [large, near], 0.2)] == [1]


def test_in_the_very_centre_the_score_is_infinite() -> None:
    centred = person(7, area=41.0, bbox=(2.0, 2.0, 6.0, 6.0))
    huge = person(1, area=99.0, bbox=(0.0, 0.0, 9.0, 10.0))
    [row] = central_persons([image()], [huge, centred], 0.4)
    assert (row.annotation_id, row.score, row.coverage) == (7, math.inf, 0.41)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_equals_the_first_in_the_file_wins(order: tuple[int, int]) -> None:
    centred = [person(number, bbox=(2.0, 2.0, 6.0, 6.0)) for number in order]
    assert central_persons([image()], centred, 0.4)[0].annotation_id == order[0]
    mirrored = [
        person(order[0], bbox=(1.0, 2.0, 6.0, 6.0)), person(order[1], bbox=(3.0, 2.0, 6.0, 6.0))
    ]  # fmt: skip
    assert central_persons([image()], mirrored, 0.4)[0].annotation_id == order[0]


def test_the_share_must_be_more_than_the_threshold() -> None:
    assert central_persons([image()], [person(area=40.0)], 0.4) == []
    assert len(central_persons([image()], [person(area=40.1)], 0.4)) == 1


def test_crowds_do_not_count() -> None:
    crowd = person(1, area=90.0, bbox=(0.0, 0.0, 10.0, 10.0), iscrowd=1)
    assert central_persons([image()], [crowd], 0.4) == []
    assert central_persons([image()], [crowd, person(2)], 0.4)[0].annotation_id == 2


def test_pictures_without_anybody_and_persons_without_a_picture_give_nothing() -> None:
    assert central_persons([image()], [], 0.0) == []
    assert central_persons([], [person()], 0.0) == []
    assert central_persons([image(1)], [person(picture=2)], 0.0) == []


def test_an_area_of_zero_never_does() -> None:
    assert central_persons([image()], [person(area=0.0)], 0.0) == []


def test_a_picture_without_pixels_is_never_used() -> None:
    assert central_persons([image(width=0)], [person()], 0.0) == []


def test_rows_are_sorted_by_part_and_number() -> None:
    def part(*numbers: int) -> Instances:
        return Instances([image(n) for n in numbers], [person(n, n) for n in numbers])

    rows = split_rows({"train": part(9, 1), "test": part(5, 3)}, 0.4)
    assert [(row.split, row.image_id) for row in rows] == [
        ("test", 3), ("test", 5), ("train", 1), ("train", 9)
    ]  # fmt: skip
    assert rows[0]._fields == (
        "split", "image_id", "annotation_id", "score", "coverage", "width", "height",
        "file_name", "coco_url",
    )  # fmt: skip
