"""The demo world's people: repeatable, varied, in the Kaggle layout, and not solved by colour."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.sources.demo.art.canvas import Canvas, Light
from pipeline.sources.demo.art.shapes import box
from pipeline.sources.demo.art.textures import plain
from pipeline.sources.demo.colour_key import best_colour_key_iou, colour_channels
from pipeline.sources.demo.people import pictures as people
from pipeline.sources.demo.people.pictures import DemoPicture, draw_person_picture, write_people
from pipeline.sources.demo.people.props import Prop, choose_prop

SEED = 5


@pytest.fixture(scope="module")
def pictures() -> list[DemoPicture]:
    return [draw_person_picture(SEED, index) for index in range(60)]


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_and_index_give_the_same_bytes(pictures: list[DemoPicture]) -> None:
    again = draw_person_picture(SEED, 3)
    assert again.picture.tobytes() == pictures[3].picture.tobytes()
    assert again.mask.tobytes() == pictures[3].mask.tobytes()


def test_drawing_neither_reads_nor_moves_global_random_state(pictures: list[DemoPicture]) -> None:
    np.random.seed(1)  # noqa: NPY002 - the state that must not matter
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    assert np.array_equal(draw_person_picture(SEED, 4).picture, pictures[4].picture)
    assert np.array_equal(before, np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002


def test_other_index_or_seed_gives_another_picture(pictures: list[DemoPicture]) -> None:
    assert len({drawn.picture.tobytes() for drawn in pictures}) == len(pictures)
    assert draw_person_picture(SEED + 1, 3).picture.tobytes() != pictures[3].picture.tobytes()


def test_pictures_are_rgb_bytes_and_masks_bool_of_the_same_size(
    pictures: list[DemoPicture],
) -> None:
    for drawn in pictures:
        assert drawn.picture.dtype == np.uint8
        assert drawn.picture.shape == (*drawn.mask.shape, 3)
        assert drawn.mask.dtype == np.bool_


def test_sizes_vary_between_portrait_landscape_and_square(pictures: list[DemoPicture]) -> None:
    sizes = [drawn.mask.shape for drawn in pictures]
    assert all(144 <= side <= 256 for size in sizes for side in size)
    assert {np.sign(height - width) for height, width in sizes} == {-1, 0, 1}
    assert len(set(sizes)) > 30


def test_people_cover_a_fair_share(pictures: list[DemoPicture]) -> None:
    shares = [float(drawn.mask.mean()) for drawn in pictures]
    assert 0.2 <= np.mean(shares) <= 0.35
    assert min(shares) >= 0.04
    assert max(shares) <= 0.65
    assert np.mean(np.array(shares) < 0.08) < 0.25


def test_no_colour_threshold_finds_the_people(pictures: list[DemoPicture]) -> None:
    scores = [best_colour_key_iou(drawn.picture, drawn.mask) for drawn in pictures]
    assert np.mean(scores) < 0.6


def test_light_and_dark_lie_on_both_sides_of_the_outline(pictures: list[DemoPicture]) -> None:
    """People and scenery share their range of light; neither is a plain area."""
    for drawn in pictures:
        light = drawn.picture.mean(axis=2)
        assert light[drawn.mask].std() > 8
        assert light[~drawn.mask].std() > 8


def test_folder_has_the_layout_of_person_segmentation(tmp_path: Path) -> None:
    write_people(tmp_path, 10, SEED, workers=1)
    stems = [f"person_{index:04d}" for index in range(10)]
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == [
        f"{stem}.jpg" for stem in stems
    ]
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == [
        f"{stem}.png" for stem in stems
    ]
    for index, stem in enumerate(stems):
        picture = np.asarray(Image.open(tmp_path / "images" / f"{stem}.jpg"))
        mask = np.asarray(Image.open(tmp_path / "masks" / f"{stem}.png"))
        drawn = draw_person_picture(SEED, index)
        assert mask.dtype == np.uint8
        assert np.array_equal(mask, drawn.mask * np.uint8(255))
        assert picture.shape == drawn.picture.shape
        assert np.abs(picture.astype(int) - drawn.picture).mean() < 6  # JPEG is lossy


def test_lists_split_the_stems(tmp_path: Path) -> None:
    write_people(tmp_path, 10, SEED, workers=1)

    def names(part: str) -> list[str]:
        return (tmp_path / "segmentation" / f"{part}.txt").read_text().splitlines()

    train, val = names("train"), names("val")
    assert (len(train), len(val)) == (9, 1)
    assert train == sorted(train)
    assert names("trainval") == sorted(train + val)
    assert len(set(train + val)) == 10


def test_bytes_on_disk_do_not_depend_on_the_workers(tmp_path: Path) -> None:
    write_people(tmp_path / "one", 4, SEED, workers=1)
    write_people(tmp_path / "two", 4, SEED, workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_colour_key_finds_what_a_threshold_separates() -> None:
    mask = np.zeros((20, 30), dtype=bool)
    mask[5:15, 8:20] = True
    picture = np.full((20, 30, 3), 90, dtype=np.uint8)
    picture[mask] = (90, 160, 90)
    assert best_colour_key_iou(picture, mask) == 1.0
    assert best_colour_key_iou(picture, ~mask) == 1.0


def test_colour_key_agrees_with_trying_every_threshold() -> None:
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (6, 7, 3)).astype(np.uint8)
    mask = rng.random((6, 7)) < 0.4

    def scores() -> Iterator[float]:
        for channel in np.moveaxis(colour_channels(picture), 2, 0):
            for threshold in range(256):
                for chosen in (channel >= threshold, channel < threshold):
                    yield (chosen & mask).sum() / (chosen | mask).sum()

    assert best_colour_key_iou(picture, mask) == pytest.approx(max(scores()))


def test_colour_key_of_an_empty_mask_is_one() -> None:
    picture = np.full((4, 4, 3), 9, dtype=np.uint8)
    assert best_colour_key_iou(picture, np.zeros((4, 4), dtype=bool)) == 1.0


def test_things_hide_the_person_and_marks_do_not() -> None:
    canvas = Canvas(np.zeros((20, 20, 3), dtype=np.float32), Light(0, -1, 0.5))
    canvas.paint([box(0, 0, 20, 20)], plain((200, 150, 120)), "person")
    canvas.paint([box(0, 0, 10, 20)], plain((10, 20, 30)), "thing")
    canvas.paint([box(10, 0, 20, 20)], plain((10, 20, 30)), "mark")
    assert canvas.person[10, 4] == 0
    assert canvas.person[10, 15] == 1
    assert canvas.colour[10, 15].tolist() == [10, 20, 30]


def test_what_is_held_is_never_in_the_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recolour every thing in hand: no pixel that changes fully belongs to the person."""

    def drawn_with(index: int, colour: tuple[float, float, float]) -> DemoPicture:
        def recoloured(rng: np.random.Generator) -> Prop:
            return replace(choose_prop(rng), colour=colour, second=colour)

        with monkeypatch.context() as patch:
            patch.setattr(people, "choose_prop", recoloured)
            patch.setattr(people, "photograph", lambda plane, _: plane.clip(0, 255).astype("u1"))
            return draw_person_picture(SEED, index)

    pixels = 0
    for index in range(30):
        one, other = drawn_with(index, (255, 0, 255)), drawn_with(index, (0, 255, 0))
        assert np.array_equal(one.mask, other.mask)
        change = np.abs(one.picture.astype(int) - other.picture).min(axis=2)
        held = change > 200  # a lit edge that is mostly person changes by less
        pixels += int(held.sum())
        assert not (held & one.mask).any()
    assert pixels > 1000
