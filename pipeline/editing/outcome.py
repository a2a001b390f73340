"""Whether an edit found what it was to find: who asked wants to be told if not."""

from __future__ import annotations

import numpy as np

from pipeline.editing.options import Cut
from pipeline.photos import Photo


def found_people(cut: Photo, wanted: Cut) -> bool:
    """Whether anybody is on what `Studio.cut_out` made; yes if a background hides the answer."""
    if wanted.mask:
        return bool(cut.rgb.any())
    if isinstance(wanted.background, tuple):  # which the photo's profile may say in other numbers
        return bool((cut.rgb != cut.rgb[0, 0]).any())
    return cut.alpha is None or bool(cut.alpha.any())


def found_cars(photo: Photo, removed: Photo) -> bool:
    """Whether `Studio.remove_cars` changed anything."""
    return not np.array_equal(removed.rgb, photo.rgb)
