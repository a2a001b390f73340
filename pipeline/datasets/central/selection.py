"""The central person of a picture, by the rule of the reference system, and the split of those.

Among the non-crowd person annotations of a picture, the one with the largest `area / d⁴`, where d
is the distance from the centre of its box to the centre of the picture; the picture is used if
that person covers more than a given share of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.centrality import centrality as centrality_of
from pipeline.datasets.splits import deal_out
from pipeline.errors import PipelineError
from pipeline.parallel import each
from pipeline.sections.parallel import ParallelSection
from pipeline.sources.coco.instances import CocoAnnotation, CocoImage, read_segmentations
from pipeline.sources.coco.masks import Drawing, write_mask

ALL = "all"
"""In place of a part: still to be dealt out to the three."""


class CentralPerson(NamedTuple):
    """The person in the middle of a picture; `score` is area / d⁴, `coverage` a share."""

    image_id: int
    annotation_id: int
    score: float
    coverage: float
    width: int
    height: int
    file_name: str
    coco_url: str


class SplitRow(NamedTuple):
    """A line of split.csv.

    `in_val2017` is true, false, or empty if nobody knows; `mask` is relative to the table.
    """

    split: str
    image_id: int
    annotation_id: int
    score: float
    coverage: float
    width: int
    height: int
    file_name: str
    coco_url: str
    in_val2017: str
    mask: str


def central_persons(
    images: Sequence[CocoImage], persons: Sequence[CocoAnnotation], coverage: float
) -> list[CentralPerson]:
    """The pictures whose central person covers more than `coverage` of them, by image id.

    The score is infinite at d = 0; of equal scores the first annotation wins, one of 0 never
    does. Annotations of pictures that are not listed count for nothing.
    """
    image_of = {image.id: image for image in images}
    rated = [one for one in persons if not one.iscrowd and one.image_id in image_of]
    scores = centrality(rated, [image_of[one.image_id] for one in rated])
    pictures = np.fromiter((one.image_id for one in rated), np.int64, len(rated))
    chosen = [(rated[place], scores[place]) for place in _first_largest(pictures, scores)]
    return [
        _row(image_of[person.image_id], person, float(score))
        for person, score in chosen
        if _share(image_of[person.image_id], person) > coverage
    ]


def centrality(
    annotations: Sequence[CocoAnnotation], images: Sequence[CocoImage]
) -> NDArray[np.float64]:
    """`area / d⁴` of each annotation in its picture; infinite where d is 0."""
    count = len(annotations)
    box = _floats(chain.from_iterable(one.bbox for one in annotations), count, 4)
    size = _floats(chain.from_iterable((one.width, one.height) for one in images), count, 2)
    area = _floats((one.area for one in annotations), count, 1)[:, 0]
    return centrality_of(box[:, :2] + box[:, 2:] / 2, area, size)


def deal(
    persons: Mapping[str, Sequence[CentralPerson]],
    seed: int,
    test_share: float,
    val_share: float,
    val2017: Collection[int] | None = None,
) -> list[SplitRow]:
    """The rows of split.csv, sorted by part and image id.

    Args:
        persons: By `train` and `test`, of which `train` gives a share to `val`; or under ALL.
        seed: Of the dealing.
        test_share: Of those under ALL, see `deal_out`.
        val_share: Of what is not for the test, see `deal_out`.
        val2017: Its pictures, if they are known.

    Raises:
        PipelineError: There are too few, or two parts have a picture of the same id.
    """
    _refuse_twins(persons)
    part_of = {person.image_id: part for part in persons for person in persons[part]}
    names = [str(person.image_id) for person in persons.get(ALL, ())]
    if ALL in persons:
        dealt = deal_out(names, seed, test_share, val_share)
    else:
        dealt = _validation(
            [str(one.image_id) for one in persons.get("train", ())], seed, val_share
        )
    rows = [
        SplitRow(
            dealt.get(str(person.image_id), part_of[person.image_id]), *person,
            "" if val2017 is None else str(person.image_id in val2017).lower(),
            f"masks/{person.image_id:012d}.png",
        )
        for person in chain.from_iterable(persons.values())
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.split, row.image_id))


def draw_masks(
    rows: Sequence[SplitRow], files: Iterable[Path], folder: Path, how: ParallelSection
) -> Iterator[tuple[SplitRow, str]]:
    """Write the mask of every row, and say why not where that cannot be.

    Args:
        rows: Of the split.
        files: With the instances; read once more, for these rows alone.
        folder: What the masks' names are relative to; absolute.
        how: See `parallel.each`.
    """
    wanted = [(row.image_id, row.annotation_id) for row in rows]
    found: dict[tuple[int, int], bytes] = {}
    for file in files:
        found |= read_segmentations(file, wanted)
    drawings = [
        Drawing(folder / row.mask, found[key], row.height, row.width)
        for row, key in zip(rows, wanted, strict=True)
    ]
    (folder / "masks").mkdir()
    yield from zip(rows, each(write_mask, drawings, how), strict=True)


def _validation(names: Sequence[str], seed: int, share: float) -> dict[str, str]:
    """The share of the training part that validates, by the rank of hashes as in `deal_out`."""
    count = max(1, round(len(names) * share))
    if count >= len(names):
        raise PipelineError(
            f"{len(names)} pictures of `train` have a central person, too few for a training and a "
            "validation part; lower coco.coverage or splits.val_share"
        )
    ranked = sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    return dict.fromkeys(ranked[:count], "val")


def _refuse_twins(persons: Mapping[str, Sequence[CentralPerson]]) -> None:
    seen: dict[int, str] = {}
    for part, chosen in persons.items():
        for person in chosen:
            if person.image_id in seen:
                raise PipelineError(
                    f"picture {person.image_id} ({person.file_name}) is in `{part}` and in "
                    f"`{seen[person.image_id]}` of COCO's files; give each picture a number of its "
                    "own, and a place in one part"
                )
            seen[person.image_id] = part


def _floats(values: Iterable[float], rows: int, columns: int) -> NDArray[np.float64]:
    return np.fromiter(values, np.float64, rows * columns).reshape(rows, columns)


def _first_largest(groups: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each group, by number, the place of its largest positive score; of equals the first."""
    order = np.lexsort((-scores, groups))  # stable: equals stay in their order
    order = order[scores[order] > 0]
    _, firsts = np.unique(groups[order], return_index=True)
    return order[firsts]


def _share(image: CocoImage, person: CocoAnnotation) -> float:
    pixels = image.width * image.height
    return person.area / pixels if pixels > 0 else 0.0


def _row(image: CocoImage, person: CocoAnnotation, score: float) -> CentralPerson:
    return CentralPerson(
        image.id, person.id, score, _share(image, person),
        image.width, image.height, image.file_name, image.coco_url,
    )  # fmt: skip
