"""The collection of the preset `web`, on loopback copies of everything that it names."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
import signal
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline.presets import preset_text
from pipeline.sources.demo.web.sites import SITES
from tests import hostile as h
from tests.end_to_end.conftest import Repository, make_repository
from tests.sources.video.small_films import three_shots_film

pytestmark = pytest.mark.long
STAGES = ("scrape@backgrounds", "scrape@cars", "frames", "archives", "backgrounds", "coco_pictures")
BY_MARK = "/select-auto/by-mark.html"
SIDE, WANTED, OTHERS = 400, 3, 5


@dataclass
class Web:
    """Where the copies are."""

    gallery: str
    catalogue: str
    host: h.Hostile


def annotations(address: str) -> bytes:
    """The archive of COCO: of eight pictures a part, three have one person in the middle."""

    def instances(part: str, first: int) -> dict[str, Any]:
        numbers = range(first, first + WANTED + OTHERS)
        images = [
            {"id": n, "file_name": f"{n}.jpg", "width": 80, "height": 60,
             "coco_url": f"{address}/{part}/{n}.jpg"}
            for n in numbers
        ]  # fmt: skip
        persons = [
            {"id": n, "image_id": n, "category_id": 1, "iscrowd": 0,
             "segmentation": [[10, 5, 65, 5, 65, 55, 10, 55]],
             "bbox": [10, 5, 55, 50], "area": 2750 if n < first + WANTED else 900}
            for n in numbers
        ]  # fmt: skip
        categories = [{"id": 1, "name": "person"}]
        return {"images": images, "annotations": persons, "categories": categories}

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part, member, first in (("train", "train", 100), ("val", "val", 200)):
            text = json.dumps(instances(part, first))
            archive.writestr(f"annotations/instances_{member}2014.json", text)
        text = json.dumps({"images": instances("val", 201)["images"]})
        archive.writestr("annotations/instances_val2017.json", text)
    return stream.getvalue()


@functools.cache  # a ZIP holds the time at which it was made
def archive_of_pictures() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(4):
            archive.writestr(f"set/LeftImages/{number}.png", png(300 + number))
        archive.writestr("set/LeftImages/../../../escaped.png", png(310))
        archive.writestr("set/readme.txt", "read me")
    return stream.getvalue()


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(h.jpeg(seed, SIDE, SIDE))).save(stream, format="PNG")
    return stream.getvalue()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A gallery, a catalogue, and a host with an archive, a video and COCO."""
    for folder, names in (("b", ("road", "hills")), ("c", ("Audi_a", "Kia_b", "Lada_c"))):
        (tmp_path / folder).mkdir()
        for number in range(12):
            name = f"{names[number % len(names)]}_{number:04d}.jpg"
            (tmp_path / folder / name).write_bytes(h.jpeg(hash_of(name), SIDE, SIDE))
    film = three_shots_film(tmp_path / "film.mp4").read_bytes()
    coco = {
        f"/{part}/{n}.jpg": h.good(h.jpeg(n, 80, 60))
        for part, first in (("train", 100), ("val", 200))
        for n in range(first, first + WANTED + OTHERS)
    }
    with ExitStack() as stack:
        host = stack.enter_context(h.hostile({**coco, "/film.mp4": h.good(film)}))
        host.behaviours["/annotations.zip"] = h.good(annotations(host.address), etag='"a"')
        host.behaviours["/set.zip"] = h.good(archive_of_pictures(), etag='"s"')
        gallery = stack.enter_context(SITES["backgrounds"](tmp_path / "b"))
        catalogue = stack.enter_context(SITES["cars"](tmp_path / "c"))
        yield Web(gallery, catalogue, host)


def hash_of(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)


def configured(root: Path, web: Web) -> Repository:
    """The preset `web`, its addresses turned to loopback, and nothing else changed but patience."""
    repository = make_repository(root)
    (repository.root / "params.yaml").write_text(preset_text("web"), encoding="utf-8")
    address, archives = web.host.address, "archives.entries"
    repository.set_params(
        {
            ("scrape", "backgrounds", "sites", "oir.mobi", "start"): [f"{web.gallery}/"],
            ("scrape", "cars", "sites", "motorpage.ru", "start"): [f"{web.catalogue}{BY_MARK}"],
            "frames.videos": [f"{address}/film.mp4"],
            "frames.min_side": 32,
            "frames.every": 1.0,
            "frames.min_sharpness": 0.0,
            "backgrounds.min_side": 32,
            f"{archives}.deeploc.url": f"{address}/set.zip",
            f"{archives}.deeploc.sha256": hashlib.sha256(archive_of_pictures()).hexdigest(),
            "archives.max_bad_share": 0.5,
            "coco.annotations": f"{address}/annotations.zip",
            "coco.val2017_archive": "",  # the same
            "http.delay": 0.0,
            "people.source": "",
        }
    )
    return repository


