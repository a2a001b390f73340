"""A folder with a test part of everything, a few pixels large, and untrained weights."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.images import write_png
from pipeline.params import Params, parse_params
from pipeline.recipes import recipe
from pipeline.sheets import notice
from pipeline.sources.manifest import Found, Origin, write_collection
from pipeline.sources.pictures import inspect_picture
from tests.datasets import shadow_files
from tests.datasets.small_pairs import ellipse, noise
from tests.workspace_fixture import Workspace

PARTS = {"train": 3, "val": 1, "test": 2}
"""Of each kind of picture, in each part."""


@dataclass(frozen=True)
class World:
    """A folder in which evaluation runs."""

    root: Path
    params: Params

    def models(self, network: str) -> Path:
        """Make what a training of untrained weights would leave, unless it is there."""
        folder = self.root / "models" / network
        if (folder / "best.pt").exists():
            return folder
        module = recipe(network)(self.params)
        state = module.network.state_dict()
        card = Card(
            network,
            module.architecture,
            module.frame,
            {"lr": 1.0},
            "",
            "",
            state_hash(state),
            1,
            {},
        )
        save_weights(folder / "best.pt", state, card)
        (folder / "history.csv").write_text("epoch,lr,train_loss,val_loss\n1,0.1,0.5,0.6\n")
        (folder / "previews").mkdir()
        for epoch in range(1, 7):
            write_png(folder / "previews" / f"epoch_{epoch:04d}.png", notice(f"of {epoch}"))
        return folder

    def skip(self, network: str, why: str) -> Path:
        """Make what a training leaves that had nothing to learn from."""
        folder = self.root / "models" / network
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "skipped.json").write_text(json.dumps({"skipped": why}))
        return folder


@pytest.fixture(scope="session")
def world(
    workspace: Workspace, migrated_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> World:
    root = tmp_path_factory.mktemp("world")
    shutil.copytree(workspace.root / "data" / "person_split", root / "data" / "person_split")
    shutil.copy(migrated_store, root / "mlflow.db")
    write_scenes(root / "data")
    write_coco(root / "data")
    write_shadows(root / "data")
    inputs = {"coco_images": "coco", "car_masks": "car_masks"}
    text = workspace.params_text({f"inputs.{key}": str(root / inputs[key]) for key in inputs})
    (root / "params.yaml").write_text(text)
    return World(root, parse_params(text))


@pytest.fixture(autouse=True)
def here(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(world.root)
    yield
    shutil.rmtree("reports", ignore_errors=True)


def write_scenes(data: Path) -> None:
    """Cutouts, backgrounds, the split of both, and the photos of the cutouts with their masks."""
    rows, sources, photos = [], [], []
    for folder in ("cutouts/images", "backgrounds/images", "photos", "../car_masks"):
        (data / folder).mkdir(parents=True)
    for number, part in enumerate(part for part, count in PARTS.items() for _ in range(count)):
        rng = np.random.default_rng(number)
        cutout = ellipse(rng, 40, 60)
        Image.fromarray(cutout).save(data / f"cutouts/images/c{number}.png")
        background = Image.fromarray(noise(rng, 3, 4)).resize((120, 90), Image.Resampling.BICUBIC)
        background.save(data / f"backgrounds/images/b{number}.jpg")
        photo = data / "photos" / f"car_{number}.png"
        Image.fromarray(cutout[..., :3]).save(photo)
        mask = (cutout[..., 3] > 127).astype(np.uint8) * 255
        Image.fromarray(mask).save(data / f"../car_masks/car_{number}.png")
        photos.append(Found(Origin(photo.name, site="folder"), photo, inspect_picture(photo)))
        rows += [(part, "cutout", f"images/c{number}.png", "make")]
        rows += [(part, "background", f"images/b{number}.jpg", "street")]
        name = f"images/{photos[-1].facts.name}"
        sources.append((f"images/c{number}.png", name, "make"))
    write_table(data / "scene_split/split.csv", ("part", "kind", "file", "group"), rows)
    write_table(data / "cutouts/manifest.csv", ("file", "source", "group"), sources)
    write_collection(data / "scrape/cars", photos, min_side=8, near_duplicate_bits=0)


def write_coco(data: Path) -> None:
    """Pictures of a bright block in the middle, and one that could not be had."""
    rows: list[Mapping[str, object]] = []
    (data / "coco_split/masks").mkdir(parents=True)
    (data / "../coco").mkdir()
    for number, part in enumerate(part for part, count in PARTS.items() for _ in range(count + 1)):
        mask = np.zeros((48, 60), np.uint8)
        mask[8:44, 15 + number : 45] = 255
        picture = noise(np.random.default_rng(number), 48, 60) // 3 + mask[..., None] // 2
        name = f"{number:012d}"
        Image.fromarray(mask).save(data / f"coco_split/masks/{name}.png")
        Image.fromarray(picture).save(data / f"../coco/{name}.jpg")
        rows.append({"split": part, "image_id": number, "annotation_id": number, "score": 1,
                     "coverage": 0.5, "width": 60, "height": 48, "file_name": f"{name}.jpg",
                     "coco_url": "", "in_val2017": "", "mask": f"masks/{name}.png"})  # fmt: skip
    table = pd.DataFrame(rows)
    table.to_csv(data / "coco_split/split.csv", index=False)
    lost = table[table.split == "test"].file_name.iloc[-1]
    write_table(data / "web/coco/rejects.csv", ("file", "reason"), [(lost, "404")])


def write_shadows(data: Path) -> None:
    """Scenes whose shadows halve the light."""
    rows = []
    for part, count in PARTS.items():
        for kind in shadow_files.KINDS:
            (data / "shadow_set" / part / kind).mkdir(parents=True)
        for number in range(count):
            name = f"{part}_{number}"
            shadow_files.write_scene(data / "shadow_set" / part, name, number)
            files = [f"{part}/{kind}/{name}.jpg" for kind in shadow_files.KINDS]
            rows.append((part, name, "field", *files))
    columns = ("part", "name", "group", *shadow_files.KINDS)
    write_table(data / "shadow_set/split.csv", columns, rows)


def write_table(file: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
