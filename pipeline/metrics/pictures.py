"""Scores of pictures: RGB, 0 to 255, all three channels of a pixel count alike.

Each score is of the whole picture, or of the pixels inside a mask; inside an empty mask it is not a
number, and such a picture is left out of the mean.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB, Mask

BEST_PSNR = 100.0
"""Of equal pictures, in decibels: the true one is infinite, which no mean and no JSON can hold."""


REGIONS = ("", "_inside", "_outside")
"""Ends the name of a score: of the whole picture, of the pixels inside a mask, of the others."""


def rmse(ours: RGB, truth: RGB, inside: Mask | None = None) -> float:
    """Root of the mean squared error, 0 to 255, lower is better.

    Args:
        ours: H×W×3.
        truth: H×W×3.
        inside: H×W; the pixels that count, all without it. Not a number if it holds none.

    Raises:
        ValueError: These are no two RGB pictures of one size, or the mask is not of that size.
    """
    _refuse_unlike(ours, truth, inside)
    return _root_mean(_squares(ours, truth), inside)


def _squares(ours: RGB, truth: RGB) -> NDArray[np.float64]:
    return np.asarray(np.square(ours.astype(np.float64) - truth))


def _root_mean(squares: NDArray[np.float64], inside: Mask | None) -> float:
    wanted = squares if inside is None else squares[inside]
    return float(np.sqrt(wanted.mean())) if wanted.size else float("nan")


def psnr(ours: RGB, truth: RGB, inside: Mask | None = None) -> float:
    """Peak signal-to-noise ratio, 20·log₁₀(255 / rmse), in decibels, higher is better.

    At most `BEST_PSNR`. For the arguments see `rmse`.
    """
    return _decibels(rmse(ours, truth, inside))


def _decibels(error: float) -> float:
    if np.isnan(error):
        return error
    return BEST_PSNR if error == 0 else min(BEST_PSNR, 20 * float(np.log10(255 / error)))


def ssim(ours: RGB, truth: RGB, inside: Mask | None = None) -> float:
    """Mean structural similarity, in [−1, 1], higher is better.

    Wang, Bovik, Sheikh, Simoncelli: Image Quality Assessment: From Error Visibility to Structural
    Similarity, IEEE Transactions on Image Processing, 2004, with its Gaussian window of 11×11 and
    σ 1.5; the mean over the channels. Over the whole picture only windows count that lie within it,
    as in the paper; inside a mask each pixel of it counts, the picture being mirrored at its frame.
    For the arguments see `rmse`.

    Raises:
        ValueError: As in `rmse`, or the picture is smaller than the window.
    """
    _refuse_unlike(ours, truth, inside)
    _refuse_small(truth)
    return _mean_similarity(_similarity(ours.astype(np.float64), truth.astype(np.float64)), inside)


def _mean_similarity(similarity: NDArray[np.float64], inside: Mask | None) -> float:
    border = WINDOW // 2
    wanted = similarity[border:-border, border:-border] if inside is None else similarity[inside]
    return float(wanted.mean()) if wanted.size else float("nan")


WINDOW, SIGMA = 11, 1.5
STEADY = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""C₁ and C₂ of the paper."""


def _similarity(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    mean_x, mean_y = _windowed(x), _windowed(y)
    variance_x = _windowed(x * x) - mean_x * mean_x
    variance_y = _windowed(y * y) - mean_y * mean_y
    covariance = _windowed(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + STEADY[0]) / (mean_x**2 + mean_y**2 + STEADY[0])
    structure = (2 * covariance + STEADY[1]) / (variance_x + variance_y + STEADY[1])
    return np.asarray(luminance * structure)


def _windowed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    window = WINDOW, WINDOW
    blurred = cv2.GaussianBlur(values, window, SIGMA, sigmaY=SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float64)


def picture_scores(ours: RGB, truth: RGB, inside: Mask) -> dict[str, float]:
    """PSNR, SSIM and RMSE, each of the whole picture, inside a mask and outside; see `rmse`.

    The same values as those of `psnr`, `ssim` and `rmse`, from one pass over the pixels.
    """
    _refuse_unlike(ours, truth, inside)
    _refuse_small(truth)
    squares = _squares(ours, truth)
    similarity = _similarity(ours.astype(np.float64), truth.astype(np.float64))
    scores: dict[str, float] = {}
    for region, where in zip(REGIONS, (None, inside, ~inside), strict=True):
        error = _root_mean(squares, where)
        scores |= {
            f"psnr{region}": _decibels(error),
            f"ssim{region}": _mean_similarity(similarity, where),
            f"rmse{region}": error,
        }
    return scores


def _refuse_small(truth: RGB) -> None:
    height, width = truth.shape[:2]
    if min(height, width) < WINDOW:
        raise ValueError(
            f"SSIM needs {WINDOW}×{WINDOW} pixels or more, got {height}×{width}; enlarge both"
        )


def _refuse_unlike(ours: RGB, truth: RGB, inside: Mask | None) -> None:
    for one in (ours, truth):
        if one.dtype != np.uint8 or one.ndim != 3 or one.shape[2] != 3:
            raise ValueError(f"pictures must be H×W×3 uint8, got {one.dtype} {one.shape}")
    if ours.shape != truth.shape:
        raise ValueError(f"pictures differ in shape: {ours.shape} and {truth.shape}")
    if inside is not None and (inside.dtype != np.bool_ or inside.shape != truth.shape[:2]):
        raise ValueError(
            f"the mask of a picture {truth.shape} must be bool {truth.shape[:2]}, "
            f"got {inside.dtype} {inside.shape}"
        )
