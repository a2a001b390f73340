"""The demo world's cars: repeatable, from every side, with exact silhouettes and shadows."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.sources.demo.cars.bodies import BODY_NAMES, MAKES, MODELS
from pipeline.sources.demo.cars.pictures import ANGLES, CarPicture, draw_car_picture, write_cars

SEED = 5
COUNT = 18  # every model once


@pytest.fixture(scope="module")
def pictures() -> list[CarPicture]:
    return [draw_car_picture(SEED, index) for index in range(COUNT)]


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_and_index_give_the_same_bytes(pictures: list[CarPicture]) -> None:
    again = draw_car_picture(SEED, 3)
    assert again.picture.tobytes() == pictures[3].picture.tobytes()
    assert again.mask.tobytes() == pictures[3].mask.tobytes()


def test_other_index_or_seed_gives_another_picture(pictures: list[CarPicture]) -> None:
    assert len({drawn.picture.tobytes() for drawn in pictures}) == COUNT
    assert draw_car_picture(SEED + 1, 3).picture.tobytes() != pictures[3].picture.tobytes()


def test_pictures_are_rgb_bytes_of_varied_sizes(pictures: list[CarPicture]) -> None:
    for drawn in pictures:
        height, width = drawn.mask.shape
        assert drawn.picture.shape == (height, width, 3)
        assert drawn.picture.dtype == np.uint8
        assert drawn.mask.dtype == np.bool_
        assert 320 <= width <= 480
        assert width / height == pytest.approx(4 / 3, abs=0.01) or width / height == pytest.approx(
            3 / 2, abs=0.01
        )
    assert len({drawn.mask.shape for drawn in pictures}) > 8


def test_a_car_is_one_piece_inside_the_frame(pictures: list[CarPicture]) -> None:
    for drawn in pictures:
        assert 0.2 <= drawn.mask.mean() <= 0.6
        rows, columns = np.nonzero(drawn.mask)
        height, width = drawn.mask.shape
        assert min(rows.min(), columns.min()) >= 3
        assert rows.max() < height - 3
        assert columns.max() < width - 3
        _, _, stats, _ = cv2.connectedComponentsWithStats(drawn.mask.astype(np.uint8))
        areas = sorted(stats[1:, cv2.CC_STAT_AREA])
        assert areas[-1] > 0.995 * drawn.mask.sum()


def test_a_car_has_no_holes(pictures: list[CarPicture]) -> None:
    """Windows, wheels and wheel arches belong to it; only under it and by a rail may light pass."""
    for drawn in pictures:
        outline, _ = cv2.findContours(
            drawn.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        solid = cv2.drawContours(np.zeros(drawn.mask.shape, np.uint8), outline, -1, (1,), -1)
        assert drawn.mask.sum() > 0.985 * solid.sum()


def test_all_makes_models_and_bodies_occur(pictures: list[CarPicture]) -> None:
    assert len(MAKES) == 7
    assert {drawn.model for drawn in pictures} == set(MODELS)
    assert {drawn.model.make for drawn in pictures} == set(MAKES)
    assert {drawn.model.body for drawn in pictures} == set(BODY_NAMES)
    assert len(BODY_NAMES) >= 5


def test_cars_are_seen_from_all_sides(pictures: list[CarPicture]) -> None:
    angles = {drawn.angle for drawn in pictures}
    assert len(ANGLES) >= 5
    assert len(angles) >= 5
    assert any(angle.startswith("rear") for angle in angles)
    assert any(angle.startswith("front") for angle in angles)
    assert angles & {"left", "right"}


def test_a_side_view_is_longer_than_a_view_from_the_end(pictures: list[CarPicture]) -> None:
    def shape(drawn: CarPicture) -> float:
        rows, columns = np.nonzero(drawn.mask)
        return float(np.ptp(columns) / np.ptp(rows))

    sides = [shape(drawn) for drawn in pictures if drawn.angle in ("left", "right")]
    ends = [shape(drawn) for drawn in pictures if drawn.angle in ("front", "rear")]
    assert min(sides) > max(ends)


def test_makes_and_models_are_plain_words() -> None:
    words = [word for model in MODELS for word in (model.make, model.name)]
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
    for make in MAKES:
        assert 2 <= sum(model.make == make for model in MODELS) <= 3


def test_the_ground_under_a_car_is_dark(pictures: list[CarPicture]) -> None:
    """Just below the silhouette there is less light than at the sides of the same rows."""
    ratios = []
    for drawn in pictures:
        light = drawn.picture.mean(axis=2)
        rows, columns = np.nonzero(drawn.mask)
        left, right, height = columns.min(), columns.max(), drawn.mask.shape[0]
        middle = range(left + (right - left) // 4, right - (right - left) // 4)
        under, beside = [], []
        for column in middle:
            low = int(np.flatnonzero(drawn.mask[:, column])[-1])
            if low + 4 < height:
                under.append(light[low + 2 : low + 4, column].mean())
        bottom = slice(min(int(rows.max()) + 8, height - 6), height)
        beside = light[bottom]
        ratios.append(float(np.median(under) / np.median(beside)))
    assert np.mean(np.array(ratios) < 0.75) > 0.9
    assert np.median(ratios) < 0.55


def test_cars_differ_in_light_from_what_is_behind(pictures: list[CarPicture]) -> None:
    for drawn in pictures:
        light = drawn.picture.mean(axis=2)
        assert light[drawn.mask].std() > 12
        assert light[~drawn.mask].std() > 5


def test_folder_holds_pictures_and_masks_of_the_same_names(tmp_path: Path) -> None:
    write_cars(tmp_path, 3, SEED, workers=1)
    for index in range(3):
        drawn = draw_car_picture(SEED, index)
        stem = f"{drawn.model.make}_{drawn.model.name}_{index:04d}"
        picture = np.asarray(Image.open(tmp_path / "images" / f"{stem}.jpg"))
        mask = np.asarray(Image.open(tmp_path / "masks" / f"{stem}.png"))
        assert np.array_equal(mask, drawn.mask * np.uint8(255))
        assert picture.shape == drawn.picture.shape
        assert np.abs(picture.astype(int) - drawn.picture).mean() < 6  # JPEG is lossy
    assert len(files(tmp_path)) == 6


def test_bytes_on_disk_do_not_depend_on_the_workers(tmp_path: Path) -> None:
    write_cars(tmp_path / "one", 3, SEED, workers=1)
    write_cars(tmp_path / "two", 3, SEED, workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")
