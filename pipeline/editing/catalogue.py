"""Which networks edits use, what each is built as, and what stands in for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from pipeline.errors import PipelineError
from pipeline.inference.engines.machine import is_installed
from pipeline.inference.weights import Found, card_of


class Published(NamedTuple):
    """A network of torchvision that stands in for one without trained weights.

    Attributes:
        name: A key of `off_the_shelf.OFF_THE_SHELF`.
        category: What it looks for.
    """

    name: str
    category: Literal["car", "person"]


ARCHITECTURES: Mapping[str, str] = {
    "person_se": "deeplab_v3_plus",
    "person_bce_dice": "deeplab_v3_plus",
    "central_person": "mask_rcnn",
    "car_mask": "deeplab_v3_plus",
    "car_removal": "removal_generator",
    "shadow_attention": "shadow_attention",
    "shadow": "shadow_generator",
}
"""Networks that edits use, and what each is built as."""

ALIKE = (frozenset({"person_se", "person_bce_dice"}),)
"""Networks whose weights may stand in for one another: both find all people."""

STAND_INS: Mapping[str, Published] = {
    "person_se": Published("deeplabv3", "person"),
    "person_bce_dice": Published("deeplabv3", "person"),
    "central_person": Published("maskrcnn_centre", "person"),
    "car_mask": Published("maskrcnn", "car"),
}


def check_kind(network: str, found: Found) -> None:
    """Refuse the weights of another kind of network, by what their card says.

    Raises:
        PipelineError: They are of another kind, or the card is missing or damaged.
    """
    card = card_of(found.file)
    built = card.architecture.get("name")
    is_other = card.network in ARCHITECTURES and not _alike(card.network, network)
    if is_other or built != ARCHITECTURES[network]:
        raise PipelineError(
            f"{found.file}: holds {card.network} ({built}), but {network} "
            f"({ARCHITECTURES[network]}) is wanted; name weights of {network}"
        )


def _alike(one: str, other: str) -> bool:
    return one == other or any({one, other} <= alike for alike in ALIKE)


def said_of(stand_in: Published) -> str:
    """What a published network is called where weights are named."""
    return f"torchvision's {stand_in.name}, by download"


def remedies(network: str) -> str:
    """What whoever has no weights of a network can do."""
    ways = [f"train it (`dvc repro train@{network}`)", "name a file (--weights FILE)"]
    if network in STAND_INS:
        ways.append("or go online for torchvision's published weights")
        if not is_installed("torch", "torchvision"):
            ways[-1] += " (they need PyTorch: pip install 'clearscene[train]')"
    return ", ".join(ways)
