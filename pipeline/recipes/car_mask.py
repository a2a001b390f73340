"""`car_mask`: where the cars are, with DeepLabV3+ as in `person_bce_dice`.

Data           pairs of stage `pairs` (the pasted alpha is the mask, exact and free), and photos of
               cars that have a mask; a photo belongs to the part of the cutout made from it
Architecture   ResNet50 (ImageNet) → DeepLabV3+ without squeeze-and-excite
Objective      k·BCE − Dice, k = 1
Optimiser      Adam, 1e-4, batch 8
Schedule       ReduceLROnPlateau(val_loss, ×0.1, patience 5, min 1e-7),
               EarlyStopping(val_loss, patience 20)
Selected by    lowest val_loss, over the same pairs and photos in every epoch

None of the reference systems: removing cars without a hand-drawn mask needs it. The pictures have
the frame of the pairs; photos are squeezed to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.datasets.pairs.car_photos import CarMasks, CarPhoto, read_car_photos
from pipeline.datasets.pairs.composites import CarPairs
from pipeline.datasets.pairs.scenes import read_scene_files
from pipeline.params import Params
from pipeline.paths import BACKGROUNDS, CUTOUTS, SCENE_SPLIT, SCRAPE
from pipeline.recipes.segmentation import SegmentationRecipe
from pipeline.training.module import Datasets


class CarMask(SegmentationRecipe):
    """Everything about one trained network; see the top of the file."""

    name = "car_mask"
    uses = ("inputs.car_masks", "pairs", "splits")
    split = SCENE_SPLIT / "split.csv"

    def __init__(self, params: Params) -> None:
        frame = (params.pairs.height, params.pairs.width)
        super().__init__(params, params.networks.car_mask, frame)

    def datasets(self) -> Datasets:
        return Datasets(self._part("train", flip=0.5), self._part("val", flip=0.0))

    def reads(self) -> Iterable[Path]:
        photos = [photo for part in ("train", "val") for photo in self._photos(part)]
        return [CUTOUTS, BACKGROUNDS, *(file for photo in photos for file in photo[2:])]

    def _part(self, part: str, flip: float) -> CarMasks:
        files = read_scene_files(self.split, CUTOUTS, BACKGROUNDS, part)
        pairs = CarPairs(files, self.params.pairs, self.params.seed)
        return CarMasks(pairs, self._photos(part), self.frame, flip)

    def _photos(self, part: str) -> list[CarPhoto]:
        masks = Path(self.params.inputs.car_masks)
        return read_car_photos(self.split, CUTOUTS, SCRAPE / "cars", masks, part)
