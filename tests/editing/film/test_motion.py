"""Cameras in front of what gives nothing, or little, to hold on to."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.editing.film.motion import Glance, glance, is_still, laid_over, small
from pipeline.images import RGB


def seen(rgb: RGB) -> Glance:
    return glance(small(rgb), np.zeros(rgb.shape[:2], np.bool_))


@pytest.mark.parametrize("shape", [(48, 64), (1, 1), (96, 128)])
def test_a_plain_wall_stands_still(shape: tuple[int, int]) -> None:
    wall = np.full((*shape, 3), 130, np.uint8)
    motion = laid_over(seen(wall), seen(wall + np.uint8(2)), np.eye(3))
    assert motion is not None
    assert is_still(motion)
