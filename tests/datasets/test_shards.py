"""Six variants on disk: the same bits as those made on the fly, for any number of workers."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from pipeline.datasets.people import shards as module
from pipeline.datasets.people.pictures import PersonMasks, PersonPicture
from pipeline.datasets.people.shards import (
    ShardedPersonMasks,
    plan_shards,
    training_samples,
    write_shards,
)
from pipeline.datasets.transforms import VARIANTS
from pipeline.errors import PipelineError
from pipeline.parallel import HERE
from pipeline.sections.parallel import ParallelSection
from pipeline.workspace import file_hash

SIZE, SEED = 48, 3
TWO = ParallelSection(backend="loky", workers=2, address="")


@pytest.fixture(scope="module")
def pictures(people_root: Path) -> list[PersonPicture]:
    folder = people_root / "people"
    stems = sorted(path.stem for path in (folder / "masks").iterdir())[:10]
    return [
        PersonPicture(stem, "", folder / "images" / f"{stem}.jpg", folder / "masks" / f"{stem}.png")
        for stem in stems
    ]


def write(
    root: Path, pictures: list[PersonPicture], how: ParallelSection = HERE, size: int = SIZE
) -> Path:
    (root / "shards").mkdir(parents=True)
    written = list(
        write_shards(root / "shards", root / "work", pictures, size=size, seed=SEED, how=how)
    )
    assert written == [file.stat().st_size for file in sorted((root / "shards").iterdir())]
    return root / "shards"


@pytest.fixture(autouse=True)
def four_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PER_SHARD", 4)


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: file_hash(file) for file in sorted(folder.iterdir())}


def test_what_was_written_is_what_is_made_on_the_fly(
    pictures: list[PersonPicture], tmp_path: Path
) -> None:
    folder = write(tmp_path, pictures)
    written = ShardedPersonMasks(plan_shards(folder, pictures))
    made = PersonMasks(pictures, SIZE, multiply=True, seed=SEED)
    assert len(written) == len(made) == 60
    for index in range(len(made)):
        assert torch.equal(written[index].picture, made[index].picture)
        assert torch.equal(written[index].mask, made[index].mask)


def test_ten_pictures_are_three_files_that_any_tool_opens(
    pictures: list[PersonPicture], tmp_path: Path
) -> None:
    folder = write(tmp_path, pictures)
    assert [file.name for file in sorted(folder.iterdir())] == [
        "00000.zip", "00001.zip", "00002.zip",
    ]  # fmt: skip
    with zipfile.ZipFile(folder / "00002.zip") as archive:
        assert len(archive.namelist()) == 2 * len(VARIANTS) * 2
        picture = Image.open(io.BytesIO(archive.read(f"{pictures[8].name}.rotate.png")))
        mask = Image.open(io.BytesIO(archive.read(f"{pictures[8].name}.rotate.mask.png")))
    assert (picture.mode, picture.size, mask.size) == ("RGB", (SIZE, SIZE), (SIZE, SIZE))
    assert set(np.unique(np.asarray(mask.convert("L")))) == {0, 255}


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_two_workers_write_the_same_bytes_as_one(
    backend: str, pictures: list[PersonPicture], tmp_path: Path
) -> None:
    if backend == "dask":
        pytest.importorskip("distributed")
    how = TWO.model_copy(update={"backend": backend})
    one = write(tmp_path / "one", pictures, size=40)
    # Workers have PER_SHARD as it stands in the file: the plan, made here, decides.
    assert hashes(write(tmp_path / "two", pictures, how, size=40)) == hashes(one)


def test_what_an_interrupted_call_wrote_is_used_again(
    pictures: list[PersonPicture], tmp_path: Path
) -> None:
    (tmp_path / "shards").mkdir()
    running = write_shards(
        tmp_path / "shards", tmp_path / "work", pictures, size=SIZE, seed=SEED, how=HERE
    )
    next(running)
    running.close()
    first = tmp_path / "work" / "00000.zip"
    before = first.stat()
    assert list((tmp_path / "shards").iterdir()) == []
    (tmp_path / "shards").rmdir()
    again = write(tmp_path, pictures)
    assert first.stat().st_mtime_ns == before.st_mtime_ns
    assert hashes(again) == hashes(write(tmp_path / "fresh", pictures))


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.datasets.people import shards
from pipeline.datasets.people.pictures import PersonPicture
from pipeline.parallel import HERE
added = []
def add(archive, name, content, add=shards._add):
    added.append(name)
    if len(added) == 30:
        os.kill(os.getpid(), signal.SIGKILL)
    add(archive, name, content)
shards._add = add
shards.PER_SHARD = 2
folder, work = Path(sys.argv[1]), Path(sys.argv[2])
names = sorted(file.stem for file in (folder / "masks").iterdir())[:4]
rows = [PersonPicture(n, "", folder / "images" / f"{n}.jpg", folder / "masks" / f"{n}.png")
        for n in names]
list(shards.write_shards(work / "out", work, rows, size=48, seed=3, how=HERE))
"""


