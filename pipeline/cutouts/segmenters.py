"""Who says where the car is: every segmenter gives maps of probability for pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pipeline.cutouts.grabcut import GrabCut
from pipeline.errors import PipelineError
from pipeline.images import RGB
from pipeline.matting import Map
from pipeline.sections.cutouts import CutoutsSection

GIVEN = "mask"
"""Stands for a segmenter where a picture is cut by the mask that came with it."""


class Segmenter(Protocol):
    """Finds the car in pictures.

    Attributes:
        identity: Changes with anything that changes its maps: weights, for a network.
        side: Pictures come with this longer side or a shorter one.
        anywhere: Works alone in any process; a network works on batches in one.
    """

    identity: str
    side: int
    anywhere: bool

    def probability(self, pictures: Sequence[RGB]) -> list[Map]:
        """How likely each pixel belongs to the car: H×W in [0, 1], one for each picture."""
        ...


def make_segmenter(section: CutoutsSection) -> Segmenter:
    """The one that the parameters name.

    Raises:
        PipelineError: Its weights are missing, damaged, or cannot be fetched.
    """
    if section.segmenter == "grabcut":
        return GrabCut()
    from pipeline.cutouts import networks  # torch, only where it is wanted

    match section.segmenter:
        case "deeplabv3":
            return networks.DeepLabV3(networks.published_state("deeplabv3"))
        case "maskrcnn":
            return networks.MaskRCNN(networks.published_state("maskrcnn"))
    return networks.Checkpoint(_checkpoint(section))


def _checkpoint(section: CutoutsSection) -> Path:
    weights = Path(section.checkpoint).absolute()
    for file in (weights, weights.with_suffix(".json")):
        if not file.is_file():
            raise PipelineError(
                f"cutouts.checkpoint: {file}: no such file; the weights and their card lie side "
                "by side, as `dvc repro train` leaves them"
            )
    return weights
