"""A picture with what a file says about it beside its pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB
from pipeline.photos.colour import to_srgb


@dataclass(frozen=True)
class Photo:
    """An upright picture of eight bits, and what must come out with it.

    Attributes:
        rgb: H×W×3 uint8, as its own profile means them.
        alpha: H×W uint8, what of it is opaque; None where all is.
        icc: Colour profile of `rgb`; None means sRGB.
        exif: Of the file, its orientation 1, without a thumbnail; None if it had none.
        format: Of the file that it came from, as Pillow names it, such as JPEG; None for a new one.
    """

    rgb: RGB
    alpha: NDArray[np.uint8] | None = None
    icc: bytes | None = None
    exif: bytes | None = None
    format: str | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rgb.shape[0], self.rgb.shape[1]

    def for_network(self, reduced: RGB | None = None) -> RGB:
        """The colours in sRGB, as networks know them; `rgb` itself where they are.

        Args:
            reduced: A smaller copy of `rgb`, to be converted in its place: of 48 megapixels a
                network sees few.
        """
        return to_srgb(self.rgb if reduced is None else reduced, self.icc)

    def stripped(self) -> Photo:
        """Without EXIF: neither place nor time nor camera. The profile stays."""
        return replace(self, exif=None)
