"""The six variants of every training picture on disk, many to a file.

```
FOLDER/00000.zip    the pictures 0 to 63 of the training part
    NAME.flip.png           S×S RGB
    NAME.flip.mask.png      S×S, 0 or 255
```

Tens of thousands of small files are slow to hash, copy and check out; a few archives without
compression are not, any tool opens them, and any member is one seek away. PNG inside, because
the variants must be those that `multiply: online` makes, to the last bit.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
from torch.utils.data import Dataset

from pipeline.datasets.people.pictures import (
    PersonMasks,
    PersonPicture,
    Sample,
    make_variant,
    read_split,
    read_square,
    to_sample,
)
from pipeline.datasets.transforms import VARIANTS
from pipeline.errors import PipelineError
from pipeline.images import RGB, Mask
from pipeline.parallel import each
from pipeline.sections.parallel import ParallelSection
from pipeline.workspace import place_file, write_file

Multiply = Literal["offline", "online", "off"]

PER_SHARD = 64
"""Pictures in a file: about 150 MB of variants at 512×512."""

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The date of every member: the same pictures give the same bytes."""


class Shard(NamedTuple):
    """One file to write, and what goes into it."""

    file: Path
    pictures: list[PersonPicture]


def plan_shards(folder: Path, pictures: Sequence[PersonPicture]) -> list[Shard]:
    """Which pictures go into which file of `folder`; only their order decides."""
    return [
        Shard(folder.absolute() / f"{number:05d}.zip", list(pictures[start : start + PER_SHARD]))
        for number, start in enumerate(range(0, len(pictures), PER_SHARD))
    ]


def write_shards(
    output: Path,
    work: Path,
    pictures: Sequence[PersonPicture],
    *,
    size: int,
    seed: int,
    how: ParallelSection,
) -> Iterator[int]:
    """Write all variants of the pictures into `output`, and give each file's bytes as it is done.

    Args:
        output: An empty folder.
        work: What an interrupted call has written there is used again: a file that is there is
            whole. The caller sees to it that it was made from the same.
        pictures: In the order in which they shall stand.
        size: Side of the square in pixels.
        seed: Of the variants' random numbers.
        how: Over what to spread the work; the bytes do not depend on it.
    """
    shards = plan_shards(work, pictures)
    for file in each(partial(_write_shard, size=size, seed=seed), shards, how):
        yield file.stat().st_size
    for shard in shards:
        place_file(shard.file, output / shard.file.name)


def _write_shard(shard: Shard, size: int, seed: int) -> Path:
    if not shard.file.exists():
        with write_file(shard.file) as part, zipfile.ZipFile(part, "w") as archive:
            for row in shard.pictures:
                square = read_square(row, size)
                for variant in VARIANTS:
                    picture, mask = make_variant(square, row.name, variant, seed)
                    _add(archive, f"{row.name}.{variant}.png", _encode(picture[..., ::-1]))
                    _add(archive, f"{row.name}.{variant}.mask.png", _encode_mask(mask))
    return shard.file


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, BEGINNING), content)


def _encode(levels: RGB) -> bytes:
    # OpenCV's default settings: 8 times as fast as Pillow's for a quarter more bytes.
    return cv2.imencode(".png", levels)[1].tobytes()


def _encode_mask(mask: Mask) -> bytes:
    levels = mask.astype(np.uint8) * 255
    return cv2.imencode(".png", levels, [cv2.IMWRITE_PNG_BILEVEL, 1])[1].tobytes()


class ShardedPersonMasks(Dataset[Sample]):
    """What `write_shards` wrote, in the order in which `PersonMasks` makes it.

    Args:
        shards: What to read.

    Raises:
        PipelineError: A file is missing or holds other pictures.
    """

    def __init__(self, shards: Sequence[Shard]) -> None:
        self.members = [
            (shard.file, f"{row.name}.{variant}")
            for shard in shards
            for row in shard.pictures
            for variant in VARIANTS
        ]
        for shard in shards:
            _check(shard)
        self._open: dict[tuple[int, Path], zipfile.ZipFile] = {}

    def __len__(self) -> int:
        return len(self.members)

    def __getitem__(self, index: int) -> Sample:
        file, name = self.members[index]
        archive = self._archive(file)
        picture = cv2.imdecode(_bytes(archive, f"{name}.png"), cv2.IMREAD_COLOR_RGB)
        mask = cv2.imdecode(_bytes(archive, f"{name}.mask.png"), cv2.IMREAD_GRAYSCALE)
        return to_sample(np.asarray(picture, np.uint8), np.asarray(mask) > 0)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_open": {}}

    def _archive(self, file: Path) -> zipfile.ZipFile:
        """Opened once by each process: forked ones would move one another's place in the file."""
        key = os.getpid(), file
        if key not in self._open:
            self._open[key] = zipfile.ZipFile(file)
        return self._open[key]


def _bytes(archive: zipfile.ZipFile, name: str) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(archive.read(name), np.uint8)


def _check(shard: Shard) -> None:
    wanted = {f"{row.name}.{variant}.png" for row in shard.pictures for variant in VARIANTS}
    try:
        with zipfile.ZipFile(shard.file) as archive:
            missing = wanted - set(archive.namelist())
    except (OSError, zipfile.BadZipFile) as problem:
        raise PipelineError(
            f"{shard.file}: cannot be read ({problem}); run person_split again"
        ) from None
    if missing:
        raise PipelineError(f"{shard.file}: lacks {min(missing)}; run person_split again")


def training_samples(
    split: Path, people: Path, size: int, multiply: Multiply, seed: int
) -> PersonMasks | ShardedPersonMasks:
    """The training part as the parameters want it.

    Args:
        split: `split.csv`, with `shards/` beside it where they were written.
        people: What its file names are relative to.
        size: Side of the square in pixels.
        multiply: See section `person_split` of params.yaml.
        seed: Of the variants' random numbers.

    Raises:
        PipelineError: The part is empty, or a shard is missing.
    """
    train = read_split(split, people, "train")
    if multiply == "offline":
        return ShardedPersonMasks(plan_shards(split.parent / "shards", train))
    return PersonMasks(train, size, multiply == "online", seed)
