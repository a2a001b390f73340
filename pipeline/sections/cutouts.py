"""Section `cutouts` of params.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.sections.base import NOTHING, Count, Section, Share

Open = Annotated[float, Field(gt=0, lt=1)]
Ratio = Annotated[float, Field(ge=0, le=1)]


class CutoutsSection(Section):
    """Cars out of photos, as pictures with transparency."""

    segmenter: Literal["deeplabv3", "maskrcnn", "checkpoint", "grabcut"]
    """DeepLabV3-ResNet101 and Mask R-CNN-ResNet50 bring torchvision's weights; `grabcut` needs
    none."""
    checkpoint: str
    """Weights of ours (`.pt` with its card), where `segmenter` is `checkpoint`; else
    `data/nothing`."""
    use_masks: bool
    """Cut by the mask in `inputs.car_masks` where there is one, not by the segmenter."""
    batch_size: Count
    """Pictures at a time through a network, each at its own size."""
    threshold: Open
    """What is a car with this probability or more is taken for one."""
    edge: Annotated[float, Field(gt=0, le=0.1)]
    """Half the width of the band in which the edge follows the picture, as a share of the
    picture's longer side."""
    margin: Annotated[float, Field(ge=0, le=1)]
    """Empty space around a cutout, as a share of the car's longer side."""
    min_confidence: Ratio
    """A cutout whose mean probability is below it is left out."""
    min_coverage: Ratio
    """One that covers less of its picture is left out."""
    max_coverage: Ratio
    """One that covers more is left out: a car has surroundings, a failure often has none."""
    max_border: Ratio
    """One that lies along more of its picture's border is left out."""
    min_sharpness: Annotated[float, Field(ge=0)]
    """One whose inside is more blurred is left out."""
    max_bad_share: Share
    """Of pictures and masks that cannot be read or do not fit; what is left out for its quality
    does not count."""

    @model_validator(mode="after")
    def _checkpoint_is_named(self) -> Self:
        wanted, given = self.segmenter == "checkpoint", self.checkpoint != NOTHING
        if (wanted or given) and Path(self.checkpoint).suffix != ".pt":
            raise ValueError(
                f"checkpoint: {self.checkpoint!r} is not a .pt file (nor {NOTHING}: none)"
            )
        if self.min_coverage >= self.max_coverage:
            raise ValueError("min_coverage must be below max_coverage")
        return self
