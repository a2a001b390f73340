"""COCO: selecting the central persons of a file as large as the official one, and their masks.

The file is like instances_train2014.json (449 MB, 82,783 pictures, 604,907 annotations; its keys,
order and formatting), but drawn: outlines of 8 to 66 corners out of a few hundred, three persons in
ten annotations. Each way runs in a process of its own; what is compared is processor time, since
the machine may be shared, and without imports. Both must select the same persons.
"""

from __future__ import annotations

import json
import math
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools.coco import COCO

from pipeline.datasets.central.selection import central_persons
from pipeline.parallel import HERE, each
from pipeline.sections.parallel import ParallelSection
from pipeline.sources.coco.instances import read_instances
from pipeline.sources.coco.masks import Drawing, segmentation_mask, write_mask
from tests.benchmarks.measure import Timing, compare

PICTURES, PER_PICTURE, OUTLINES, PERSONS = 82_783, 7.307, 400, 0.31
HEIGHT, WIDTH, COVERAGE = 480, 640, 0.4
ROUNDS, MASKS = 2, 400
EVERY_CORE = ParallelSection(backend="loky", workers=0, address="")

PICTURE = (
    '{"license": 5, "file_name": "COCO_train2014_%012d.jpg", "coco_url": "http://images.cocodataset'
    '.org/train2014/COCO_train2014_%012d.jpg", "height": 480, "width": 640, "date_captured": '
    '"2013-11-14 16:28:13", "flickr_url": "http://farm4.staticflickr.com/3153/2970773875_164f0c0b83'
    '_z.jpg", "id": %d}'
)
ANNOTATION = (
    '{"segmentation": %s,"area": %.4f,"iscrowd": 0,"image_id": %d,'
    '"bbox": [%.2f,%.2f,%.2f,%.2f],"category_id": %d,"id": %d}'
)
CATEGORIES = [{"supercategory": "thing", "id": n, "name": f"thing {n}"} for n in range(2, 91)]


def write_instances(file: Path) -> None:
    """Write the synthetic file; 449 MB."""
    rng = np.random.default_rng(1)
    outlines = [
        json.dumps([np.round(rng.uniform(0, 640, 2 * int(rng.integers(8, 67))), 2).tolist()])
        for _ in range(OUTLINES)
    ]
    with file.open("w", encoding="utf-8") as text:
        text.write('{"info": {"description": "COCO 2014 Dataset"}, "images": [')
        text.write(", ".join(PICTURE % (n, n, n) for n in range(PICTURES)))
        text.write('], "licenses": [], "annotations": [')
        number = 0
        for picture, count in enumerate(rng.poisson(PER_PICTURE, PICTURES).tolist()):
            for left, top, width, height, fill, kind in rng.random((count, 6)).tolist():
                box = 400 * left, 300 * top, 5 + 500 * width, 5 + 400 * height
                category = 1 if kind < PERSONS else 2 + int(88 * (kind - PERSONS))
                area = box[2] * box[3] * (0.3 + 0.6 * fill)
                outline = outlines[number % OUTLINES]
                text.write(", " if number else "")
                text.write(ANNOTATION % (outline, area, picture, *box, category, number))
                number += 1
        categories = [{"supercategory": "person", "id": 1, "name": "person"}, *CATEGORIES]
        text.write(f'], "categories": {json.dumps(categories)}}}')


def with_pycocotools(file: Path) -> list[int]:
    """The usual way: index everything, then go through the pictures."""
    coco, selected = COCO(str(file)), []
    for number in coco.getImgIds():
        picture, best, largest = coco.imgs[number], None, 0.0
        for one in coco.imgToAnns[number]:
            if one["category_id"] != 1 or one["iscrowd"]:
                continue
            left, top, width, height = one["bbox"]
            across = left + width / 2 - picture["width"] / 2
            down = top + height / 2 - picture["height"] / 2
            squared = across * across + down * down
            score = one["area"] / squared**2 if squared else math.inf
            if score > largest:
                best, largest = one, score
        if best and best["area"] / (picture["width"] * picture["height"]) > COVERAGE:
            selected.append(best["id"])
    return selected


