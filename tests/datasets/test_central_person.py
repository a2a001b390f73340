"""The selection rule of the central person, against the rule written out naively."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO

from pipeline.datasets.central.selection import (
    ALL,
    CentralPerson,
    central_persons,
    centrality,
    deal,
    draw_masks,
)
from pipeline.datasets.splits import deal_out
from pipeline.errors import PipelineError
from pipeline.images import read_mask
from pipeline.parallel import HERE
from pipeline.sources.coco.instances import CocoAnnotation, CocoImage, read_instances

SHARED = Path(__file__).parents[3] / "shared" / "photos" / "coco" / "annotations"


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


def test_a_box_without_area_is_a_point_at_its_place() -> None:
    point = person(1, area=41.0, bbox=(5.0, 5.0, 0.0, 0.0))
    assert central_persons([image()], [point], 0.4)[0].score == math.inf
    corner = person(1, area=41.0, bbox=(0.0, 0.0, 0.0, 0.0))
    assert central_persons([image()], [corner], 0.4)[0].score == 41.0 / 50.0**2


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


def chosen(*numbers: int) -> list[CentralPerson]:
    return central_persons([image(n) for n in numbers], [person(n, n) for n in numbers], 0.4)


def parts(**persons: list[CentralPerson]) -> dict[int, str]:
    return {row.image_id: row.split for row in deal(persons, 1, 0.2, 0.25)}


def test_rows_are_sorted_by_part_and_number_and_name_their_masks() -> None:
    rows = deal({"train": chosen(*range(40, 20, -1)), "test": chosen(5, 3)}, 1, 0.2, 0.2)
    assert [(row.split, row.image_id) for row in rows] == sorted(
        (row.split, row.image_id) for row in rows
    )
    assert rows[0][:2] == ("test", 3)
    assert rows[0].mask == "masks/000000000003.png"
    assert rows[0]._fields == (
        "split", "image_id", "annotation_id", "score", "coverage", "width", "height",
        "file_name", "coco_url", "in_val2017", "mask",
    )  # fmt: skip


def test_a_share_of_the_training_file_validates_and_the_test_file_stays_whole() -> None:
    train, test = chosen(*range(1, 21)), chosen(*range(21, 31))
    dealt = parts(train=train, test=test)
    assert {dealt[number] for number in range(21, 31)} == {"test"}
    validates = {number for number in range(1, 21) if dealt[number] == "val"}
    assert len(validates) == 5
    assert {dealt[number] for number in range(1, 21)} == {"train", "val"}
    more = parts(train=[*train[::-1], *chosen(*range(31, 35))], test=test)
    assert len(validates & {number for number in more if more[number] == "val"}) >= 4


def test_one_file_for_all_is_dealt_out_as_everything_is() -> None:
    names = [str(number) for number in range(1, 31)]
    dealt = parts(**{ALL: chosen(*range(1, 31))})
    assert {str(number): part for number, part in dealt.items()} == deal_out(names, 1, 0.2, 0.25)
    assert set(dealt.values()) == {"train", "val", "test"}


def test_the_seed_of_the_split_moves_who_validates() -> None:
    train = chosen(*range(1, 41))
    one, other = (deal({"train": train}, seed, 0.2, 0.25) for seed in (1, 2))
    assert {row.image_id for row in one if row.split == "val"} != {
        row.image_id for row in other if row.split == "val"
    }


def test_it_is_told_which_pictures_are_in_val2017() -> None:
    persons = {"train": chosen(1, 2), "test": chosen(3, 4)}
    rows = deal(persons, 1, 0.2, 0.2, frozenset({3, 99}))
    assert {row.image_id: row.in_val2017 for row in rows} == {
        1: "false", 2: "false", 3: "true", 4: "false"
    }  # fmt: skip
    assert {row.in_val2017 for row in deal(persons, 1, 0.2, 0.2)} == {""}


def test_too_few_for_a_validation_part_are_an_error() -> None:
    with pytest.raises(PipelineError, match=r"1 pictures of `train` .*coco\.coverage"):
        deal({"train": chosen(1), "test": chosen(2, 3)}, 1, 0.2, 0.2)


def test_a_picture_in_two_parts_is_an_error() -> None:
    with pytest.raises(PipelineError, match=r"picture 2 \(2\.jpg\) is in `test` and in `train`"):
        deal({"train": chosen(1, 2), "test": chosen(2, 3)}, 1, 0.2, 0.2)


def test_masks_are_drawn_of_the_selected_annotations_alone(tmp_path: Path) -> None:
    annotation = {"category_id": 1, "bbox": [2, 2, 6, 6], "area": 50, "image_id": 1}
    squares: dict[int, Any] = {
        1: [[0, 0, 10, 0, 10, 10, 0, 10]],
        2: {"size": [10, 10], "counts": [50, 50]},
        3: [[1, 2]],
    }
    entries = [
        {**annotation, "id": 7, "image_id": number, "segmentation": square}
        for number, square in squares.items()
    ]
    content = {"images": [vars_of(image(n)) for n in squares], "annotations": entries}
    file = tmp_path / "i.json"
    file.write_text(json.dumps(content))
    rows = deal({"train": central_persons(*read_instances(file), 0.4)}, 1, 0.2, 0.3)
    told = {row.image_id: why for row, why in draw_masks(rows, [file], tmp_path, HERE)}
    assert told == {1: "", 2: "", 3: "its segmentation has no polygon of three points or more"}
    assert {path.name for path in (tmp_path / "masks").iterdir()} == {
        "000000000001.png", "000000000002.png"
    }  # fmt: skip
    half = read_mask(tmp_path / "masks" / "000000000002.png")
    assert half[:, 5:].all()
    assert not half[:, :5].any()


def vars_of(one: CocoImage) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not there")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("coverage", [0.0, 0.1, 0.4])
def test_real_pictures_are_selected_and_masked_as_with_pycocotools(
    coverage: float, tmp_path: Path
) -> None:
    file = SHARED / "instances.json"
    rows = deal({ALL: central_persons(*read_instances(file), coverage)}, 1, 0.2, 0.2)
    assert not any(why for _, why in draw_masks(rows, [file], tmp_path, HERE))
    found = {row.image_id: row for row in rows}
    coco = COCO(str(file))
    for number in coco.getImgIds():
        best = _by_pycocotools(coco, number, coverage)
        assert (best is None) == (number not in found)
        if best is not None:
            row = found[number]
            assert row.annotation_id == best["id"]
            assert row.coverage == best["area"] / (row.width * row.height)
            assert np.array_equal(read_mask(tmp_path / row.mask), coco.annToMask(best) > 0)
    assert len(found) >= 12


def _by_pycocotools(coco: COCO, number: int, coverage: float) -> dict[str, Any] | None:
    """The rule as the reference system's code has it."""
    picture, best, largest = coco.imgs[number], None, 0.0
    persons = coco.getCatIds(catNms=["person"])
    for one in coco.loadAnns(coco.getAnnIds(imgIds=number, catIds=persons, iscrowd=False)):
        left, top, width, height = one["bbox"]
        across, down = (
            left + width / 2 - picture["width"] / 2,
            top + height / 2 - picture["height"] / 2,
        )
        distance = math.hypot(across, down)
        weight = one["area"] / distance**4 if distance > 0 else math.inf
        if weight > largest:
            best, largest = one, weight
    if best is None or best["area"] / (picture["width"] * picture["height"]) <= coverage:
        return None
    return dict(best)