def rows(repository: Repository, file: str) -> list[dict[str, str]]:
    with (repository.root / "data" / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_preset_web_collects_from_a_copy_of_each_structure(tmp_path: Path, web: Web) -> None:
    repository = configured(tmp_path / "repository", web)
    repository.run("dvc", "repro", *STAGES)
    scraped = rows(repository, "scrape/backgrounds/manifest.csv")
    assert len(scraped) == 12
    assert {row["group"] for row in scraped} == {"road", "hills"}
    cars = rows(repository, "scrape/cars/manifest.csv")
    assert {row["group"] for row in cars} == {"Audi", "Kia"}, "Lada is not among the wanted makes"
    frames = rows(repository, "frames/manifest.csv")
    assert len({row["group"] for row in frames}) == 3
    archived = rows(repository, "archives/manifest.csv")
    assert len(archived) == 4
    merged = rows(repository, "backgrounds/manifest.csv")
    assert len(merged) == len(scraped) + len(frames) + len(archived)
    (refused,) = rows(repository, "archives/rejects.csv")
    assert "escaped.png" in refused["url"]
    assert not list(tmp_path.rglob("escaped*"))
    split = {row["image_id"]: row for row in rows(repository, "coco_split/split.csv")}
    assert {part: [row["split"] for row in split.values()].count(part) for part in
            ("train", "val", "test")} == {"train": 2, "val": 1, "test": 3}  # fmt: skip
    assert {n for n, row in split.items() if row["in_val2017"] == "true"} == {"201", "202"}
    folder = repository.root / "data/coco_split"
    assert all((folder / row["mask"]).is_file() for row in split.values())
    images = {file.name for file in (repository.root / "data/web/coco/images").glob("*.jpg")}
    assert images == {f"{n}.jpg" for n in (100, 101, 102, 200, 201, 202)}
    asked = {r.path for r in web.host.requests if r.path.startswith(("/train/", "/val/"))}
    assert len(asked) == 2 * WANTED, "only what the split selects is fetched"


def test_an_interrupted_collection_goes_on_where_it_was(tmp_path: Path, web: Web) -> None:
    def slowly(exchange: h.Exchange) -> None:
        time.sleep(0.15)
        exchange.send(h.jpeg(hash_of(exchange.path), SIDE, SIDE))

    pictures = {f"/p/{n}.jpg": slowly for n in range(60)}
    shown = "".join(f'<img src="/p/{n}.jpg">' for n in range(60))
    web.host.behaviours |= {**pictures, "/list": h.good(shown.encode())}
    repository = configured(tmp_path / "repository", web)
    site = {"start": [f"{web.host.address}/list"], "pictures": "img@src"}
    repository.set_params({"scrape.backgrounds.sites": {"slow": site}})
    repository.run("dvc", "repro", "check_params")

    process = repository.start("python", "-m", "pipeline.stages.scrape", "backgrounds")
    while len(asked_pictures(web)) < 10:
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert not (repository.root / "data/scrape/backgrounds").exists()
    store = repository.root / ".clearscene/collect/backgrounds/pictures"
    complete = [file for file in store.iterdir() if "." not in file.name]
    assert complete

    before = len(asked_pictures(web))
    again = repository.run("dvc", "repro", "scrape@backgrounds")
    assert "60 pictures kept" in again.stderr
    assert len(asked_pictures(web)) - before <= 60 - len(complete)
    manifest = rows(repository, "scrape/backgrounds/manifest.csv")
    assert [row["url"] for row in manifest] == [f"http://127.0.0.1/p/{n}.jpg" for n in range(60)]


def asked_pictures(web: Web) -> list[h.Request]:
    return [request for request in web.host.requests if request.path.startswith("/p/")]