def with_ours(file: Path) -> list[int]:
    return [row.annotation_id for row in central_persons(*read_instances(file), COVERAGE)]


WAYS: dict[str, Callable[[Path], list[int]]] = {
    "pycocotools.COCO and a loop": with_pycocotools,
    "read_instances and central_persons": with_ours,
}


def annotations() -> list[Timing]:
    """Processor time in milliseconds, and the peak of memory."""
    taken: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "instances.json"
        write_instances(file)
        size = file.stat().st_size / 1e6
        for _ in range(ROUNDS):
            for way, results in taken.items():
                command = [sys.executable, "-m", __name__, str(file), way]
                run = subprocess.run(command, check=True, capture_output=True, text=True)
                results.append(json.loads(run.stdout.splitlines()[-1]))
    selected = {json.dumps(one["selected"]) for results in taken.values() for one in results}
    if len(selected) != 1:
        raise RuntimeError("the ways do not select the same persons")
    times = {way: statistics.median(one["cpu"] for one in taken[way]) for way in taken}
    naive = next(iter(times.values()))
    return [
        Timing(
            f"processor time to select central persons, {size:.0f} MB of COCO",
            f"{way}, peak {max(one['peak'] for one in taken[way]):.0f} MB",
            round(1000 * seconds, 1), round(naive / seconds, 2),
        )
        for way, seconds in times.items()
    ]  # fmt: skip


def peak_memory() -> float:
    """Megabytes that this process has held at most."""
    status = Path("/proc/self/status")
    if status.is_file():  # `ru_maxrss` may be that of the process that started this one
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def person_masks() -> list[Timing]:
    """Masks of outlines with 60 corners."""
    rng = np.random.default_rng(2)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    shapes = []
    for _ in range(MASKS):
        radius = rng.uniform(100, 230) * (1 + 0.2 * rng.standard_normal(60))
        x, y = 320 + radius * np.cos(angles), 240 + radius * np.sin(angles)
        shapes.append([np.stack([x, y], axis=1).round(2).ravel().tolist()])
    coco = COCO()
    coco.imgs = {1: {"height": HEIGHT, "width": WIDTH}}
    texts = [json.dumps(shape).encode() for shape in shapes]

    def with_annotations() -> list[NDArray[np.uint8]]:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            return [coco.annToMask({"image_id": 1, "segmentation": shape}) for shape in shapes]

    with tempfile.TemporaryDirectory() as folder:
        drawings = [
            Drawing(Path(folder) / f"{number}.png", text, HEIGHT, WIDTH)
            for number, text in enumerate(texts)
        ]

        def with_annotations_and_pillow() -> None:
            for drawing, mask in zip(drawings, with_annotations(), strict=True):
                Image.fromarray(mask * np.uint8(255)).save(drawing.file)

        return compare(
            f"{MASKS} masks of {WIDTH}x{HEIGHT}",
            {
                "annToMask": with_annotations,
                "segmentation_mask": lambda: [
                    segmentation_mask(text, HEIGHT, WIDTH) for text in texts
                ],
            },
            rounds=5,
        ) + compare(
            f"{MASKS} masks of {WIDTH}x{HEIGHT} as PNG",
            {
                "annToMask and Pillow": with_annotations_and_pillow,
                "write_mask": lambda: list(each(write_mask, drawings, HERE)),
                "write_mask, every core": lambda: list(each(write_mask, drawings, EVERY_CORE)),
            },
            rounds=5,
        )


def main(file: str, way: str) -> None:
    """Select, and tell what it cost; in a process of its own."""
    began = time.process_time()
    selected = WAYS[way](Path(file))
    cost = {"cpu": time.process_time() - began, "peak": peak_memory(), "selected": selected}
    sys.stdout.write(f"{json.dumps(cost)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
