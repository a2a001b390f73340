"""Pairs: equal outside the car, wholly inside the frame, and the same whoever makes them."""

from __future__ import annotations

import hashlib
import multiprocessing
from pathlib import Path
from typing import Any

import cv2
import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError
from torch.utils.data import DataLoader

from pipeline.datasets.pairs.composites import (
    OPAQUE,
    CarPairs,
    Composite,
    Pair,
    make_pair,
    read_background,
    read_cutout,
    to_pair,
)
from pipeline.datasets.pairs.scenes import SceneFile, SceneFiles
from pipeline.datasets.pairs.weather.effects import WEATHERS
from pipeline.errors import BadPicture
from pipeline.training.order import EpochOrder
from tests.datasets.small_pairs import CALM, SMALL, STILL, ellipse, noise, settings, write_scene

HEIGHT, WIDTH = SMALL["height"], SMALL["width"]


def pair(seed: int, *changes: dict[str, Any], size: tuple[int, int] = (30, 50)) -> Composite:
    rng = np.random.default_rng((seed, 99))
    return make_pair(
        noise(rng, 70, 90), ellipse(rng, *size), np.random.default_rng(seed), settings(*changes)
    )


def grown(alpha: NDArray[np.uint8], radius: int) -> NDArray[np.bool_]:
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    return cv2.dilate((alpha > 0).astype(np.uint8), square).astype(bool)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SceneFiles:
    return write_scene(tmp_path_factory.mktemp("scene"), cutouts=4, backgrounds=7)


@pytest.mark.parametrize("name", WEATHERS)
@hypothesis.settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    height=st.integers(1, 90),
    width=st.integers(1, 120),
    keep=st.booleans(),
    rotate=st.sampled_from((0.0, 10.0, 90.0)),
)
def test_outside_the_car_grown_by_the_radius_both_are_equal_byte_for_byte(
    name: str, seed: int, height: int, width: int, keep: bool, rotate: float
) -> None:
    always = {f"weather.{one}.p": float(one == name) for one in WEATHERS}
    often = {"rgb_shift.p": 0.5, "blur.p": 0.5, "car.keep_shape": keep, "car.rotate": rotate}
    made = pair(seed, always, often, size=(height, width))
    outside = ~grown(made.alpha, made.effects.radius)
    np.testing.assert_array_equal(made.x[outside], made.y[outside])
    assert made.x.shape == made.y.shape == (HEIGHT, WIDTH, 3)
    assert made.x.dtype == made.y.dtype == made.alpha.dtype == np.uint8
    np.testing.assert_array_equal(made.mask, made.alpha >= OPAQUE)


@given(seed=st.integers(0, 10**6))
def test_without_weather_x_is_the_car_where_that_is_opaque(seed: int) -> None:
    rng = np.random.default_rng(seed)
    background, cutout = noise(rng, 70, 90), ellipse(rng, 24, 32)
    one_size = {"car.sizes": [[32, 24]], "background.flip": 0.0}
    made = make_pair(background, cutout, rng, settings(CALM, STILL, one_size))
    rows, columns = np.nonzero(made.alpha == 255)
    opaque = np.argwhere(cutout[..., 3] == 255)
    assert len(rows) == len(opaque) > 100
    place = np.array((rows[0], columns[0])) - opaque[0]
    inside = tuple((opaque + place).T)
    np.testing.assert_array_equal(made.x[inside], cutout[cutout[..., 3] == 255][:, :3])
    rows, columns = np.nonzero((made.alpha > 0) & (made.alpha < 255))
    share = made.alpha[rows, columns][:, None] / 255
    colour = cutout[rows - place[0], columns - place[1], :3]
    laid = colour * share + made.y[rows, columns] * (1 - share)
    assert np.abs(made.x[rows, columns] - laid).max() <= 1.5


