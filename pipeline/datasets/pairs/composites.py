"""Training pairs of the car removal system: a background with a car pasted on it, and without.

```
background  decoded, brought to a size, flipped, cropped → frame
cutout      decoded, brought to a size, flipped, zoomed, turned → pasted on the frame
both        the same weather, shift of colours and blur → x with the car, y without
```

A pair depends on the seed, the epoch, its index, and the files alone: never on the process that
makes it, or on what was made before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from pipeline.datasets.kept import Kept
from pipeline.datasets.pairs.pasting import draw_car, paste_over, shrunk
from pipeline.datasets.pairs.scenes import SceneFile, SceneFiles
from pipeline.datasets.pairs.weather.effects import Effects, draw_effects
from pipeline.errors import BadPicture
from pipeline.images import RGB, RGBA, Mask, read_no_larger, read_rgba
from pipeline.sections.pairs import PairsSection

OPAQUE = 128
"""Alpha from which on a pixel belongs to the car."""


class Composite(NamedTuple):
    """A pair as bytes.

    Attributes:
        x: H×W×3, with the car.
        y: H×W×3, without.
        mask: H×W, where the car is at least half opaque.
        alpha: H×W uint8, of the pasted car.
        effects: What was done to both.
    """

    x: RGB
    y: RGB
    mask: Mask
    alpha: NDArray[np.uint8]
    effects: Effects


class Pair(NamedTuple):
    """A pair as the networks take it, or after collation a batch of them.

    Attributes:
        x: 3×H×W float32 RGB in [−1, 1], with the car.
        y: The same picture without it.
        mask: 1×H×W float32, 0 or 1, where the car is.
    """

    x: Tensor
    y: Tensor
    mask: Tensor


def make_pair(background: RGB, cutout: RGBA, rng: Generator, how: PairsSection) -> Composite:
    """Make one pair; outside the pasted car, grown by the radius of the effects, x equals y.

    Args:
        background: Of any size.
        cutout: A car, cropped, of any size.
        rng: Of all that is drawn.
        how: Sizes, ranges and probabilities.
    """
    return compose(_fit(background, *how.background.sizes[0]), shrunk(cutout, how), rng, how)


def compose(background: RGB, cutout: RGBA, rng: Generator, how: PairsSection) -> Composite:
    """As `make_pair`, with pictures that `read_background` and `read_cutout` have prepared."""
    frame = _frame(background, rng, how)
    car = draw_car(cutout, rng, how)
    effects = draw_effects(rng, how)
    height, width = car.patch.shape[:2]
    place = np.s_[car.top : car.top + height, car.left : car.left + width]
    pasted, alpha = frame.copy(), np.zeros(frame.shape[:2], np.uint8)
    alpha[place] = car.patch[..., 3]
    pasted[place] = paste_over(car.patch, frame[place])
    return Composite(effects.apply(pasted), effects.apply(frame), alpha >= OPAQUE, alpha, effects)


def read_background(file: Path, how: PairsSection) -> RGB:
    """A background at the first of its sizes.

    Raises:
        BadPicture: It cannot be read.
    """
    width, height = how.background.sizes[0]
    return _fit(read_no_larger(file, height, width), width, height)


def read_cutout(file: Path, how: PairsSection) -> RGBA:
    """A cutout no larger than the largest car, its colours multiplied by its alpha.

    Raises:
        BadPicture: It cannot be read, or shows nothing.
    """
    cutout = read_rgba(file)
    if not (cutout[..., 3] >= OPAQUE).any():
        raise BadPicture(file, "nothing in it is opaque; remove it")
    return shrunk(cutout, how)


def _fit(picture: RGB, width: int, height: int) -> RGB:
    """Resize, whatever the shape was; bilinear unless that would skip pixels."""
    if picture.shape[:2] == (height, width):
        return picture
    skips = picture.shape[0] > 2 * height or picture.shape[1] > 2 * width
    interpolation = cv2.INTER_AREA if skips else cv2.INTER_LINEAR
    resized = cv2.resize(picture, (width, height), interpolation=interpolation)
    return resized.astype(np.uint8, copy=False)


def _frame(background: RGB, rng: Generator, how: PairsSection) -> RGB:
    """A random crop, of the height and width of the pair."""
    width, height = how.background.sizes[rng.integers(len(how.background.sizes))]
    picture = _fit(background, width, height)
    top = rng.integers(height - how.height, endpoint=True)
    left = rng.integers(width - how.width, endpoint=True)
    frame = picture[top : top + how.height, left : left + how.width]
    if rng.random() < how.background.flip:
        return cv2.flip(frame, 1).astype(np.uint8, copy=False)
    return frame.copy()


class CarPairs(Dataset[Pair]):
    """Pairs of one part; each background once an epoch, or again where an epoch is longer.

    Indices count on over the epochs: those of epoch k begin at k × len. So the epoch reaches the
    processes that load data with every index, whenever they were started.

    Args:
        files: Cutouts and backgrounds.
        how: Sizes, ranges and probabilities.
        seed: Of all that is drawn.

    Attributes:
        counts_on: Tells a training that it has to add epoch × len to the indices.
    """

    counts_on = True

    def __init__(self, files: SceneFiles, how: PairsSection, seed: int) -> None:
        self.files, self.how, self.seed = files, how, seed
        room = how.cache_mb * 500_000  # bytes, for each of the two
        self._backgrounds = Kept(partial(read_background, how=how), room)
        self._cutouts = Kept(partial(read_cutout, how=how), room)

    def __len__(self) -> int:
        return self.how.per_epoch or len(self.files.backgrounds)

    def __iter__(self) -> Iterator[Pair]:
        """The pairs of the first epoch."""
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: int) -> Pair:
        return to_pair(self.composite(index))

    def composite(self, index: int) -> Composite:
        """A pair as bytes.

        Raises:
            BadPicture: A file cannot be used.
        """
        cutout, background, rng = self._draw(index)
        return compose(
            self._backgrounds(background.file), self._cutouts(cutout.file), rng, self.how
        )

    def made_from(self, index: int) -> tuple[SceneFile, SceneFile]:
        """The cutout and the background of a pair."""
        cutout, background, _ = self._draw(index)
        return cutout, background

    def _draw(self, index: int) -> tuple[SceneFile, SceneFile, Generator]:
        epoch, place = divmod(index, len(self))
        rng = np.random.default_rng((self.seed, epoch, place))
        cutout = self.files.cutouts[rng.integers(len(self.files.cutouts))]
        return cutout, self.files.backgrounds[place % len(self.files.backgrounds)], rng


def to_pair(composite: Composite) -> Pair:
    """Bytes → tensors."""
    mask = torch.from_numpy(composite.mask)[None].float()
    return Pair(_to_tensor(composite.x), _to_tensor(composite.y), mask)


def _to_tensor(picture: RGB) -> Tensor:
    """H×W×3 bytes → 3×H×W in [−1, 1]; OpenCV sorts the channels five times as fast as torch."""
    planes = torch.from_numpy(np.stack(cv2.split(picture)))
    return planes.float().mul_(1 / 127.5).sub_(1)
