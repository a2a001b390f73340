"""Scores of pictures equal scikit-image's; each of the whole, inside a mask and outside."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.metrics

from pipeline.images import RGB
from pipeline.metrics.pictures import BEST_PSNR, REGIONS, picture_scores, psnr, rmse, ssim
from pipeline.metrics.statistics import mean_scores

Pictures = tuple[RGB, RGB]


def noisy(height: int, width: int, noise: int, seed: int = 0) -> Pictures:
    """A picture with structure, and the same with noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    waves = 128 + 90 * np.sin(rows / 5)[..., None] * np.cos(columns[..., None] / (3, 5, 8))
    truth = waves.astype(np.uint8)
    ours = truth + rng.integers(-noise, noise + 1, truth.shape)
    return np.clip(ours, 0, 255).astype(np.uint8), truth


@pytest.mark.parametrize("size", [(11, 11), (11, 40), (37, 64), (128, 96)])
@pytest.mark.parametrize("noise", [1, 12, 200])
def test_scores_of_pictures_are_those_of_scikit_image(size: tuple[int, int], noise: int) -> None:
    ours, truth = noisy(*size, noise)
    theirs = skimage.metrics.structural_similarity(
        truth, ours, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    assert ssim(ours, truth) == pytest.approx(theirs, abs=1e-9)
    expected = skimage.metrics.peak_signal_noise_ratio(truth, ours, data_range=255)
    assert psnr(ours, truth) == pytest.approx(expected, abs=1e-9)
    squared = skimage.metrics.mean_squared_error(truth, ours)
    assert rmse(ours, truth) == pytest.approx(np.sqrt(squared), abs=1e-9)


def test_similarity_inside_a_mask_is_the_mean_of_scikit_images_map_there() -> None:
    ours, truth = noisy(40, 50, 25)
    inside = np.zeros((40, 50), bool)
    inside[:7, 20:50] = True  # at the frame too, where windows are mirrored
    _, similarity = skimage.metrics.structural_similarity(
        truth, ours, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    assert ssim(ours, truth, inside) == pytest.approx(similarity[inside].mean(), abs=1e-9)


def test_an_error_of_three_levels_in_one_of_three_channels_is_the_root_of_three() -> None:
    truth = np.zeros((12, 12, 3), np.uint8)
    ours = truth.copy()
    ours[..., 1] = 3
    assert rmse(ours, truth) == pytest.approx(3**0.5)
    assert psnr(ours, truth) == pytest.approx(20 * np.log10(255 / 3**0.5))


def test_inside_a_mask_only_its_pixels_count() -> None:
    ours, truth = noisy(30, 30, 0)
    inside = np.zeros((30, 30), bool)
    inside[10:20, 5:15] = True
    spoilt = np.where(inside[..., None], 255 - ours, ours)
    assert rmse(spoilt, truth, ~inside) == 0
    assert rmse(spoilt, truth, inside) > rmse(spoilt, truth) > 0
    assert psnr(spoilt, truth, inside) < psnr(spoilt, truth)
    assert ssim(spoilt, truth, inside) < ssim(spoilt, truth) < 1
    everywhere = np.ones((30, 30), bool)
    assert rmse(spoilt, truth, everywhere) == rmse(spoilt, truth)


def test_less_noise_scores_better() -> None:
    by_noise = [picture_scores(*noisy(40, 40, noise), np.ones((40, 40), bool)) for noise in (2, 20)]
    for region in ("", "_inside"):
        assert by_noise[0][f"psnr{region}"] > by_noise[1][f"psnr{region}"]
        assert by_noise[0][f"ssim{region}"] > by_noise[1][f"ssim{region}"]
        assert by_noise[0][f"rmse{region}"] < by_noise[1][f"rmse{region}"]


def test_equal_pictures_score_best_with_numbers_that_json_can_hold() -> None:
    _, truth = noisy(20, 20, 0)
    scores = picture_scores(truth, truth, np.eye(20, dtype=bool))
    for region in REGIONS:
        assert scores[f"psnr{region}"] == BEST_PSNR
        assert scores[f"ssim{region}"] == pytest.approx(1)
        assert scores[f"rmse{region}"] == 0


def test_all_scores_of_a_picture_are_the_single_ones_in_the_column_order_of_the_report() -> None:
    ours, truth = noisy(30, 40, 20)
    inside = np.zeros((30, 40), bool)
    inside[5:20, 10:30] = True
    expected = {}
    for region, where in (("", None), ("_inside", inside), ("_outside", ~inside)):
        expected[f"psnr{region}"] = psnr(ours, truth, where)
        expected[f"ssim{region}"] = ssim(ours, truth, where)
        expected[f"rmse{region}"] = rmse(ours, truth, where)
    scores = picture_scores(ours, truth, inside)
    assert list(scores) == list(expected)
    assert scores == pytest.approx(expected)
    assert len(set(scores.values())) == 9


def test_squared_errors_inside_and_outside_add_up_to_those_of_the_whole() -> None:
    ours, truth = noisy(30, 40, 20)
    inside = np.arange(40)[None].repeat(30, 0) < 9
    scores, share = picture_scores(ours, truth, inside), inside.mean()
    parts = share * scores["rmse_inside"] ** 2 + (1 - share) * scores["rmse_outside"] ** 2
    assert scores["rmse"] ** 2 == pytest.approx(parts)


def test_a_picture_of_another_world_scores_worst() -> None:
    black, white = np.zeros((12, 12, 3), np.uint8), np.full((12, 12, 3), 255, np.uint8)
    assert rmse(black, white) == 255
    assert psnr(black, white) == 0
    assert ssim(black, white) == pytest.approx(0, abs=1e-3)


def test_inside_nothing_nothing_is_measured_and_the_mean_leaves_it_out() -> None:
    ours, truth = noisy(20, 20, 5)
    nothing, something = np.zeros((20, 20), bool), np.eye(20, dtype=bool)
    scores = picture_scores(ours, truth, nothing)
    assert {name for name, value in scores.items() if np.isnan(value)} == {
        "psnr_inside", "ssim_inside", "rmse_inside",
    }  # fmt: skip
    assert np.isnan(picture_scores(ours, truth, ~nothing)["rmse_outside"])
    other = picture_scores(ours, truth, something)
    assert mean_scores([scores, other])["rmse_inside"] == other["rmse_inside"]
    assert np.isnan(mean_scores([scores, scores])["rmse_inside"])


def test_what_are_no_two_pictures_of_one_size_is_refused() -> None:
    ours, truth = noisy(20, 30, 5)
    with pytest.raises(ValueError, match=r"\(20, 30, 3\) and \(30, 20, 3\)"):
        rmse(ours, truth.transpose(1, 0, 2))
    with pytest.raises(ValueError, match=r"must be H×W×3 uint8, got float64 \(20, 30, 3\)"):
        psnr(ours / 255, truth)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"must be H×W×3 uint8, got uint8 \(20, 30\)"):
        ssim(ours, truth[..., 0])
    with pytest.raises(ValueError, match=r"must be bool \(20, 30\), got bool \(30, 20\)"):
        rmse(ours, truth, np.zeros((30, 20), bool))
    with pytest.raises(ValueError, match=r"must be bool \(20, 30\), got uint8 \(20, 30\)"):
        rmse(ours, truth, np.zeros((20, 30), np.uint8))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"11×11 pixels or more, got 10×30; enlarge"):
        ssim(ours[:10], truth[:10])
    with pytest.raises(ValueError, match=r"11×11 pixels or more, got 10×30; enlarge"):
        picture_scores(ours[:10], truth[:10], np.zeros((10, 30), bool))