def test_a_kill_in_the_middle_of_a_file_leaves_no_half_of_it(
    people_root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(people_root / "people"), str(tmp_path)]
    assert subprocess.run(command, capture_output=True).returncode == -9
    whole = [file.name for file in tmp_path.glob("*.zip")]
    assert whole == ["00000.zip"]
    with zipfile.ZipFile(tmp_path / "00000.zip") as archive:
        assert archive.testzip() is None


def test_data_workers_read_the_same(pictures: list[PersonPicture], tmp_path: Path) -> None:
    folder = write(tmp_path, pictures[:4])
    dataset = ShardedPersonMasks(plan_shards(folder, pictures[:4]))
    here = torch.stack([dataset[index].picture for index in range(len(dataset))])
    loader = DataLoader(dataset, batch_size=6, num_workers=2)  # forked with an open archive
    there = torch.cat([batch.picture for batch in loader])
    assert torch.equal(here, there)


def test_a_missing_or_other_file_is_named_with_the_remedy(
    pictures: list[PersonPicture], tmp_path: Path
) -> None:
    folder = write(tmp_path, pictures)
    with pytest.raises(PipelineError, match=r"00000\.zip: lacks .*\.png; run person_split again"):
        ShardedPersonMasks(plan_shards(folder, pictures[::-1]))
    (folder / "00001.zip").write_bytes(b"no archive")
    with pytest.raises(PipelineError, match=r"00001\.zip: cannot be read .*person_split again"):
        ShardedPersonMasks(plan_shards(folder, pictures))
    (folder / "00001.zip").unlink()
    with pytest.raises(PipelineError, match=r"00001\.zip: cannot be read"):
        ShardedPersonMasks(plan_shards(folder, pictures))


@pytest.mark.parametrize(
    ("multiply", "expected", "count"),
    [("offline", ShardedPersonMasks, 60), ("online", PersonMasks, 60), ("off", PersonMasks, 10)],
)
def test_the_parameter_decides_what_is_trained_on(
    multiply: module.Multiply,
    expected: type[object],
    count: int,
    pictures: list[PersonPicture],
    people_root: Path,
    tmp_path: Path,
) -> None:
    write(tmp_path, pictures)
    lines = ["part,name,group,picture,mask"]
    lines += [f"train,{p.name},,images/{p.picture.name},masks/{p.mask.name}" for p in pictures]
    (tmp_path / "split.csv").write_text("\n".join(lines), encoding="utf-8")
    samples = training_samples(tmp_path / "split.csv", people_root / "people", SIZE, multiply, SEED)
    assert type(samples) is expected
    assert len(samples) == count
    assert torch.equal(samples[0].picture, PersonMasks(pictures, SIZE)[0].picture)
