"""Whether an edit found what it was to find: who asked wants to be told if not."""

from __future__ import annotations

import numpy as np

from pipeline.editing.backgrounds import background_for
from pipeline.editing.options import Cut
from pipeline.photos import Photo


def found_people(photo: Photo, cut: Photo, wanted: Cut) -> bool:
    """Whether anybody is on what `Studio.cut_out` made of a photo."""
    if wanted.mask:
        return bool(cut.rgb.any())
    if cut.alpha is not None:
        return bool(cut.alpha.any())
    if cut.shape != photo.shape:  # cropped to them
        return True
    empty = background_for(photo, np.zeros(photo.shape, np.uint8), wanted.background)
    return empty is None or not np.array_equal(cut.rgb, empty)


def found_cars(photo: Photo, removed: Photo) -> bool:
    """Whether `Studio.remove_cars` changed anything."""
    return not np.array_equal(removed.rgb, photo.rgb)
