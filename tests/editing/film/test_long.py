"""A film of a minute: bounded memory, the same sound and times; a killed run goes on."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.images import RGB
from tests.editing.film.clips import read
from tests.video.sounding_films import RATE, sound, times, write_film

pytestmark = pytest.mark.long
COMMAND = [sys.executable, "-m", "tests.editing.film.self_running"]
HEIGHT, WIDTH = 240, 320


def red_film(file: Path, seconds: int) -> Path:
    """A red ball that crosses a textured ground again and again."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(60, 190, (HEIGHT // 8, WIDTH // 8, 1)).astype(np.uint8)
    ground = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    ground = np.repeat(ground[..., None], 3, axis=2)

    def frame(number: int) -> RGB:
        picture = np.ascontiguousarray(ground)
        return np.asarray(
            cv2.circle(picture.copy(), (9 * number % WIDTH, 120), 24, (230, 30, 30), -1), np.uint8
        )

    return write_film(file, [frame(number) for number in range(seconds * RATE)])


def run(source: Path, target: Path) -> list[float]:
    done = subprocess.run([*COMMAND, source, target], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    short, minute = red_film(tmp_path / "10.mp4", 10), red_film(tmp_path / "60.mp4", 60)
    before = run(short, tmp_path / "short.mp4")[0]
    after, frames, _ = run(minute, tmp_path / "long.mp4")
    assert frames == 60 * RATE
    assert after < before + 30
    assert times(tmp_path / "long.mp4") == times(minute)
    assert sound(tmp_path / "long.mp4") == sound(minute)


def test_a_killed_run_goes_on_to_the_same_film(tmp_path: Path) -> None:
    source = red_film(tmp_path / "in.mp4", 20)
    run(source, tmp_path / "whole.mp4")
    target = tmp_path / "out.mp4"
    process = subprocess.Popen([*COMMAND, source, target], stdout=subprocess.DEVNULL)
    folder = tmp_path / "out.mp4.part"
    while process.poll() is None and not (folder / "stretch_000001.json").exists():
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not target.exists()
    _, _, resumed = run(source, target)
    assert resumed >= 96
    assert all(map(np.array_equal, read(target), read(tmp_path / "whole.mp4")))
    assert not folder.exists()
