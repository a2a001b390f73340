"""What `car_mask` learns from: pairs, whose masks are exact, and photos of cars with masks."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from torch.utils.data import Dataset

from pipeline.datasets.pairs.composites import CarPairs
from pipeline.datasets.people.pictures import Sample, to_sample
from pipeline.images import read_mask, read_picture, resize_mask, resize_picture
from pipeline.paths import read_table
from pipeline.sources.manifest import read_manifest
from pipeline.sources.masks import match_masks


class CarPhoto(NamedTuple):
    """A photo of a car with its mask; `group` is its make or album."""

    name: str
    group: str
    picture: Path
    mask: Path


def read_car_photos(
    scene_split: Path, cutouts: Path, photos: Path, masks: Path, part: str
) -> list[CarPhoto]:
    """The photos of one part that have a mask, sorted by name.

    A photo belongs to the part of the cutout that was made from it, so that no part has seen a car
    of another.

    Args:
        scene_split: `split.csv` of stage `scene_split`.
        cutouts: Their folder, with `manifest.csv`.
        photos: A collection of photos with its manifest.
        masks: Folder of masks, each named as its photo was where it came from.
        part: train, val or test.

    Raises:
        PipelineError: The manifest of the photos is damaged.
    """
    dealt = {
        row["file"]
        for row in read_table(scene_split, "scene_split")
        if row["kind"] == "cutout" and row["part"] == part
    }
    groups = {
        row["source"]: row["group"]
        for row in read_table(cutouts / "manifest.csv", "cutouts")
        if row["file"] in dealt
    }
    found = match_masks(read_manifest(photos), masks).masks
    return [
        CarPhoto(Path(source).stem, group, photos / source, found[Path(source).name])
        for source, group in sorted(groups.items())
        if Path(source).name in found
    ]


class CarMasks(Dataset[Sample]):
    """Pairs, then photos, all of one frame.

    Args:
        pairs: Give picture and mask with a car pasted in.
        photos: May be empty.
        frame: Height and width to which photos are squeezed.
        flip: Probability that a photo is mirrored.
    """

    counts_on: ClassVar[bool] = True

    def __init__(
        self, pairs: CarPairs, photos: list[CarPhoto], frame: tuple[int, int], flip: float
    ) -> None:
        self.pairs, self.photos, self.frame, self.flip = pairs, photos, frame, flip

    def __len__(self) -> int:
        return len(self.pairs) + len(self.photos)

    def __getitem__(self, index: int) -> Sample:
        epoch, place = divmod(index, len(self))
        if place < len(self.pairs):
            pair = self.pairs[epoch * len(self.pairs) + place]
            return Sample((pair.x + 1) / 2, pair.mask)
        rng = np.random.default_rng((self.pairs.seed, epoch, place))
        return self._photo(self.photos[place - len(self.pairs)], rng.random() < self.flip)

    def _photo(self, photo: CarPhoto, mirrored: bool) -> Sample:
        across = slice(None, None, -1 if mirrored else 1)
        picture = resize_picture(read_picture(photo.picture), *self.frame)
        mask = resize_mask(read_mask(photo.mask), *self.frame)
        return to_sample(picture[:, across], mask[:, across])
