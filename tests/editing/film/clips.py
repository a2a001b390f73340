"""Drive-by clips with their truth, and erasers that know where cars are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from pipeline.editing.inpainting import inpaint
from pipeline.editing.options import Fill
from pipeline.images import RGB, Mask
from pipeline.metrics.video import warping_error
from pipeline.sources.demo.scenery.drive_by import Moment
from pipeline.video.reader import VideoReader


def true_mask(moment: Moment) -> Mask:
    """Cars and shadows, and a rim."""
    mask = (moment.cars | moment.shadow).astype(np.uint8)
    return np.asarray(cv2.dilate(mask, np.ones((5, 5))) > 0)


class Knowing:
    """An eraser that is told where the cars are, by what the frames look like."""

    def __init__(self, moments: Sequence[Moment], painter: RGB | None = None) -> None:
        self._small = np.stack([_small(moment.frame) for moment in moments])
        self.masks = [true_mask(moment) for moment in moments]
        self.asked: list[int] = []
        self.filled = 0

    def find(self, rgb: RGB, shadow: bool = False) -> Mask:
        off = np.abs(self._small - _small(rgb)).sum(axis=(1, 2, 3))
        self.asked.append(int(off.argmin()))
        return self.masks[self.asked[-1]]

    def fill(self, rgb: RGB, mask: Mask, fill: Fill) -> RGB:
        self.filled += 1
        return inpaint(rgb, mask)


def _small(rgb: RGB) -> np.ndarray:  # type: ignore[type-arg]
    return cv2.resize(rgb, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32)


def read(file: Path) -> list[RGB]:
    with VideoReader(file) as reader:
        return [frame.rgb() for frame in reader.frames()]


def inside_psnr(frames: Sequence[RGB], truth: Sequence[RGB], masks: Sequence[Mask]) -> float:
    """Over all masked pixels of a clip together."""
    off = [
        np.square(frame[mask].astype(float) - true[mask]).ravel()
        for frame, true, mask in zip(frames, truth, masks, strict=True)
    ]
    return float(10 * np.log10(255**2 / np.concatenate(off).mean()))


def flicker(frames: Sequence[RGB], truth: Sequence[RGB], masks: Sequence[Mask]) -> float:
    """Change from frame to frame that the ground itself does not show, where cars were."""
    return warping_error(frames, truth, masks)
