"""Training samples of the shadow networks: five pictures of a scene, changed alike.

A sample depends on the seed, the epoch, its index, and the files alone: never on the process that
makes it, or on what was made before.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.datasets.kept import Kept
from pipeline.datasets.shadows.files import ShadowScene, read_shadow_scenes, read_soft_mask
from pipeline.datasets.transforms import SceneAugmentation, ScenePictures
from pipeline.images import RGB, read_picture, resize_mask, resize_picture
from pipeline.sections.networks import ShadowAugmentation

ROOM = 200_000_000
"""Bytes of scenes that each process keeps: 1,356 at 128 pixels, 339 at 256."""

Low = Literal[-1, 0]
"""What black is to a network; white is 1."""


class ShadowSample(NamedTuple):
    """One training sample, or after collation a batch of them; all float32.

    Attributes:
        scene: 3×S×S RGB in [low, 1], with the inserted object but without its shadow.
        shadowed: The same with its shadow.
        inserted: 1×S×S, low or 1: the inserted object.
        occluders: The same of the objects that cast shadows already.
        shadows: The same of their shadows.
    """

    scene: Tensor
    shadowed: Tensor
    inserted: Tensor
    occluders: Tensor
    shadows: Tensor


class ShadowScenes(Dataset[ShadowSample]):
    """Scenes of one part, squeezed to a square; with an augmentation, others in every epoch.

    Indices count on over the epochs: those of epoch k begin at k × len.

    Args:
        scenes: What to read.
        size: Side of the square in pixels.
        low: What black is: 0 for the attention block, −1 for the shadow block.
        augmentation: What is done to a scene; None leaves it.
        seed: Of what is drawn.
    """

    counts_on = True

    def __init__(
        self,
        scenes: Sequence[ShadowScene],
        size: int,
        low: Low,
        augmentation: ShadowAugmentation | None = None,
        seed: int = 0,
    ) -> None:
        self.scenes, self.low, self.seed = scenes, low, seed
        self.augment = None if augmentation is None else SceneAugmentation(augmentation)
        self._kept = Kept(partial(read_square, size=size), ROOM)

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> ShadowSample:
        return to_sample(self.pictures(index), self.low)

    def pictures(self, index: int) -> ScenePictures:
        """A sample as bytes.

        Raises:
            BadPicture: A file cannot be used.
        """
        epoch, place = divmod(index, len(self))
        planes = self._kept(self.scenes[place])
        pictures = ScenePictures(planes[..., :3], planes[..., 3:6], planes[..., 6:])
        if self.augment is None:
            return pictures
        drawn = np.random.default_rng((self.seed, epoch, place)).integers(2**32)
        return self.augment(pictures, int(drawn))


def open_part(
    split: Path,
    part: str,
    size: int,
    low: Low,
    augmentation: ShadowAugmentation | None = None,
    seed: int = 0,
) -> ShadowScenes:
    """The scenes of a part of `split.csv`; see ShadowScenes.

    Raises:
        NothingToLearnFrom: The split holds no scene at all.
        PipelineError: It holds none of that part.
    """
    return ShadowScenes(read_shadow_scenes(split, part), size, low, augmentation, seed)


def read_square(scene: ShadowScene, size: int) -> NDArray[np.uint8]:
    """The five pictures of a scene at size × size × 9: colours twice, masks of 0 and 1."""
    pictures = [
        resize_picture(read_picture(file), size, size) for file in (scene.noshadow, scene.shadow)
    ]
    masks = [
        resize_mask(read_soft_mask(file), size, size)
        for file in (scene.mask, scene.robject, scene.rshadow)
    ]
    return np.dstack([*pictures, *masks]).astype(np.uint8)


def to_sample(pictures: ScenePictures, low: Low) -> ShadowSample:
    """Bytes → tensors in [low, 1]."""
    masks = _to_planes(pictures.masks, 1, low)
    return ShadowSample(
        to_tensor(pictures.scene, low), to_tensor(pictures.shadowed, low), *masks[:, None]
    )


def to_tensor(picture: RGB, low: Low) -> Tensor:
    """H×W×3 bytes → 3×H×W in [low, 1]."""
    return _to_planes(picture, 255, low)


def _to_planes(levels: NDArray[np.uint8], white: int, low: Low) -> Tensor:
    """H×W×3 → 3×H×W; OpenCV sorts the channels five times as fast as torch."""
    planes = torch.from_numpy(np.stack(cv2.split(levels))).float()
    return planes.mul_((1 - low) / white).add_(low)
