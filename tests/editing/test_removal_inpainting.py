"""Holes filled from what is around them: colours, grain, and what must not come along."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.editing.inpainting import holes, inpaint
from pipeline.images import RGB, Mask


def asphalt(height: int = 160, width: int = 240, grain: float = 8) -> RGB:
    rng = np.random.default_rng(3)
    across = np.linspace(90, 140, width)[None, :, None]
    levels = across + rng.normal(0, grain, (height, width, 1)) + np.zeros(3)
    return levels.clip(0, 255).round().astype(np.uint8)


def middle(shape: tuple[int, int] = (160, 240)) -> Mask:
    mask = np.zeros(shape, np.bool_)
    mask[60:100, 80:160] = True
    return mask


def fine(picture: RGB, mask: Mask) -> float:
    """How much of a picture changes from pixel to pixel."""
    grey = picture.astype(np.float32).mean(axis=2)
    return float(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2))[mask].mean())


def test_colours_go_on_smoothly_across_the_hole() -> None:
    clean = asphalt(grain=0)
    result = inpaint(np.where(middle()[..., None], 255, clean).astype(np.uint8), middle())
    assert np.abs(result.astype(int) - clean)[middle()].max() <= 4


def test_the_filling_is_as_grainy_as_the_ground_around() -> None:
    ground, mask = asphalt(), middle()
    result = inpaint(np.where(mask[..., None], 0, ground).astype(np.uint8), mask)
    assert fine(result, mask) == pytest.approx(fine(ground, mask), rel=0.25)
    smooth = cv2.inpaint(ground, mask.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    assert fine(smooth, mask) < 0.6 * fine(ground, mask), "else the test could not fail"


def test_plain_ground_gets_no_grain() -> None:
    plain = np.full((160, 240, 3), (90, 100, 110), np.uint8)
    spoilt = np.where(middle()[..., None], 255, plain).astype(np.uint8)
    assert np.array_equal(inpaint(spoilt, middle()), plain)


def test_a_thing_beside_the_hole_is_not_repeated_in_it() -> None:
    ground, mask = asphalt(grain=2), middle()
    ground[62:98, 180:200] = (250, 250, 20)
    result = inpaint(ground, mask)
    assert result[mask][:, 0].max() < 175


def test_bright_specks_all_around_are_not_taken_for_grain() -> None:
    ground, mask = asphalt(grain=2), middle()
    ground[::9, ::9] = 255
    result = inpaint(ground, mask)
    assert ground[~mask].max() == 255 and result[mask].max() < 165


def test_other_holes_give_nothing() -> None:
    ground, mask = asphalt(grain=2), middle()
    both = mask.copy()
    both[60:100, 164:200] = True
    spoilt = np.where(both[..., None], np.uint8([255, 0, 255]), ground)
    error = inpaint(spoilt, both).astype(int) - ground
    assert np.abs(error[both]).max() < 25
    assert len(list(holes(both, 0.5))) == 2


def test_the_same_photo_larger_is_filled_alike() -> None:
    clean, mask = asphalt(grain=0), middle()
    large = cv2.resize(clean, None, fx=6, fy=6, interpolation=cv2.INTER_LINEAR)
    there = np.kron(mask, np.ones((6, 6))) > 0
    result = inpaint(np.where(there[..., None], 0, large).astype(np.uint8), there)
    assert np.abs(result.astype(int) - large)[there].max() <= 5
    assert np.array_equal(result[~there], large[~there])


def test_a_photo_that_is_all_hole_stays() -> None:
    ground = asphalt()
    assert np.array_equal(inpaint(ground, np.ones(ground.shape[:2], np.bool_)), ground)


def test_no_hole_nothing_to_do() -> None:
    ground = asphalt()
    assert np.array_equal(inpaint(ground, np.zeros(ground.shape[:2], np.bool_)), ground)


def test_only_a_corner_is_known() -> None:
    ground = np.full((40, 60, 3), 77, np.uint8)
    mask = np.ones((40, 60), np.bool_)
    mask[:2, :2] = False
    assert np.abs(inpaint(np.where(mask[..., None], 0, ground), mask).astype(int) - 77).max() <= 1
