"""The four numbers of a cutout, which masks belong to which pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.cutouts.quality import border_contact, measure, sharpness
from pipeline.matting import cut_out
from pipeline.sources.manifest import Found, Origin
from pipeline.sources.masks import match_masks, original_stem
from pipeline.sources.pictures import PictureFacts
from tests.cutouts.conftest import photo


def test_border_contact_is_the_share_of_the_outline_on_the_frame() -> None:
    mask = np.zeros((40, 50), bool)
    mask[10:20, 10:30] = True
    assert border_contact(mask) == 0
    assert border_contact(np.ones((40, 50), bool)) == 1
    mask[:] = False
    mask[30:40, 10:30] = True
    assert border_contact(mask) == pytest.approx(20 / (2 * 20 + 2 * 10 - 4))
    assert border_contact(np.zeros((4, 5), bool)) == 0


def test_the_more_a_car_is_blurred_the_less_sharp_it_is() -> None:
    picture, mask = photo(3)
    found = []
    for sigma in (0, 0.7, 1.5, 3):
        blurred = cv2.GaussianBlur(picture, (0, 0), sigma) if sigma else picture
        cutout = cut_out(blurred.astype(np.uint8), mask, 0.01, 0.02)
        assert cutout is not None
        found.append(sharpness(cutout))
    assert found == sorted(found, reverse=True)
    assert found[0] > 5 * found[2] > 0


def test_contrast_and_resolution_hardly_change_sharpness() -> None:
    """A dark car is as sharp as a bright one; so is a photo of twice the size."""
    rng = np.random.default_rng(4)
    blobs = cv2.GaussianBlur(rng.normal(0, 1, (300, 640, 3)), (0, 0), 3)
    picture = 128 + 40 * blobs / blobs.std()  # so that whole grey levels are fine enough
    mask = np.zeros((300, 640), bool)
    mask[10:-10, 10:-10] = True

    def of(values: np.ndarray, shape: np.ndarray) -> float:
        cutout = cut_out(np.clip(values, 0, 255).astype(np.uint8), shape, 0.005, 0.0)
        assert cutout is not None
        return sharpness(cutout)

    usual = of(picture, mask)
    assert of(picture * 0.5, mask) == pytest.approx(usual, rel=0.15)
    twice = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    assert of(twice, np.kron(mask, np.ones((2, 2), bool))) == pytest.approx(usual, rel=0.15)


def test_confidence_and_coverage_are_those_of_the_mask() -> None:
    picture, mask = photo(1)
    probability = np.where(mask, 0.75, 0.25).astype(np.float32)
    cutout = cut_out(picture, mask, 0.01, 0.02)
    assert cutout is not None
    measures = measure("some", cutout, mask, probability)
    assert measures.confidence == 0.75
    assert measures.coverage == round(float(mask.mean()), 4)
    assert (measures.left, measures.top) == (cutout.box.left, cutout.box.top)


def found(url: str, site: str, number: int = 0) -> Found:
    facts = PictureFacts(f"{number:064x}", "0" * 16, 1, 9, 9, ".jpg")
    return Found(Origin(url, site=site), Path("x.jpg"), facts)


@pytest.mark.parametrize(
    ("url", "site", "stem"),
    [
        ("sub/side_001.jpg", "folder", "side_001"),
        ("what?#1.jpg", "folder", "what?#1"),
        ("https://example.org/Photos/800/audi_a4.jpg?v=2#top", "catalogue", "audi_a4"),
        ("https://example.org/a/b%20c.tar.png", "catalogue", "b c.tar"),
    ],
)
def test_a_picture_is_known_by_the_name_it_had(url: str, site: str, stem: str) -> None:
    assert original_stem(found(url, site)) == stem


def test_masks_are_matched_by_name_and_only_where_it_is_clear(tmp_path: Path) -> None:
    for name in ("one.png", "two.png", "two.bmp", "three.png", "spare.png"):
        Image.new("1", (9, 9)).save(tmp_path / name)
    names = ("a/one.jpg", "two.jpg", "a/three.jpg", "b/three.jpg", "four.jpg")
    pictures = [found(url, "folder", number) for number, url in enumerate(names)]
    matches = match_masks(pictures, tmp_path)
    assert matches.masks == {pictures[0].facts.name: tmp_path / "one.png"}
    assert matches.spare == 1
    assert [(Path(one.file).name, one.reason) for one in matches.rejects] == [
        ("three.png", "1 masks and 2 pictures are called three; rename them"),
        ("two.bmp", "2 masks and 1 pictures are called two; rename them"),
        ("two.png", "2 masks and 1 pictures are called two; rename them"),
    ]
