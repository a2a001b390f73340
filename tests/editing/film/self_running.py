"""Removes what is red from a film, in a process of its own; prints its peak memory in MB.

Called as `python -m tests.editing.film.self_running SOURCE TARGET`.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np

from pipeline.editing.film.removal import remove_with
from pipeline.editing.inpainting import inpaint
from pipeline.editing.options import Fill, Removal
from pipeline.images import RGB, Mask


class RedEraser:
    """Takes what is red for a car."""

    def find(self, rgb: RGB, shadow: bool = False) -> Mask:
        levels = rgb.astype(int)
        return np.asarray(levels[..., 0] - levels[..., 1] > 60)

    def fill(self, rgb: RGB, mask: Mask, fill: Fill) -> RGB:
        return inpaint(rgb, mask)


def main() -> None:
    report = remove_with(
        RedEraser(), Path(sys.argv[1]), Path(sys.argv[2]), Removal("inpaint"), "key"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{peak:.1f} {report.frames} {report.resumed}\n")


if __name__ == "__main__":
    main()
