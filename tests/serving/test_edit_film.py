"""`clearscene cutout` and `remove-cars` on films."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.serving.conftest import Clearscene, assert_one_line, scene, write_scene

FRAMES = 6


@pytest.fixture
def options(models: Path) -> list[str]:
    return ["--models", str(models), "--backend", "torch", "--no-download"]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Six frames of 128 × 96 pixels."""
    file = tmp_path / "in" / "film.mp4"
    file.parent.mkdir()
    with av.open(file, "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(FRAMES):
            picture = np.roll(scene(0, 96, 128), number, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file


def frames(file: Path) -> list[tuple[int, int]]:
    with av.open(file) as container:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]


def test_a_film_keeps_its_frames_without_cars(
    film: Path, options: list[str], clearscene: Clearscene
) -> None:
    target = film.with_name("empty.mp4")
    outcome = clearscene("remove-cars", film, target, *options)
    assert outcome.exit_code == 0, outcome.err
    assert frames(target) == [(128, 96)] * FRAMES
    assert outcome.out == f"{film} -> {target}\n"
    assert f"{film}: {FRAMES} frames in " in outcome.err
    assert sorted(file.name for file in film.parent.iterdir()) == ["empty.mp4", "film.mp4"]


def test_photos_and_films_of_a_folder_are_both_edited(
    film: Path, tmp_path: Path, options: list[str], clearscene: Clearscene
) -> None:
    write_scene(film.with_name("photo.jpg"))
    film.with_name("broken.mkv").write_bytes(film.read_bytes()[:300])
    outcome = clearscene("cutout", film.parent, tmp_path / "out", *options)
    assert outcome.exit_code == 1
    assert "2 done, 1 failed" in outcome.out
    made = sorted(file.name for file in (tmp_path / "out").iterdir() if file.is_file())
    assert made == ["film.webm", "photo.png"]
    assert frames(tmp_path / "out" / "film.webm") == [(128, 96)] * FRAMES
    (line,) = [line for line in outcome.err.splitlines() if line.startswith("clearscene: ")]
    assert line.startswith(f"clearscene: {film.with_name('broken.mkv')}: ")


def test_a_film_may_stand_behind_a_film(
    film: Path, options: list[str], clearscene: Clearscene
) -> None:
    target = film.with_name("out.mp4")
    outcome = clearscene("cutout", film, target, "--background", film, *options)
    assert outcome.exit_code == 0, outcome.err
    assert frames(target) == [(128, 96)] * FRAMES


def test_a_film_is_not_cropped(film: Path, options: list[str], clearscene: Clearscene) -> None:
    outcome = clearscene("cutout", film, film.with_name("out.webm"), "--crop", *options)
    assert_one_line(outcome, 2, "--crop is for photos")