@given(seed=st.integers(0, 10**6), keep=st.booleans())
def test_the_car_lies_wholly_inside_the_frame(seed: int, keep: bool) -> None:
    """A full rectangle, so that what is cut off is missing from its area."""
    cutout = np.full((40, 60, 4), 255, np.uint8)
    wide = {"car.rotate": 0.0, "car.zoom": 0.5, "car.shift": 0.9, "car.keep_shape": keep}
    made = make_pair(
        noise(np.random.default_rng(0), 70, 90), cutout, np.random.default_rng(seed),
        settings(CALM, wide),
    )  # fmt: skip
    left, top, width, height = cv2.boundingRect(made.mask.astype(np.uint8))
    assert made.mask[top : top + height, left : left + width].all()
    smallest, largest = np.array((16, 12)) * 0.5, np.array((60, 45)) * 1.5
    assert width >= smallest[0] - 1
    assert width <= min(largest[0], WIDTH)
    assert height <= min(largest[1], HEIGHT)


@given(seed=st.integers(0, 10**6), rotate=st.floats(0, 90))
def test_turning_loses_nothing_of_the_car(seed: int, rotate: float) -> None:
    cutout = np.full((40, 60, 4), 255, np.uint8)
    turned = {"car.rotate": rotate, "car.sizes": [[24, 16]], "car.shift": 0.0}
    made = make_pair(
        noise(np.random.default_rng(0), 70, 90), cutout, np.random.default_rng(seed),
        settings(CALM, turned, {"car.zoom": 0.0}),
    )  # fmt: skip
    assert made.alpha.sum() / 255 == pytest.approx(24 * 16, rel=0.02)


def test_a_turned_car_that_is_too_large_is_made_smaller() -> None:
    cutout = np.full((48, 64, 4), 255, np.uint8)
    huge = {"car.sizes": [[64, 48]], "car.rotate": 90.0}
    for seed in range(20):
        made = make_pair(
            noise(np.random.default_rng(0), 70, 90), cutout, np.random.default_rng(seed),
            settings(CALM, huge),
        )  # fmt: skip
        assert made.alpha.sum() / 255 > 0.3 * HEIGHT * HEIGHT


def shape_of(made: Composite) -> float:
    _, _, width, height = cv2.boundingRect(made.mask.astype(np.uint8))
    return width / height


def test_a_car_keeps_its_shape_or_fills_its_box() -> None:
    still = {**CALM, **STILL, "car.sizes": [[60, 45]]}
    kept = pair(1, still, {"car.keep_shape": True}, size=(30, 90))
    stretched = pair(1, still, {"car.keep_shape": False}, size=(30, 90))
    assert shape_of(kept) == pytest.approx(3, rel=0.1)
    assert shape_of(stretched) == pytest.approx(60 / 45, rel=0.1)


def measured(count: int, *changes: dict[str, Any]) -> NDArray[np.float64]:
    """Left, top, width and height of the car in so many pairs."""
    boxes = [
        cv2.boundingRect(pair(seed, CALM, *changes, size=(24, 32)).mask.astype(np.uint8))
        for seed in range(count)
    ]
    return np.array(boxes, float)


def test_every_size_is_drawn_as_often_and_every_place_is_reached() -> None:
    boxes = measured(400, STILL, {"car.sizes": [[16, 12], [32, 24]]})
    small = boxes[boxes[:, 2] < 20]
    assert len(small) / len(boxes) == pytest.approx(0.5, abs=0.07)
    left, top = small[:, 0] - small[:, 0].min(), small[:, 1] - small[:, 1].min()
    assert left.max() >= WIDTH - 16 - 1
    assert top.max() >= HEIGHT - 12 - 1
    assert left.mean() == pytest.approx((WIDTH - 16) / 2, rel=0.1)


def test_zoom_changes_width_and_height_each_by_itself() -> None:
    boxes = measured(200, STILL, {"car.zoom": 0.3, "car.sizes": [[32, 24]]})
    wide, high = boxes[:, 2] / boxes[:, 2].mean(), boxes[:, 3] / boxes[:, 3].mean()
    assert wide.max() > 1.2
    assert wide.min() < 0.8
    assert abs(np.corrcoef(wide, high)[0, 1]) < 0.25


def test_a_flipped_car_is_its_mirror_image() -> None:
    still = {**CALM, **STILL, "car.sizes": [[32, 24]], "background.flip": 0.0}
    one, other = (pair(5, still, {"car.flip": p}, size=(24, 32)) for p in (0.0, 1.0))
    left, top, width, height = cv2.boundingRect(one.mask.astype(np.uint8))
    part = one.x[top : top + height, left : left + width]
    mirrored = other.x[top : top + height, left : left + width]
    middle = (slice(8, 14), slice(10, 20))
    np.testing.assert_array_equal(part[:, ::-1][middle], mirrored[middle])


