"""Pictures of persons with their masks, by part, from the split of stage `person_split`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.errors import NothingToLearnFrom, PipelineError
from pipeline.images import RGB, Mask, read_mask, read_picture, resize_mask, resize_picture
from pipeline.paths import read_table


class PersonPicture(NamedTuple):
    """One row of the split, with the files where they lie."""

    name: str
    group: str
    picture: Path
    mask: Path


class Sample(NamedTuple):
    """One training sample, or after collation a batch of them.

    Attributes:
        picture: 3×S×S float32 RGB in [0, 1].
        mask: 1×S×S float32, 0 or 1.
    """

    picture: Tensor
    mask: Tensor


def read_split(split: Path, folder: Path, part: str) -> list[PersonPicture]:
    """The pictures of one part, in the order of the file.

    Args:
        split: `split.csv` with the columns part, name, group, picture, mask (and others).
        folder: What its file names are relative to.
        part: train, val or test.

    Raises:
        NothingToLearnFrom: The split holds no picture at all.
        PipelineError: It holds none of that part.
    """
    table = read_table(split, "person_split")
    if not table:
        raise NothingToLearnFrom(
            "there are no pictures of persons: inputs.people in params.yaml names none"
        )
    rows = [
        PersonPicture(row["name"], row["group"], folder / row["picture"], folder / row["mask"])
        for row in table
        if row["part"] == part
    ]
    if not rows:
        raise PipelineError(f"{split}: holds no picture of the part {part}; run person_split again")
    return rows


class PersonMasks(Dataset[Sample]):
    """Pictures and masks resized to a square, each once or in all its variants.

    The variant and its random numbers depend on the seed, the picture's name and the variant
    alone: the same six in every epoch, worker and run, as if they had been written to disk.

    Args:
        pictures: What to read.
        size: Side of the square in pixels.
        multiply: Six variants of each picture instead of one.
        seed: Of the variants' random numbers.
    """

    def __init__(
        self, pictures: list[PersonPicture], size: int, multiply: bool = False, seed: int = 0
    ) -> None:
        self.pictures = pictures
        self.size = size
        self.variants = _variants() if multiply else ("original",)
        self.seed = seed

    def __len__(self) -> int:
        return len(self.pictures) * len(self.variants)

    def __getitem__(self, index: int) -> Sample:
        row = self.pictures[index // len(self.variants)]
        variant = self.variants[index % len(self.variants)]
        return to_sample(*make_variant(read_square(row, self.size), row.name, variant, self.seed))


def read_square(row: PersonPicture, size: int) -> tuple[RGB, Mask]:
    """Picture and mask, each squeezed to size × size."""
    return (
        resize_picture(read_picture(row.picture), size, size),
        resize_mask(read_mask(row.mask), size, size),
    )


def make_variant(square: tuple[RGB, Mask], name: str, variant: str, seed: int) -> tuple[RGB, Mask]:
    """One of the VARIANTS of the picture called `name`."""
    from pipeline.datasets.transforms import VARIANTS

    digest = hashlib.sha256(f"{seed}:{name}:{variant}".encode()).digest()
    return VARIANTS[variant](*square, int.from_bytes(digest[:4], "big"))


def _variants() -> tuple[str, ...]:
    # Imported where it is needed: it takes seconds, and evaluation has no use for it.
    from pipeline.datasets.transforms import VARIANTS

    return tuple(VARIANTS)


def to_sample(picture: RGB, mask: Mask) -> Sample:
    """H×W×3 uint8 and H×W bool → tensors as a network takes them."""
    return Sample(
        torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255,
        torch.from_numpy(np.ascontiguousarray(mask))[None].float(),
    )
