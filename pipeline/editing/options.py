"""What can be asked of an edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipeline.photos import Photo

PersonModel = Literal["person_se", "person_bce_dice", "central_person"]
PERSON_MODELS: tuple[PersonModel, ...] = ("person_se", "person_bce_dice", "central_person")

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255, in sRGB whatever the profile of the photo."""

Background = Literal["none", "blur"] | Colour | Photo
"""Behind a cutout: nothing (transparent), its own background out of focus, a colour, a picture."""

Fill = Literal["network", "inpaint"]
"""What paints where a car was: the generator of car_removal, or what is around it."""


@dataclass(frozen=True)
class Cut:
    """How to cut people out.

    Attributes:
        model: Whose mask: all people (`person_se`, `person_bce_dice`) or the central one.
        background: What to put behind them.
        crop: Whether to cut the picture down to them.
        margin: Space left around them when cropped, as a share of their longer side.
        mask: Whether the mask alone is wanted: white where they are.
    """

    model: PersonModel = "person_se"
    background: Background = "none"
    crop: bool = False
    margin: float = 0.05
    mask: bool = False


@dataclass(frozen=True)
class Removal:
    """How to remove cars.

    Attributes:
        fill: What paints the ground; what was measured is told in `editing.removal`.
        shadow: Whether what they shade is painted too.
    """

    fill: Fill = "inpaint"
    shadow: bool = True


@dataclass(frozen=True)
class Place:
    """Where a cutout goes in a scene.

    Attributes:
        x: Column of the cutout's bottom centre, in pixels of the scene.
        y: Row of it: where it stands.
        scale: Its height as a share of the scene's; None keeps its own pixels.
    """

    x: float
    y: float
    scale: float | None = None


class Shadowed(NamedTuple):
    """A scene with an object and its shadow in it.

    Attributes:
        composed: The picture.
        layer: What was put on the scene, cutout and shadow: straight alpha, as large as the scene.
            Laid over the scene it gives `composed`, exactly.
        shadow: The shadow alone, black with straight alpha. Laid over the scene, and the cutout
            over that, it gives `composed` within 2/255.
    """

    composed: Photo
    layer: Photo
    shadow: Photo


@dataclass(frozen=True)
class Served:
    """A network in use, as the page shows it.

    Attributes:
        network: Its name.
        origin: Where its weights came from, in words.
        engine: What runs it, such as `openvino-bf16`.
        scores: Validation scores on its card; empty for weights from elsewhere.
        git_revision: Of the code that trained it.
        data_sha256: Of the data that it was trained on.
        weights_sha256: Of its tensors.
    """

    network: str
    origin: str
    engine: str
    scores: Mapping[str, float]
    git_revision: str = ""
    data_sha256: str = ""
    weights_sha256: str = ""