def test_a_background_of_the_size_of_the_frame_is_the_frame_or_its_mirror_image() -> None:
    rng = np.random.default_rng(0)
    background, cutout = noise(rng, HEIGHT, WIDTH), ellipse(rng, 20, 30)
    whole = {**CALM, "background.sizes": [[WIDTH, HEIGHT]]}
    seen = set()
    for seed in range(12):
        made = make_pair(background, cutout, np.random.default_rng(seed), settings(whole))
        same = np.array_equal(made.y, background)
        assert same != np.array_equal(made.y, background[:, ::-1])
        seen.add(same)
    assert seen == {True, False}


def test_the_frame_is_a_crop_of_one_of_the_sizes() -> None:
    """A ramp across the background tells the scale and the place of the crop."""
    ramp = np.repeat(np.repeat(np.arange(192)[None, :, None], 132, 0), 3, 2).astype(np.uint8)
    cutout, plain = np.zeros((9, 9, 4), np.uint8), settings(CALM, {"background.flip": 0.0})
    steps, starts = [], []
    for seed in range(200):
        row = make_pair(ramp, cutout, np.random.default_rng(seed), plain).y[20, :, 0].astype(float)
        steps.append(round((row[-1] - row[0]) / (WIDTH - 1), 1))
        starts.append(row[0])
    share = np.mean(np.array(steps) == 2.0)
    assert set(steps) == {2.0, 3.0}
    assert share == pytest.approx(0.5, abs=0.1)
    first = np.array(starts)[np.array(steps) == 2.0]
    assert first.min() <= 3
    assert first.max() > 2 * (96 - WIDTH) - 3


def test_all_weathers_come_and_a_car_can_be_seen_in_each() -> None:
    made = [pair(seed) for seed in range(60)]
    assert {one.effects.name for one in made} == {*WEATHERS, "none"}
    for one in made:
        assert (one.x != one.y).any() == (one.alpha > 3).any()


def digest(items: list[Pair] | list[Composite]) -> str:
    sha = hashlib.sha256()
    for item in items:
        for field in item[:3]:
            sha.update(np.ascontiguousarray(field).tobytes())
    return sha.hexdigest()


def composites(files: SceneFiles, seed: int, indices: range) -> str:
    pairs = CarPairs(files, settings(), seed)
    return digest([pairs.composite(index) for index in indices])


def test_seed_epoch_and_index_alone_decide_a_pair_also_in_another_process(
    files: SceneFiles,
) -> None:
    here = composites(files, 1, range(14))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(composites, (files, 1, range(14))) == here
    pairs = CarPairs(files, settings(), 1)
    backwards = [pairs.composite(index) for index in reversed(range(14))]
    assert digest(backwards[::-1]) == here
    assert composites(files, 2, range(14)) != here


def test_what_is_kept_in_memory_changes_nothing_and_stays_within_its_room(
    files: SceneFiles,
) -> None:
    never, some, all_ = (CarPairs(files, settings({"cache_mb": room}), 1) for room in (0, 1, 100))
    some._backgrounds.room = 60_000
    expected = digest([never.composite(index) for index in range(21)])
    for pairs in (some, all_):
        for _ in range(2):
            assert digest([pairs.composite(index) for index in range(21)]) == expected
    kept = [sum(p.nbytes for p in pairs._backgrounds.pictures.values()) for pairs in (some, all_)]
    assert never._backgrounds.pictures == {}
    assert kept == [3 * 96 * 66 * 3, 7 * 96 * 66 * 3]


def test_epochs_differ_and_each_takes_every_background_once(tmp_path: Path) -> None:
    shades = [SceneFile(tmp_path / f"{shade}.png", "") for shade in range(0, 250, 50)]
    for file in shades:
        Image.new("RGB", (96, 66), (int(file.file.stem),) * 3).save(file.file)
    cutout = tmp_path / "car.png"
    Image.fromarray(ellipse(np.random.default_rng(0), 20, 30)).save(cutout)
    pairs = CarPairs(SceneFiles([SceneFile(cutout, "")], shades), settings(CALM), 1)
    epochs = [[pairs.composite(e * len(pairs) + i) for i in range(len(pairs))] for e in range(3)]
    for epoch in epochs:
        assert [int(one.y[0, 0, 0]) for one in epoch] == [0, 50, 100, 150, 200]
    assert len({digest(epoch) for epoch in epochs}) == 3


