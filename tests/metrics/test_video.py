"""Flicker: known on constructed films, nothing on a film that only moves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from pipeline.images import RGB
from pipeline.metrics.video import dtssd, warping_error

Film = NDArray[np.float32]
HEIGHT, WIDTH = 72, 96


@st.composite
def film_pairs(draw: st.DrawFn) -> tuple[Film, Film]:
    """Two films of alphas, T×H×W."""
    shape = draw(array_shapes(min_dims=3, max_dims=3, max_side=6).filter(lambda one: one[0] > 1))
    levels = st.floats(0, 1, width=32)
    return draw(arrays(np.float32, shape, elements=levels)), draw(
        arrays(np.float32, shape, elements=levels)
    )


def texture(height: int, width: int, seed: int = 0) -> RGB:
    """Blurred noise in colour: motion can be followed everywhere."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return np.asarray(255 * (smooth - smooth.min()) / np.ptp(smooth), np.uint8)


def panning(frames: int, right: int, down: int = 0) -> list[RGB]:
    """A camera that moves by whole pixels a frame."""
    world = texture(HEIGHT + frames * abs(down), WIDTH + frames * abs(right))
    return [
        np.ascontiguousarray(world[down * t : down * t + HEIGHT, right * t : right * t + WIDTH])
        for t in range(frames)
    ]


def flickering(film: list[RGB], levels: int) -> list[RGB]:
    """Every other frame is brighter."""
    return [
        np.clip(frame.astype(int) + levels * (number % 2), 0, 255).astype(np.uint8)
        for number, frame in enumerate(film)
    ]


def plain_difference(film: list[RGB]) -> float:
    """The same without following motion."""
    return float(np.mean([np.square(a / 255 - b / 255).mean() for a, b in pairwise(film)]))


@given(film_pairs())
def test_flicker_of_alpha_is_the_formula(films: tuple[Film, Film]) -> None:
    ours, truth = (film.astype(np.float64) for film in films)
    changes = np.diff(ours, axis=0) - np.diff(truth, axis=0)
    expected = np.sqrt((changes**2).mean(axis=(1, 2))).mean()
    assert dtssd(iter(films[0]), iter(films[1])) == pytest.approx(expected, abs=1e-5)
    assert dtssd(*films[::-1]) == pytest.approx(expected, abs=1e-5)
    assert 0 <= expected <= 2


@given(film_pairs(), st.floats(0, 1, width=32))
def test_an_error_that_stays_is_no_flicker(films: tuple[Film, Film], share: float) -> None:
    still = films[0][:1].repeat(len(films[0]), axis=0)
    assert dtssd(still, still * np.float32(share)) == 0


def test_alpha_that_alternates_flickers_by_its_swing_on_its_share_of_the_picture() -> None:
    truth = np.zeros((5, 4, 8), np.float32)
    ours = truth.copy()
    ours[::2, :, :2] = 0.6  # a quarter of the pixels
    assert dtssd(ours, truth) == pytest.approx(0.6 * np.sqrt(1 / 4))
    assert dtssd(ours > 0.5, truth > 0.5) == pytest.approx(np.sqrt(1 / 4))
    assert dtssd(1 - ours, ours) == pytest.approx(1.2 * np.sqrt(1 / 4))


def test_a_mask_that_moves_as_it_should_does_not_flicker() -> None:
    truth = np.zeros((4, 10, 20), bool)
    for number, frame in enumerate(truth):
        frame[2:8, 3 * number : 3 * number + 5] = True
    assert dtssd(truth, truth) == 0
    late = np.concatenate([truth[:1], truth[:-1]])
    assert dtssd(late, truth) > 0.2


@pytest.mark.parametrize("frames", [0, 1])
def test_a_film_of_less_than_two_frames_has_no_score(frames: int) -> None:
    alphas = [np.ones((20, 20), bool)] * frames
    pictures = [texture(20, 20)] * frames
    assert np.isnan(dtssd(alphas, alphas))
    assert np.isnan(warping_error(pictures, pictures))


def test_a_still_film_does_not_flicker_whatever_it_shows() -> None:
    assert warping_error([texture(30, 40, 1)] * 3, [texture(30, 40, 2)] * 3) == 0


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, 2), (3, 2), (5, 1)])
def test_motion_alone_is_no_flicker_though_frames_differ(right: int, down: int) -> None:
    film = panning(4, right, down)
    plain = plain_difference(film)
    assert plain > 1e-3
    assert warping_error(film, film) < plain / 1000


def test_a_still_film_that_flickers_scores_the_square_of_its_swing() -> None:
    original = [np.clip(texture(HEIGHT, WIDTH), 20, 200)] * 4
    result = flickering(original, 30)
    assert warping_error(result, original) == pytest.approx((30 / 255) ** 2)
    alphas = [np.full((HEIGHT, WIDTH), 0.2 + 0.5 * (number % 2)) for number in range(4)]
    assert warping_error(alphas, original) == pytest.approx(0.25)


