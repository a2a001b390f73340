"""Two small drive-by clips, drawn once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.sources.demo.scenery.drive_by import Camera, Moment, drive_by, write_drive_by
from tests.editing.film.clips import Knowing

FRAMES, HEIGHT, WIDTH = 30, 112, 192


class Clip(NamedTuple):
    file: Path
    moments: list[Moment]

    @property
    def knowing(self) -> Knowing:
        return Knowing(self.moments)


def draw(folder: Path, camera: Camera) -> Clip:
    moments = list(drive_by(3, camera, FRAMES, 2, HEIGHT, WIDTH))
    write_drive_by(folder / f"{camera}.mp4", moments)
    return Clip(folder / f"{camera}.mp4", moments)


@pytest.fixture(scope="session")
def still_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return draw(tmp_path_factory.mktemp("still"), "still")


@pytest.fixture(scope="session")
def panned_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return draw(tmp_path_factory.mktemp("pan"), "pan")
