"""Masks as COCO writes them down: polygons, run lengths, area and box."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

PERSON, CAR = 1, 3
CATEGORIES = (
    {"supercategory": "person", "id": PERSON, "name": "person"},
    {"supercategory": "vehicle", "id": CAR, "name": "car"},
)
FINE = 4  # outlines are traced at so many times the picture's size
TOLERANCE = 0.5  # pixels that an outline may be off
LEAST_PART = 6.0  # square pixels of a polygon
LARGEST_HOLE = 0.01  # of the mask; polygons have none
LEAST_AREA = 30.0  # square pixels of an object

Segmentation = list[list[float]] | dict[str, Any]


def annotate(
    mask: NDArray[np.bool_], category: int, image_id: int, number: int, *, crowd: bool = False
) -> dict[str, Any] | None:
    """An entry of `annotations`; None if too little of the object is to be seen.

    Args:
        mask: H×W.
        category: PERSON or CAR.
        image_id: Of the picture.
        number: Of the annotation.
        crowd: It is of many, who are not told apart.
    """
    height, width = mask.shape
    if mask.sum() < LEAST_AREA:
        return None
    outlines, holes = _outlines(mask)
    segmentation: Segmentation = outlines
    if crowd:
        segmentation = _run_lengths(mask)
    elif holes > LARGEST_HOLE * mask.sum() or not outlines:
        packed = coco_mask.encode(np.asfortranarray(mask, np.uint8))
        segmentation = {"size": [height, width], "counts": packed["counts"].decode("ascii")}
    area, box = _measured(segmentation, height, width)
    return {
        "segmentation": segmentation, "area": area, "iscrowd": int(crowd), "image_id": image_id,
        "bbox": box, "category_id": category, "id": number,
    }  # fmt: skip


def instances(
    images: Sequence[Mapping[str, Any]], annotations: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The whole of an instances file."""
    return {
        "info": {"description": "drawn by the embedded demo world", "version": "1.0"},
        "licenses": [{"id": 1, "name": "drawn by the embedded demo world", "url": ""}],
        "images": list(images),
        "annotations": list(annotations),
        "categories": list(CATEGORIES),
    }


def _outlines(mask: NDArray[np.bool_]) -> tuple[list[list[float]], float]:
    """Polygons around the parts of a mask, and the area of the holes in them."""
    large = cv2.resize(mask.astype(np.float32), None, fx=FINE, fy=FINE)  # its stairs become slopes
    inside = (large > 0.5).astype(np.uint8)
    found, tree = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    polygons, holes = [], 0.0
    for contour, (_, _, _, parent) in zip(found, tree[0], strict=True):
        area = cv2.contourArea(contour) / FINE**2
        if parent >= 0:
            holes += area
        elif area >= LEAST_PART:
            corners = cv2.approxPolyDP(contour, TOLERANCE * FINE, True)[:, 0]
            polygons.append(np.round((corners + 0.5) / FINE, 2).ravel().tolist())
    return [polygon for polygon in polygons if len(polygon) >= 6], holes


def _run_lengths(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """By columns, the first run outside."""
    columns = np.concatenate([[False], mask.T.ravel(), [mask.T.ravel()[-1] ^ True]])
    changes = np.flatnonzero(columns[1:] != columns[:-1])
    return {"size": list(mask.shape), "counts": np.diff(changes, prepend=0).tolist()}


def _measured(segmentation: Segmentation, height: int, width: int) -> tuple[float, list[float]]:
    """Area and box of what it covers."""
    runs = segmentation
    if isinstance(segmentation, list):
        runs = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    elif isinstance(segmentation["counts"], list):
        runs = coco_mask.frPyObjects(segmentation, height, width)
    return float(coco_mask.area(runs)), coco_mask.toBbox(runs).tolist()