def test_more_flicker_scores_worse_on_a_film_that_moves() -> None:
    original = panning(5, 3, 1)
    errors = [warping_error(flickering(original, levels), original) for levels in (0, 5, 15, 45)]
    assert errors == sorted(errors)
    assert errors[1] > 10 * errors[0]
    assert errors[3] > 5 * errors[2]


def test_inside_a_mask_only_its_pixels_count() -> None:
    original = [np.clip(texture(HEIGHT, WIDTH), 20, 200)] * 3
    left = np.zeros((HEIGHT, WIDTH), bool)
    left[:, :40] = True
    result = [
        np.where(left[..., None], bright, plain)
        for bright, plain in zip(flickering(original, 30), original, strict=True)
    ]
    swing = (30 / 255) ** 2
    assert warping_error(result, original, [left] * 3) == pytest.approx(swing)
    assert warping_error(result, original, [~left] * 3) == 0
    assert warping_error(result, original) == pytest.approx(swing * 40 / WIDTH)
    nowhere = np.zeros_like(left)
    assert warping_error(result, original, [left, nowhere, left]) == pytest.approx(swing)
    assert np.isnan(warping_error(result, original, [nowhere] * 3))


def test_what_a_moving_thing_covers_does_not_count() -> None:
    """A square over a still ground: behind it the ground appears, which no warp can know."""
    ground, square = texture(HEIGHT, WIDTH), texture(24, 24, seed=3)
    film = []
    for number in range(4):
        frame = ground.copy()
        frame[20:44, 10 + 6 * number : 34 + 6 * number] = square
        film.append(frame)
    plain = plain_difference(film)
    assert warping_error(film, film) < plain / 20


@pytest.mark.parametrize("size", [(16, 16), (16, 400), (400, 16), (33, 17)])
def test_the_smallest_pictures_have_a_score(size: tuple[int, int]) -> None:
    film = [texture(*size)] * 2
    assert warping_error(film, film) == 0


def test_a_film_is_read_once_and_not_kept() -> None:
    """Of any length: a frame is gone two frames later."""
    alive: set[int] = set()
    most = 0

    class Frame(np.ndarray[Any, Any]):
        def __del__(self) -> None:
            alive.discard(id(self))

    def frames() -> Iterator[RGB]:
        nonlocal most
        picture = texture(20, 20)
        for _ in range(12):
            frame = picture.copy().view(Frame)
            alive.add(id(frame))
            most = max(most, len(alive))
            yield frame

    assert warping_error(frames(), frames()) == 0
    assert most <= 6


def test_films_that_do_not_belong_together_are_refused() -> None:
    pictures, alphas = [texture(20, 30)] * 3, [np.ones((20, 30), bool)] * 3
    with pytest.raises(ValueError, match="truths end after 2 frames, others go on"):
        dtssd(alphas, alphas[:2])
    with pytest.raises(ValueError, match="frames and inside end after 1 frames"):
        warping_error(pictures[:1], pictures, alphas[:1])
    with pytest.raises(ValueError, match=r"frame 0 differs in size: .*\(20, 30\).*\(30, 20\)"):
        dtssd(alphas, [alpha.T for alpha in alphas])
    with pytest.raises(ValueError, match=r"frame 1 differs in size: .*\(20, 30\)"):
        film = [pictures[0], texture(24, 30)]
        warping_error(film, film)


def test_what_is_no_frame_is_refused() -> None:
    picture, alpha = texture(20, 30), np.ones((20, 30), np.float32)
    with pytest.raises(ValueError, match=r"bool or 0.0 to 1.0, got uint8 \(20, 30\)"):
        dtssd([(255 * alpha).astype(np.uint8)], [alpha])
    with pytest.raises(ValueError, match=r"lie in 0 to 1, got 0.0 to 255.0"):
        dtssd([alpha], [255 * alpha * np.eye(20, 30, dtype=np.float32)])
    with pytest.raises(ValueError, match="lie in 0 to 1, got nan to nan"):
        dtssd([alpha * np.nan], [alpha])
    with pytest.raises(ValueError, match=r"must be H×W×3 uint8, got float64 \(20, 30, 3\)"):
        warping_error([picture / 255], [picture])
    with pytest.raises(ValueError, match=r"must be H×W×3 uint8, got float32 \(20, 30\)"):
        warping_error([picture], [alpha])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"must be bool H×W, got uint8 \(20, 30\)"):
        warping_error([picture], [picture], [alpha.astype(np.uint8)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="16×16 pixels or more, got 15×30; enlarge"):
        warping_error([picture[:15]], [picture[:15]])
