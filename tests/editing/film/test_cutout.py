"""People of films before other backgrounds: alpha, smoothing, sound, refusals."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.editing.film.cutout import cut_out_film, cut_with
from pipeline.editing.options import Background, Cut
from pipeline.editing.studio import Studio
from pipeline.errors import UsageError
from pipeline.images import RGB
from pipeline.matting import Alpha
from pipeline.metrics.video import dtssd
from tests.editing.film.clips import read
from tests.video.sounding_films import moving_texture, sound, times, write_film
from tests.video.test_writer import decoded_alphas

COUNT, HEIGHT, WIDTH = 12, 64, 96
RED = (230, 40, 30)


def disc(number: int) -> Alpha:
    plane = np.zeros((HEIGHT, WIDTH), np.uint8)
    return np.asarray(cv2.circle(plane, (30 + 3 * number, 32), 14, (255,), -1), np.uint8)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A red disc that rolls over grey."""
    frames = []
    for number in range(COUNT):
        picture = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
        picture[::6] = 90
        picture[disc(number) > 0] = RED
        frames.append(picture)
    return write_film(tmp_path_factory.mktemp("film") / "in.mkv", frames, sounds=["libopus"])


class RedCutter:
    """Finds what is red; flickers when told to."""

    def __init__(self, flickers: bool = False) -> None:
        self.flickers, self.calls = flickers, 0

    def alpha(self, picture: RGB, quick: bool = False) -> Alpha:
        levels = picture.astype(int)
        found = (255 * (levels[..., 0] - levels[..., 1] > 80)).astype(np.uint8)
        self.calls += 1
        return found // 2 if self.flickers and self.calls % 2 else found


@pytest.mark.parametrize("suffix", [".webm", ".mkv"])
def test_nothing_behind_leaves_a_transparent_film(film: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    report = cut_with(RedCutter(), film, target, Cut(), "key")
    assert report.frames == COUNT
    for number, alpha in enumerate(decoded_alphas(target)):
        inside = cv2.erode(disc(number), np.ones((7, 7))) > 0
        outside = cv2.dilate(disc(number), np.ones((7, 7))) == 0
        assert alpha[inside].min() > 230
        assert alpha[outside].max() < 25
    assert [[b for _, b in s] for s in sound(target)] == [[b for _, b in s] for s in sound(film)]


@pytest.mark.parametrize("background", [(20, 200, 60), "blur"])
def test_a_background_stands_behind(film: Path, tmp_path: Path, background: Background) -> None:
    target = tmp_path / "out.mkv"
    cut_with(RedCutter(), film, target, Cut(background=background), "key")
    wanted = np.array(background if isinstance(background, tuple) else (115, 115, 115))
    for number, frame in enumerate(read(target)):
        outside = cv2.dilate(disc(number), np.ones((9, 9))) == 0
        inside = cv2.erode(disc(number), np.ones((9, 9))) > 0
        assert np.abs(frame[outside].mean(axis=0) - wanted).max() < 12
        assert np.abs(frame[inside].mean(axis=0) - RED).max() < 12
    assert times(target) == times(film)


def test_a_film_behind_begins_again(film: Path, tmp_path: Path) -> None:
    levels = [np.full((48, 48, 3), level, np.uint8) for level in (40, 100, 160, 220)]
    behind = write_film(tmp_path / "behind.mkv", levels, sounds=[], codec="ffv1")
    target = tmp_path / "out.mkv"
    cut_with(RedCutter(), film, target, Cut(), "key", behind)
    corners = [int(frame[4, 4].mean()) for frame in read(target)]
    assert np.abs(np.array(corners) - [40, 100, 160, 220] * 3).max() < 12


def test_a_mask_alone(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    cut_with(RedCutter(), film, target, Cut(mask=True), "key")
    for number, frame in enumerate(read(target)):
        off = np.abs(frame.mean(axis=2) - disc(number))
        assert off.mean() < 8


def test_a_flickering_alpha_is_calmed(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    cut_with(RedCutter(flickers=True), film, target, Cut(mask=True), "key")
    truth = [disc(number) / 255 for number in range(COUNT)]
    flickering = [plane * (0.5 if number % 2 == 0 else 1) for number, plane in enumerate(truth)]
    ours = [frame.mean(axis=2) / 255 for frame in read(target)]
    assert dtssd(ours, truth) < 0.7 * dtssd(flickering, truth)


def test_what_a_film_cannot_be_is_refused(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="crop"):
        cut_out_film(film, tmp_path / "out.mkv", Studio(), Cut(crop=True))
    with pytest.raises(UsageError, match=r"\.webm.*\.mov"):
        cut_with(RedCutter(), film, tmp_path / "out.mp4", Cut(), "key")
    assert not list(tmp_path.iterdir())


def test_a_stopped_run_goes_on_to_the_same_film(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("work", "cutout"):
        monkeypatch.setattr(f"pipeline.editing.film.{module}.STRETCH", 4)
    whole, target = tmp_path / "whole.mkv", tmp_path / "out.mkv"
    wanted = Cut(background=(1, 2, 3))
    cut_with(RedCutter(), film, whole, wanted, "key")

    def stop(done: int, of: int) -> None:
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_with(RedCutter(), film, target, wanted, "key", progress=stop)
    cutter = RedCutter()
    report = cut_with(cutter, film, target, wanted, "key")
    assert (report.resumed, cutter.calls) == (8, COUNT - 6)
    assert all(map(np.array_equal, read(target), read(whole)))


def test_a_moving_texture_has_no_people(tmp_path: Path) -> None:
    source = write_film(tmp_path / "in.mkv", moving_texture(5), sounds=[])

    class Nobody:
        def alpha(self, picture: RGB, quick: bool = False) -> Alpha:
            return np.zeros(picture.shape[:2], np.uint8)

    cut_with(Nobody(), source, tmp_path / "out.webm", Cut(), "key")
    assert all(not alpha.any() for alpha in decoded_alphas(tmp_path / "out.webm"))
