"""Cutting people out: whose pixels come out, how soft, with which colours, in which frame."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.editing.cutout import SEEN, PersonCutter, compose
from pipeline.editing.edge_colours import foreground_colours
from pipeline.editing.options import Background, Cut
from pipeline.editing.outcome import found_people
from pipeline.images import RGB
from pipeline.photos import Photo, read_photo
from tests.editing.known import RED, Coverage, Known, linear_profile, mixture, ring

SOFT = ring(300, 400, 100, soft=6)
MADE = mixture(SOFT, noise=0)
PHOTO = Photo(MADE.picture, icc=linear_profile(), exif=b"Exif\0\0MM", format="JPEG")
CUTTER = PersonCutter(Known(SOFT))


def test_inside_the_photo_s_own_bytes_come_out() -> None:
    noisy = mixture(SOFT, noise=30).picture
    cut = PersonCutter(Known(SOFT, 64)).cut(Photo(noisy), Cut())
    assert cut.alpha is not None and cut.shape == (300, 400)
    inside = cut.alpha == 255
    assert inside.sum() > 20_000
    assert np.array_equal(cut.rgb[inside], noisy[inside])
    assert not cut.rgb[cut.alpha == 0].any()


def test_what_the_file_said_is_kept() -> None:
    cut = CUTTER.cut(PHOTO, Cut())
    assert (cut.exif, cut.format) == (PHOTO.exif, "JPEG")
    assert cut.icc == PHOTO.icc
    assert CUTTER.cut(PHOTO, Cut(mask=True)).exif == PHOTO.exif


def test_soft_edges_on_white_show_nothing_of_the_dark_ground_behind() -> None:
    coverage = ring(300, 400, 100, soft=2)
    share, white = coverage[..., None], np.full((300, 400, 3), 255, np.uint8)
    dark = np.rint(share * RED + (1 - share) * np.array([5, 5, 5])).astype(np.uint8)
    cutter = PersonCutter(Known(coverage))
    rim = (ring(300, 400, 104) > 0) & (ring(300, 400, 97) == 0)
    mixed = compose(dark, cutter.alpha(dark), white, quick=True)
    clean = cutter.cut(Photo(dark), Cut(background=(255, 255, 255)))
    darkest = [np.percentile(made[rim][:, 0], 5) for made in (mixed, clean.rgb)]
    assert darkest[0] < RED[0] - 35  # what must not come out
    assert darkest[1] > RED[0] - 25


def test_colours_do_not_depend_on_tiles() -> None:
    noisy, alpha = mixture(SOFT, noise=20).picture, np.rint(SOFT * 255).astype(np.uint8)
    whole = foreground_colours(noisy, alpha, tile=4096).astype(int)
    tiled = foreground_colours(noisy, alpha, tile=64)
    assert np.abs(whole - tiled).max() <= 1
    assert (whole[(alpha > 0) & (alpha < 255)] != noisy[(alpha > 0) & (alpha < 255)]).any()


def test_transparency_that_was_there_is_kept() -> None:
    before = np.full(PHOTO.shape, 255, np.uint8)
    before[140:150], before[:, :200] = 100, 0
    cut = CUTTER.cut(Photo(MADE.picture, before), Cut())
    alone = CUTTER.cut(Photo(MADE.picture), Cut())
    assert cut.alpha is not None and alone.alpha is not None
    product = np.rint(before.astype(float) * alone.alpha / 255)
    assert np.abs(product - cut.alpha).max() <= 1
    assert cut.alpha[145, 250] == 100 and cut.alpha[100, 250] == 255
    assert not cut.rgb[:, :200].any()
    assert np.array_equal(cut.rgb[145, 210:290], MADE.picture[145, 210:290])


def test_arms_and_friends_keep_their_holes_and_pieces() -> None:
    two = np.maximum(
        np.roll(ring(300, 400, 70, inner=20), -90, 1), np.roll(ring(300, 400, 40), 100, 1)
    )
    cut = PersonCutter(Known(two, 128)).cut(Photo(mixture(two).picture), Cut())
    assert cut.alpha is not None
    assert (cut.alpha[[150, 150], [60, 300]] == 255).all()
    assert (cut.alpha[145:155, 105:115] == 0).all()


def test_a_crop_is_not_widened_by_faint_specks() -> None:
    faint = SOFT.copy()
    before = np.full(PHOTO.shape, 255, np.uint8)
    faint[:20, :20] = 1
    before[:40, :40] = 2
    cut = PersonCutter(Known(faint)).cut(Photo(MADE.picture, before), Cut(crop=True, margin=0))
    assert np.abs(np.array(cut.shape) - 204).max() <= 4
    wide = CUTTER.cut(PHOTO, Cut(crop=True, margin=0.1))
    assert np.abs(np.array(wide.shape) - 204 * 1.2).max() <= 6
    at_border = CUTTER.cut(PHOTO, Cut(crop=True, margin=5))
    assert at_border.shape == PHOTO.shape


def test_a_mask_is_soft_grey_and_can_be_cropped() -> None:
    mask = CUTTER.cut(PHOTO, Cut(mask=True))
    alpha = CUTTER.cut(PHOTO, Cut()).alpha
    assert mask.alpha is None and mask.rgb.shape == (300, 400, 3)
    assert all(np.array_equal(mask.rgb[..., channel], alpha) for channel in range(3))
    cropped = CUTTER.cut(PHOTO, Cut(mask=True, crop=True, margin=0))
    assert cropped.shape == CUTTER.cut(PHOTO, Cut(crop=True, margin=0)).shape
    assert cropped.shape[0] < 220


def test_where_nobody_is_all_is_transparent_and_it_can_be_told() -> None:
    nobody = PersonCutter(Known(np.zeros((300, 400), np.float32)))
    cut = nobody.cut(PHOTO, Cut(crop=True))
    assert cut.alpha is not None and not cut.alpha.any() and cut.shape == PHOTO.shape
    behind = Photo(np.full((30, 70, 3), (9, 200, 7), np.uint8), icc=linear_profile())
    grounds: tuple[Background, ...] = ("none", "blur", (9, 8, 7), behind)
    for wanted in [Cut(mask=True), *(Cut(background=ground) for ground in grounds)]:
        for photo in (PHOTO, Photo(PHOTO.rgb, icc=linear_profile())):
            assert not found_people(photo, nobody.cut(photo, wanted), wanted)
            assert found_people(photo, CUTTER.cut(photo, wanted), wanted)


@pytest.mark.parametrize("side", [1, 2, 32])
@pytest.mark.parametrize("background", ["none", "blur", (9, 8, 7)])
def test_the_smallest_pictures_work(side: int, background: object) -> None:
    tiny = Photo(np.full((side, side, 3), 77, np.uint8))
    masks = Known(np.ones((side, side), np.float32))
    cut = PersonCutter(masks).cut(tiny, Cut(background=background, crop=True))  # type: ignore[arg-type]
    assert np.array_equal(cut.rgb, tiny.rgb)
    assert (cut.alpha is None) == (background != "none")


def test_the_network_sees_a_reduced_copy_in_srgb() -> None:
    seen: list[RGB] = []

    class Watching(Known):
        def probability(self, picture: RGB) -> Coverage:
            seen.append(picture)
            return super().probability(picture)

    wide = Photo(np.full((60, 3000, 3), 128, np.uint8), icc=linear_profile())
    PersonCutter(Watching(np.ones((10, 10), np.float32))).cut(wide, Cut())
    assert seen[0].shape == (20, SEEN, 3)
    assert np.abs(seen[0].astype(int) - 188).max() <= 2  # half the light


def test_a_turned_photo_is_cut_upright() -> None:
    stored = np.rot90(MADE.picture)  # orientation 6: turned by a quarter to be seen
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(stored)).save(stream, "PNG", exif=exif.tobytes())
    photo = read_photo(stream.getvalue(), "turned.png")
    cut = CUTTER.cut(photo, Cut())
    assert cut.alpha is not None and cut.shape == (300, 400)
    inside = cut.alpha == 255
    assert np.array_equal(cut.rgb[inside], MADE.picture[inside])


@pytest.mark.parametrize("quick", [False, True])
def test_frames_of_a_film_are_cut_and_composed(quick: bool) -> None:
    alpha = CUTTER.alpha(MADE.picture, quick)
    assert np.abs(alpha / 255 - SOFT).mean() < 0.02
    ground = np.full_like(MADE.picture, (0, 0, 255))
    made = compose(MADE.picture, alpha, ground, quick)
    assert np.array_equal(made[alpha == 255], MADE.picture[alpha == 255])
    assert np.array_equal(made[alpha == 0], ground[alpha == 0])
    soft = (alpha > 60) & (alpha < 200)
    old = made[soft][:, 1].mean() - RED[1] * alpha[soft].mean() / 255
    assert (old > 20) == quick  # green of the old ground shines through, unless cleaned
