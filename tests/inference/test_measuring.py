"""What is measured is what `auto` takes, as long as it is the same network on the same machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.card import Card
from pipeline.inference.agreement import agreement
from pipeline.inference.engines import open_engine
from pipeline.inference.engines.choice import UNMEASURED, Choice, record, recorded
from pipeline.inference.engines.exported import CHANNELS
from pipeline.inference.engines.machine import has_bf16
from pipeline.inference.examples import COUNT, example_object, example_picture
from pipeline.inference.measuring import choice_for, measure, survey
from pipeline.inference.weights import card_of
from tests.tiny import SMALL, write

Small = Callable[[str], Path]
FLOAT32 = {"torch", "onnxruntime", "openvino-f32"}
BF16 = {"torch-bf16", "openvino-bf16"} if has_bf16() else set[str]()


@pytest.mark.parametrize("name", CHANNELS)
def test_every_backend_is_timed_and_the_quickest_that_agrees_is_chosen(
    small: Small, name: str
) -> None:
    rows = measure(small(name), rounds=1)
    assert {row.backend for row in rows} == FLOAT32 | BF16
    assert all(row.agrees for row in rows if row.backend in FLOAT32)
    assert all(row.network == "some" and row.milliseconds > 0 for row in rows)
    (best,) = (row for row in rows if row.chosen)
    assert best.milliseconds == min(row.milliseconds for row in rows if row.agrees)
    assert choice_for(small(name)).backend == best.backend
    assert choice_for(small(name)).why.startswith("measured here")
    assert open_engine(small(name)).name == best.backend


def test_a_survey_calls_networks_as_it_is_told(small: Small, tmp_path: Path) -> None:
    files = [("masks", small("deeplab_v3_plus")), ("rcnn", write("mask_rcnn", tmp_path))]
    rows = list(survey(files, rounds=1))
    assert next(row.backend for row in rows if row.network == "rcnn") == "torch"
    assert {row.backend for row in rows if row.network == "masks"} == FLOAT32 | BF16
    assert {row.network for row in rows if row.chosen} == {"masks", "rcnn"}
    assert [row.ratio for row in rows if row.backend == "torch"] == [1.0, 1.0]


def test_without_pytorch_weights_the_others_are_compared_with_each_other(small: Small) -> None:
    rows = measure(small("deeplab_v3_plus").with_suffix(".onnx"), rounds=1)
    assert not {row.backend for row in rows} & {"torch", "torch-bf16"}
    assert {row.ratio for row in rows} == {None}
    assert "ms a picture" in choice_for(small("deeplab_v3_plus")).why


def test_before_anything_is_measured_it_says_so(small: Small) -> None:
    choice = choice_for(small("deeplab_v3_plus"))
    assert choice == Choice("openvino-bf16" if has_bf16() else "openvino-f32", UNMEASURED)


def test_a_choice_holds_for_the_weights_that_were_measured(small: Small, tmp_path: Path) -> None:
    weights, other = small("deeplab_v3_plus"), write("deeplab_v3_plus", tmp_path, seed=2)
    record(card_of(weights), Choice("onnxruntime", "measured"))
    assert open_engine(weights).name == "onnxruntime"
    assert recorded(card_of(other)) is None
    assert choice_for(other).why == UNMEASURED


def test_a_choice_holds_for_as_many_threads(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    card = card_of(small("deeplab_v3_plus"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    record(card, Choice("onnxruntime", "measured"))
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert recorded(card) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"backend": "torch"}'])
def test_a_damaged_choice_is_none(small: Small, own_cache: Path, content: str) -> None:
    card = card_of(small("deeplab_v3_plus"))
    record(card, Choice("onnxruntime", "measured"))
    (file,) = (own_cache / "choices").iterdir()
    file.write_text(content)
    assert recorded(card) is None


def test_an_asked_device_comes_before_what_was_measured_on_the_processor(small: Small) -> None:
    record(card_of(small("deeplab_v3_plus")), Choice("onnxruntime", "measured"))
    assert choice_for(small("deeplab_v3_plus"), "cuda") == Choice("torch", "on cuda, as asked")


def card(name: str) -> Card:
    return Card("some", {"name": name, **SMALL[name][0]}, SMALL[name][1], {}, "", "", "", 1, {})


def mask(*filled: int) -> np.ndarray:
    """1×1×10×100 of 0.1, with that many pixels of 0.9 in each row."""
    plane = np.full((1, 1, len(filled), 100), 0.1, np.float32)
    for row, count in enumerate(filled):
        plane[0, 0, row, :count] = 0.9
    return plane


def test_masks_agree_by_their_overlap() -> None:
    whole, less = mask(*[50] * 20), mask(*[50] * 18, 49, 49)
    close = agreement(card("deeplab_v3_plus"), [whole], [less])
    assert close == ("IoU 0.9980, at most 0.8000 apart", True)
    far = agreement(card("deeplab_v3_plus"), [whole], [mask(*[50] * 17, 49, 49, 49)])
    assert far == ("IoU 0.9970, at most 0.8000 apart", False)


@pytest.mark.parametrize("filled", [0, 100])
def test_masks_that_say_nothing_agree_only_if_they_are_the_same(filled: int) -> None:
    empty = mask(*[filled] * 10)
    assert agreement(card("shadow_attention"), [empty], [empty + np.float32(0.0005)]).enough
    assert not agreement(card("shadow_attention"), [empty], [empty + np.float32(0.01)]).enough


def test_pictures_agree_by_their_levels() -> None:
    black = np.full((1, 3, 10, 10), -1, np.float32)
    level = np.float32(1 / 127.5)
    close = agreement(card("removal_generator"), [black], [black + 0.4 * level])
    assert close == ("0.400 levels apart on average, at most 0.4", True)
    assert not agreement(card("shadow_generator"), [black], [black + 0.6 * level]).enough
    spot = black.copy()
    spot[0, 0, 0, 0] += 20 * level
    assert not agreement(card("shadow_generator"), [black], [spot]).enough


def test_examples_are_the_same_each_time_and_differ_from_each_other() -> None:
    pictures = [example_picture(number, 48, 64) for number in range(COUNT)]
    assert all(picture.shape == (48, 64, 3) for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == COUNT
    np.testing.assert_array_equal(example_picture(COUNT, 48, 64), pictures[0])


def test_the_object_of_an_example_is_where_the_person_stands() -> None:
    """The coat has one colour, noise apart: inside the mask a picture varies less than outside."""
    person = example_object(1, 96, 96)
    assert 0.1 < person.mean() < 0.4
    rows, columns = np.nonzero(person)
    coat = example_picture(1, 96, 96)[rows.min() + 35, columns.min() + 8 : columns.max() - 8]
    assert coat.std(axis=0).max() < 12