def test_an_epoch_may_be_longer_than_there_are_backgrounds(files: SceneFiles) -> None:
    pairs = CarPairs(files, settings({"per_epoch": 10}), 1)
    assert len(pairs) == 10
    items = list(pairs)
    assert len(items) == 10
    assert digest([items[0]]) != digest([items[7]])  # the same background


def epochs_of(files: SceneFiles, workers: int, begin: int, end: int) -> list[str]:
    """What a loader, its processes persistent, gives in each epoch."""
    pairs = CarPairs(files, settings(), 1)
    assert pairs.counts_on
    order = EpochOrder(len(pairs), seed=5, epoch=begin, counts_on=True)
    loader = DataLoader(
        pairs, batch_size=2, sampler=order, num_workers=workers, persistent_workers=workers > 0
    )
    seen = []
    for epoch in range(begin, end):
        order.set_epoch(epoch)
        seen.append(digest(list(loader)))
    return seen


def test_any_number_of_workers_and_a_resumed_run_see_the_same_epochs(files: SceneFiles) -> None:
    alone = epochs_of(files, 0, 0, 3)
    assert len(set(alone)) == 3
    for workers in (1, 2):
        torch.manual_seed(workers)
        assert epochs_of(files, workers, 0, 2) == alone[:2]
    assert epochs_of(files, 1, 2, 3) == alone[2:]


def test_tensors_are_rgb_planes_from_minus_one_to_one_and_a_mask_of_zeros_and_ones() -> None:
    made = pair(3)
    x, y, mask = to_pair(made)
    assert x.shape == y.shape == (3, HEIGHT, WIDTH)
    assert mask.shape == (1, HEIGHT, WIDTH)
    assert x.dtype == y.dtype == mask.dtype == torch.float32
    assert x.is_contiguous()
    for tensor, picture in ((x, made.x), (y, made.y)):
        expected = picture.transpose(2, 0, 1) / 127.5 - 1
        np.testing.assert_allclose(tensor.numpy(), expected, atol=1e-6)
    np.testing.assert_array_equal(mask.numpy()[0], made.mask)


def test_a_cutout_that_shows_nothing_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "ghost.png"
    Image.new("RGBA", (30, 20), (255, 0, 0, 100)).save(file)
    with pytest.raises(BadPicture, match=r"ghost\.png: nothing in it is opaque"):
        read_cutout(file, settings())


def test_colours_under_transparency_do_not_bleed_into_the_edge() -> None:
    """A black car in a transparent bright green field, made smaller: no green comes out."""
    cutout = np.full((90, 120, 4), (0, 255, 0, 0), np.uint8)
    cutout[20:70, 20:100] = (0, 0, 0, 255)
    black = np.zeros((70, 90, 3), np.uint8)
    for seed in range(10):
        assert make_pair(black, cutout, np.random.default_rng(seed), settings(CALM)).x.max() == 0


def test_a_prepared_background_has_the_first_size_whatever_its_own(tmp_path: Path) -> None:
    for size in ((300, 500), (20, 30), (700, 40)):
        file = tmp_path / "picture.jpg"
        Image.fromarray(noise(np.random.default_rng(0), *size)).save(file)
        assert read_background(file, settings()).shape == (66, 96, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"background.sizes": [[96, 66], [64, 40]]}, "64×40 does not fill the frame of 64×48"),
        ({"car.sizes": [[65, 12]]}, "65×12 does not fit into the frame of 64×48"),
        ({"car.sizes": []}, "at least 1 item"),
        ({"car.sizes": [[20]]}, "at least 2 items"),
        ({"weather.fog.thinnest": 0.9}, "thinnest 0.9 is more than thickest 0.5"),
        ({"weather.rain.p": 1.1}, "less than or equal to 1"),
    ],
)
def test_sizes_that_cannot_be_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings(change)
