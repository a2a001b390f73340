"""Pictures with the mask of their central person, by part, from the split of stage `coco_split`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.errors import BadPicture, NothingToLearnFrom, PipelineError
from pipeline.images import RGB, Mask, read_mask, read_picture
from pipeline.paths import read_table

log = logging.getLogger(__name__)

PERSON = 1
GROUPS = {"true": "val2017", "false": "train2017", "": "coco"}
"""By `in_val2017` of the split; published weights have seen train2017."""


class CentralPicture(NamedTuple):
    """One row of the split, with the files where they lie.

    Attributes:
        name: COCO's number of the picture.
        group: val2017 or train2017, or coco if nobody knows.
    """

    name: str
    group: str
    picture: Path
    mask: Path


class Sample(NamedTuple):
    """One training sample.

    Attributes:
        picture: 3×H×W float32 RGB in [0, 1], at its own size.
        target: `boxes` 1×4 float32, `labels` 1 int64, `masks` 1×H×W uint8, 0 or 1, as detection
            wants them; and `image_id` int64, a scalar.
    """

    picture: Tensor
    target: dict[str, Tensor]


class Batch(NamedTuple):
    """Samples of different sizes."""

    pictures: list[Tensor]
    targets: list[dict[str, Tensor]]


def collate(samples: Sequence[Sample]) -> Batch:
    """Put samples side by side: they cannot be stacked."""
    return Batch([one.picture for one in samples], [one.target for one in samples])


def read_central_pictures(
    split: Path, pictures: Path, part: str, rejects: Path
) -> list[CentralPicture]:
    """The pictures of one part that are there, in the order of the table.

    Args:
        split: `split.csv` of stage `coco_split`; its masks are relative to its folder.
        pictures: Folder of the pictures.
        part: train, val or test.
        rejects: What stage `coco_pictures` could not get: a table with the columns file, reason.

    Raises:
        NothingToLearnFrom: The split holds no picture at all.
        PipelineError: It holds none of that part, or none that is there; or a table is missing.
    """
    table = read_table(split, "coco_split")
    if not table:
        raise NothingToLearnFrom(
            "there are no pictures with a central person: coco.annotations and "
            "inputs.coco_annotations in params.yaml name none, or none shows one"
        )
    missing = {row["file"] for row in read_table(rejects, "coco_pictures")}
    of_part = [row for row in table if row["split"] == part]
    there = [row for row in of_part if row["file_name"] not in missing]
    if not there:
        raise PipelineError(
            f"{split}: holds {len(of_part)} pictures of the part {part}, of which "
            f"{rejects.name} lists {len(of_part)} as missing; add pictures to {pictures}, then "
            "`dvc repro --force coco_pictures`"
        )
    if len(there) < len(of_part):
        log.warning(
            "%s: %d of %d pictures are left out, see %s",
            part, len(of_part) - len(there), len(of_part), rejects,
        )  # fmt: skip
    return [
        CentralPicture(
            row["image_id"], GROUPS[row["in_val2017"]],
            pictures / row["file_name"], split.parent / row["mask"],
        )
        for row in there
    ]  # fmt: skip


class CentralPersons(Dataset[Sample]):
    """Pictures with one person each, as Mask R-CNN takes them; some mirrored.

    Indices count on over the epochs: those of epoch k begin at k × len. Whether a picture is
    mirrored depends on the seed, the epoch and its place alone.

    Args:
        pictures: What to read.
        flip: Probability that one is mirrored.
        seed: Of that.
    """

    counts_on = True

    def __init__(
        self, pictures: Sequence[CentralPicture], flip: float = 0.0, seed: int = 0
    ) -> None:
        self.pictures = pictures
        self.flip = flip
        self.seed = seed

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Sample:
        epoch, place = divmod(index, len(self.pictures))
        row = self.pictures[place]
        picture, mask = _read_pair(row)
        if np.random.default_rng((self.seed, epoch, place)).random() < self.flip:
            picture, mask = picture[:, ::-1], mask[:, ::-1]
        return to_sample(picture, mask, int(row.name))


def _read_pair(row: CentralPicture) -> tuple[RGB, Mask]:
    picture, mask = read_picture(row.picture), read_mask(row.mask)
    if picture.shape[:2] != mask.shape:
        raise BadPicture(
            row.picture,
            f"is {picture.shape[1]}×{picture.shape[0]}, but its mask {row.mask.name} is "
            f"{mask.shape[1]}×{mask.shape[0]}; run coco_split and coco_pictures again",
        )
    if not mask.any():
        raise BadPicture(row.mask, "holds no pixel of a person; run coco_split again")
    return picture, mask


def to_sample(picture: RGB, mask: Mask, image_id: int) -> Sample:
    """H×W×3 uint8 and H×W bool, not empty → tensors as Mask R-CNN takes them."""
    # Copies, because a mirrored picture has negative strides.
    levels, inside = np.ascontiguousarray(picture), np.ascontiguousarray(mask, np.uint8)
    target = {
        "boxes": torch.tensor([box_of(mask)], dtype=torch.float32),
        "labels": torch.tensor([PERSON]),
        "masks": torch.from_numpy(inside)[None],
        "image_id": torch.tensor(image_id),
    }
    return Sample(torch.from_numpy(levels).permute(2, 0, 1).float() / 255, target)


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a mask that is not empty, from edge to edge of its pixels.

    So a mask of one pixel is one pixel wide. From centre to centre, as `masks_to_boxes` measures,
    it would be none, and detection refuses boxes without an area.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
