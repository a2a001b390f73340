"""The central person of a picture, by the rule of the reference system.

Among the non-crowd person annotations of a picture, the one with the largest `area / d⁴`, where d
is the distance from the centre of its box to the centre of the picture; the picture is used if
that person covers more than a given share of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.coco.instances import CocoAnnotation, CocoImage, Instances


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
    """A line of split.csv."""

    split: str
    image_id: int
    annotation_id: int
    score: float
    coverage: float
    width: int
    height: int
    file_name: str
    coco_url: str


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
    best = _first_largest(np.array([one.image_id for one in rated], np.int64), scores)
    rows = [
        _row(image_of[rated[place].image_id], rated[place], float(scores[place])) for place in best
    ]
    return [row for row in rows if row.coverage > coverage]


def centrality(
    annotations: Sequence[CocoAnnotation], images: Sequence[CocoImage]
) -> NDArray[np.float64]:
    """`area / d⁴` of each annotation in its picture; infinite where d is 0."""
    box = np.array([one.bbox for one in annotations], np.float64).reshape(-1, 4)
    area = np.array([one.area for one in annotations], np.float64)
    size = np.array([(one.width, one.height) for one in images], np.float64).reshape(-1, 2)
    offset = box[:, :2] + box[:, 2:] / 2 - size / 2
    squared = np.square(offset).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(squared * squared > 0, area / (squared * squared), np.inf)


def split_rows(instances: Mapping[str, Instances], coverage: float) -> list[SplitRow]:
    """The rows of split.csv, sorted by part and image id.

    Args:
        instances: By part.
        coverage: See `central_persons`.
    """
    rows = [
        SplitRow(split, *person)
        for split, (images, persons) in instances.items()
        for person in central_persons(images, persons, coverage)
    ]
    return sorted(rows, key=lambda row: (row.split, row.image_id))


def _first_largest(groups: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each group, by number, the place of its largest positive score; of equals the first."""
    order = np.lexsort((-scores, groups))  # stable: equals stay in their order
    order = order[scores[order] > 0]
    _, firsts = np.unique(groups[order], return_index=True)
    return order[firsts]


def _row(image: CocoImage, person: CocoAnnotation, score: float) -> CentralPerson:
    pixels = image.width * image.height
    return CentralPerson(
        image.id, person.id, score, person.area / pixels if pixels > 0 else 0.0,
        image.width, image.height, image.file_name, image.coco_url,
    )  # fmt: skip
