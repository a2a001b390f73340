"""The demo world's backgrounds and films: repeatable, sharp, all different, cut and shaken."""

from itertools import combinations, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources.demo.scenery import films
from pipeline.sources.demo.scenery.backgrounds import (
    THEMES,
    draw_background,
    theme_of,
    write_backgrounds,
)
from pipeline.sources.demo.scenery.films import film_frames, write_films

SEED = 5
COUNT = 12  # every theme twice
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return [draw_background(SEED, index) for index in range(COUNT)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    write_films(folder, 1, SEED)
    return folder / "film_00.mp4"


@pytest.fixture(scope="module")
def frames(film: Path) -> list[Picture]:
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def detail(picture: Picture) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def test_same_seed_and_index_give_the_same_pixels(pictures: list[Picture]) -> None:
    assert np.array_equal(draw_background(SEED, 4), pictures[4])
    other = draw_background(SEED + 1, 4)
    assert other.shape != pictures[4].shape or not np.array_equal(other, pictures[4])


def test_backgrounds_are_large_landscapes(pictures: list[Picture]) -> None:
    for picture in pictures:
        height, width, channels = picture.shape
        assert picture.dtype == np.uint8
        assert 576 <= width <= 640
        assert 352 <= height <= 416
        assert channels == 3
    assert len({picture.shape for picture in pictures}) > 4


def test_no_two_are_alike(pictures: list[Picture]) -> None:
    small = [cv2.resize(picture, (64, 40)).astype(int) for picture in pictures]
    for one, other in combinations(small, 2):
        assert np.abs(one - other).mean() > 6


def test_every_theme_comes_before_any_comes_again() -> None:
    for start in (0, len(THEMES)):
        turn = [theme_of(SEED, start + step) for step in range(len(THEMES))]
        assert sorted(turn) == sorted(THEMES)
    assert all(theme.isascii() and theme.isalpha() and theme.islower() for theme in THEMES)


def test_the_ground_is_textured_and_the_light_varied(pictures: list[Picture]) -> None:
    """What a network has to reconstruct is not flat: fine detail below, contrast over all."""
    for picture in pictures:
        ground = np.ascontiguousarray(picture[-picture.shape[0] // 3 :])
        assert detail(ground) > 25
        assert picture.mean(axis=2).std() > 15


def test_weather_and_hour_vary_the_light() -> None:
    """Over many pictures some are much paler, some much darker."""
    light = [float(draw_background(SEED, index).mean()) for index in range(12, 24)]
    assert max(light) - min(light) > 40


def test_folder_names_tell_the_theme(tmp_path: Path) -> None:
    write_backgrounds(tmp_path, 2, SEED, workers=1)
    names = [f"{theme_of(SEED, index)}_{index:04d}.jpg" for index in range(2)]
    assert sorted(files(tmp_path)) == sorted(names)
    picture = np.asarray(Image.open(tmp_path / names[1]))
    assert np.abs(picture.astype(int) - draw_background(SEED, 1)).mean() < 8  # JPEG is lossy


def test_bytes_on_disk_do_not_depend_on_the_workers(tmp_path: Path) -> None:
    write_backgrounds(tmp_path / "one", 3, SEED, workers=1)
    write_backgrounds(tmp_path / "two", 3, SEED, workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_film_has_the_frames_it_should(film: Path, frames: list[Picture]) -> None:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 12
        assert (stream.width, stream.height) == (576, 352)
    assert len(frames) == 96


def test_a_film_has_three_shots_with_hard_cuts(frames: list[Picture]) -> None:
    change = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(frames)]
    cuts = np.array(change[31::32])
    within = np.delete(change, [31, 63])
    assert len(cuts) == 2
    assert cuts.min() > 1.3 * within.max()
    assert np.count_nonzero(within > 0.3) > 60  # the camera moves


def test_some_frames_are_shaken_and_lose_their_detail(frames: list[Picture]) -> None:
    for start in range(0, 96, 32):
        shot = np.array([detail(frame) for frame in frames[start : start + 32]])
        blurred = shot < 0.35 * np.median(shot)
        assert 2 <= blurred.sum() <= 3


def test_film_bytes_are_the_same_each_time(film: Path, tmp_path: Path) -> None:
    write_films(tmp_path, 1, SEED)
    assert (tmp_path / "film_00.mp4").read_bytes() == film.read_bytes()


def test_films_differ_from_each_other() -> None:
    one, other = (next(film_frames(SEED, index)) for index in range(2))
    assert not np.array_equal(one, other)


def test_a_film_needs_no_particular_encoder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(films, "CODECS", ("mpeg4",))
    monkeypatch.setattr(films, "film_frames", lambda *_: iter([np.zeros((352, 576, 3), "u1")] * 5))
    write_films(tmp_path, 1, SEED)
    with av.open(str(tmp_path / "film_00.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
        assert len(list(container.decode(video=0))) == 5
