"""A workspace with a collection of small photos of cars, their masks, and parameters."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.networks.build import build
from pipeline.sources.manifest import Found, Origin, write_collection
from pipeline.sources.pictures import inspect_picture

CARS = 5
HEIGHT, WIDTH = 90, 130


@dataclass(frozen=True)
class Garage:
    """Where the stage runs.

    Attributes:
        root: The workspace.
        originals: The photos as they were before they were collected.
        masks: Their masks.
    """

    root: Path
    originals: Path
    masks: Path
    text: Callable[..., str]

    def collect(self) -> None:
        """Make the collection of the originals anew."""
        found = [
            Found(
                Origin(file.name, site="folder", group=file.stem[:2]), file, inspect_picture(file)
            )
            for file in sorted(self.originals.iterdir())
        ]
        write_collection(self.cars, found, min_side=8, near_duplicate_bits=0)

    @property
    def cars(self) -> Path:
        return self.root / "data" / "scrape" / "cars"

    @property
    def output(self) -> Path:
        return self.root / "data" / "cutouts"

    @property
    def reports(self) -> Path:
        return self.root / "reports" / "data"

    def set_params(self, changes: Mapping[str, Any] | None = None) -> None:
        quick: dict[str, Any] = {"inputs.car_masks": str(self.masks), "parallel.workers": 1}
        quick |= {"cutouts.min_sharpness": 0.0, "cutouts.use_masks": False}
        (self.root / "params.yaml").write_text(self.text({**quick, **(changes or {})}))

    def bytes(self) -> dict[str, bytes]:
        """Everything that the stage wrote."""
        files = [*self.output.rglob("*"), *self.reports.glob("cutouts*")]
        return {str(f.relative_to(self.root)): f.read_bytes() for f in files if f.is_file()}


def photo(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A body with a cabin in one colour on noise of another, in a slightly different place."""
    rng = np.random.default_rng(seed)
    left, right = int(rng.integers(14, 24)), int(rng.integers(106, 116))
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[42:72, left:right] = True
    mask[24:42, left + 20 : right - 20] = True
    ground = rng.integers(60, 100) + rng.normal(0, 8, (HEIGHT, WIDTH, 1))
    picture = np.repeat(ground, 3, axis=2)
    picture[mask] = rng.permutation([220, 60, 30]) + rng.normal(0, 8, (mask.sum(), 3))
    return np.clip(picture, 0, 255).astype(np.uint8), mask


def our_weights(folder: Path) -> Path:
    """A network of ours with random weights, and its card."""
    architecture = {
        "name": "deeplab_v3_plus", "encoder": "resnet18", "width": 8, "low_width": 8,
        "se_ratio": 2,
    }  # fmt: skip
    torch.manual_seed(2)
    state = build(architecture).state_dict()
    card = Card("car_mask", architecture, (32, 32), {}, "", "", state_hash(state), 1, {})
    save_weights(folder / "best.pt", state, card)
    return folder / "best.pt"


@pytest.fixture
def garage(
    tmp_path: Path,
    people_root: Path,
    mini_params: Callable[..., str],
    migrated_store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Garage:
    """Five cars with masks, collected; the current folder."""
    made = Garage(
        tmp_path / "work", tmp_path / "cars", tmp_path / "masks",
        lambda changes: mini_params(people_root, changes),
    )  # fmt: skip
    for folder in (made.root, made.originals, made.masks):
        folder.mkdir()
    for number in range(CARS):
        picture, mask = photo(number)
        Image.fromarray(picture).save(made.originals / f"{'ab'[number % 2]}_{number}.png")
        Image.fromarray(mask).save(made.masks / f"{'ab'[number % 2]}_{number}.png")
    shutil.copy(migrated_store, made.root / "mlflow.db")
    monkeypatch.chdir(made.root)
    made.collect()
    made.set_params()
    assert "DVC_ROOT" not in os.environ
    return made
