"""Stage `pairs`: a sheet of what training will see, or one that says why there is none."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import PipelineError
from pipeline.images import read_picture
from pipeline.sheets import CAPTION, GAP, TILE
from pipeline.stages import pairs
from tests.datasets.small_pairs import write_scene

SMALL = {
    "pairs.height": 128, "pairs.width": 128,
    "pairs.background.sizes": [[160, 130], [128, 128]], "pairs.car.sizes": [[96, 72]],
    "pairs.weather.sun_flare.radius": 25.0, "pairs.weather.rain.drop_length": 4.0,
}  # fmt: skip


@pytest.fixture
def scene(
    tmp_path: Path,
    people_root: Path,
    mini_params: Callable[..., str],
    migrated_store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder with cutouts and backgrounds, dealt out to three parts."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(mini_params(people_root, SMALL))
    shutil.copy(migrated_store, "mlflow.db")
    for folder in (pairs.BACKGROUNDS, pairs.CUTOUTS, pairs.SCENE_SPLIT):
        folder.mkdir(parents=True)
    files = write_scene(pairs.BACKGROUNDS, 6, 6)
    rows = []
    for kind, found in (("cutout", files.cutouts), ("background", files.backgrounds)):
        for part, one in zip(("train", "val", "test") * 2, found, strict=True):
            if kind == "cutout":
                one.file.rename(pairs.CUTOUTS / one.file.name)
            rows.append((part, kind, one.file.name, ""))
    columns = ["part", "kind", "file", "group"]
    pd.DataFrame(rows, columns=columns).to_csv(pairs.SPLIT, index=False)
    return tmp_path


def test_the_sheet_shows_a_dozen_pairs_the_same_every_time(scene: Path) -> None:
    pairs.main()
    first = pairs.OUTPUT.read_bytes()
    sheet = read_picture(pairs.OUTPUT)
    assert sheet.shape[0] == CAPTION + 12 * (TILE + GAP + CAPTION)
    for row in range(12):
        top = CAPTION + row * (TILE + GAP + CAPTION) + (TILE - TILE * 48 // 64) // 2 + 4
        x, y, mask, difference = (
            sheet[top : top + 130, GAP + n * (TILE + GAP) + 2 :][:, : TILE - 4].astype(int)
            for n in range(4)
        )
        assert (mask == 255).mean() > 0.05
        assert ((mask == 0) | (mask == 255)).mean() > 0.9
        inside = mask.min(axis=2) == 255
        for shown in (difference, np.abs(x - y)):
            assert shown[inside].mean() > 2 * shown[~inside].mean()
    pairs.main()
    assert pairs.OUTPUT.read_bytes() == first


@pytest.mark.parametrize("kind", ["cutout", "background"])
def test_without_cars_or_without_backgrounds_the_sheet_says_so(
    scene: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    table = pd.read_csv(pairs.SPLIT)
    table[table["kind"] != kind].to_csv(pairs.SPLIT, index=False)
    with caplog.at_level(logging.INFO):
        pairs.main()
    assert f"pairs: skipped, there is no {kind}" in caplog.text
    sheet = read_picture(pairs.OUTPUT)
    assert sheet.shape[0] == CAPTION
    assert (sheet < 100).any()


def test_a_part_without_a_car_is_refused_with_the_remedy(scene: Path) -> None:
    table = pd.read_csv(pairs.SPLIT)
    gone = (table["kind"] == "cutout") & (table["part"] == "val")
    table[~gone].to_csv(pairs.SPLIT, index=False)
    with pytest.raises(PipelineError, match="holds no cutout of a car of the part val; collect"):
        pairs.main()
    assert not pairs.OUTPUT.exists()
