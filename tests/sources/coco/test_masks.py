"""Masks of COCO's three kinds of segmentation, against pycocotools' annToMask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from pipeline.images import read_mask
from pipeline.sources.coco.masks import BrokenSegmentation, Drawing, segmentation_mask, write_mask

# pycocotools' decode, which stands here as the reference.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHARED = Path(__file__).parents[4] / "shared" / "photos" / "coco" / "annotations"


def reference(segmentation: Any, height: int, width: int) -> NDArray[np.bool_]:
    coco = COCO()
    coco.imgs = {1: {"height": height, "width": width}}
    return coco.annToMask({"image_id": 1, "segmentation": segmentation}).astype(bool)


def ours(segmentation: Any, height: int, width: int) -> NDArray[np.bool_]:
    mask = segmentation_mask(json.dumps(segmentation).encode(), height, width)
    assert mask.dtype == np.bool_
    assert mask.flags.c_contiguous
    return mask


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    counts, value = [0], False
    for pixel in mask.T.ravel().tolist():
        if pixel != value:
            counts.append(0)
            value = pixel
        counts[-1] += 1
    return counts


SIDES = st.integers(1, 40)
POLYGON = st.lists(st.floats(-5, 45).map(lambda x: round(x, 2)), min_size=6, max_size=15)


@given(st.lists(POLYGON, min_size=1, max_size=3), SIDES, SIDES)
def test_polygons_are_filled_as_pycocotools_fills_them(
    polygons: list[list[float]], height: int, width: int
) -> None:
    assert np.array_equal(ours(polygons, height, width), reference(polygons, height, width))


@given(POLYGON, st.lists(st.floats(-5, 45), min_size=4, max_size=4), SIDES, SIDES)
def test_a_polygon_of_two_points_adds_nothing_wherever_it_stands(
    polygon: list[float], line: list[float], height: int, width: int
) -> None:
    wanted = reference([polygon, line], height, width)
    assert np.array_equal(ours([polygon, line], height, width), wanted)
    assert np.array_equal(ours([line, polygon], height, width), wanted)


@given(SIDES, SIDES, st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_run_lengths_are_laid_out_as_pycocotools_does(
    height: int, width: int, share: float, seed: int
) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    packed = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"].decode("ascii")
    for counts in (run_lengths(mask), packed):
        runs = {"size": [height, width], "counts": counts}
        assert np.array_equal(ours(runs, height, width), mask)
        assert np.array_equal(reference(runs, height, width), mask)


def test_long_runs_are_unpacked() -> None:
    mask = np.zeros((1000, 700), bool)
    mask[3:990, 5:650] = mask[1, 1] = True
    packed = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"].decode("ascii")
    assert np.array_equal(ours({"size": [1000, 700], "counts": packed}, 1000, 700), mask)


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        (None, "it has no segmentation"),
        ([], "no polygon of three points"),
        ([[]], "no polygon of three points"),
        ([[1, 1, 4, 4]], "no polygon of three points"),
        ([1, 1, 5, 1, 5, 5], "none of COCO's"),
        ([[1, 1, 5, 1, 5, "x"]], r"none of COCO's .*\$\[0\]\[5\]"),
        ([[1, 1, 1e9, 1, 5, 5]], "none of COCO's .*100000"),
        ("polygon", "none of COCO's"),
        ({"counts": [64]}, "none of COCO's .*`size`"),
        ({"size": [8, 9], "counts": [72]}, "of 9×8 pixels, its picture has 8×8"),
        ({"size": [8, 8], "counts": [10, 5]}, "do not add up"),
        ({"size": [8, 8], "counts": [10, 5, 1000]}, "do not add up"),
        ({"size": [8, 8], "counts": []}, "do not add up"),
        ({"size": [8, 8], "counts": [70, -6]}, "none of COCO's"),
        ({"size": [8, 8], "counts": ""}, "not packed as"),
        ({"size": [8, 8], "counts": "0é"}, "do not add up|not packed as"),
        ({"size": [8, 8], "counts": "0 0"}, "not packed as"),
        ({"size": [8, 8], "counts": "0pp"}, "not packed as"),
        ({"size": [8, 8], "counts": "0P"}, "not packed as"),
        ({"size": [8, 8], "counts": "PPPPPPPP0"}, "not packed as"),
        ({"size": [8, 8], "counts": "0o1n0"}, "do not add up"),
    ],
)
def test_what_says_no_pixels_is_broken(segmentation: Any, said: str) -> None:
    with pytest.raises(BrokenSegmentation, match=said):
        ours(segmentation, 8, 8)


@pytest.mark.parametrize(("height", "width"), [(0, 5), (5, -1), (100_000, 100_000)])
def test_a_picture_of_no_size_or_a_huge_one_is_refused(height: int, width: int) -> None:
    with pytest.raises(BrokenSegmentation, match=f"a picture of {width}×{height} pixels"):
        ours([[1, 1, 5, 1, 5, 5]], height, width)


def test_a_mask_is_written_in_black_and_white_or_it_is_said_why_not(tmp_path: Path) -> None:
    file, square = tmp_path / "1.png", b"[[1, 1, 5, 1, 5, 5, 1, 5]]"
    assert write_mask(Drawing(file, square, 8, 9)) == ""
    assert np.array_equal(read_mask(file), reference(json.loads(square), 8, 9))
    for text, reason in (
        (b"[[20, 20, 30, 20, 30, 30]]", "no pixel inside"), (b"null", "has no segmentation")
    ):  # fmt: skip
        assert reason in write_mask(Drawing(tmp_path / "2.png", text, 8, 9))
    assert not (tmp_path / "2.png").exists()


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not there")
def test_masks_of_real_annotations_are_those_of_pycocotools() -> None:
    coco = COCO(str(SHARED / "instances.json"))
    kinds = set()
    for one in coco.anns.values():
        picture, segmentation = coco.imgs[one["image_id"]], one["segmentation"]
        kinds.add(type(segmentation))
        mask = ours(segmentation, picture["height"], picture["width"])
        assert np.array_equal(mask, coco.annToMask(one).astype(bool)), one["id"]
    assert kinds == {list, dict}
