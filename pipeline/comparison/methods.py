"""What can be compared: how each method of ours is made, as something another process can make."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError, UsageError
from pipeline.images import RGB
from pipeline.inference.choosing import Category
from pipeline.paths import MODELS

Predict = Callable[[RGB], NDArray[np.float32]]
"""H×W×3 → H×W in [0, 1]."""

NETWORKS: Mapping[Category, tuple[str, ...]] = {
    "person": ("person_se", "person_bce_dice", "central_person"),
    "car": ("car_mask",),
}
"""Ours that give one mask, by what they find."""

PUBLISHED: Mapping[Category, tuple[str, ...]] = {
    "person": (
        "deeplabv3",
        "maskrcnn_centre",
        "maskrcnn_top_score",
        "maskrcnn_largest_box",
        "maskrcnn",
    ),
    "car": ("deeplabv3", "maskrcnn"),
}
"""Keys of `inference.off_the_shelf.OFF_THE_SHELF` that make sense."""

BOX_SHARE, ITERATIONS = 0.8, 5
"""Of GrabCut: as in the presets."""


class Method(NamedTuple):
    """Something that runs here.

    Attributes:
        name: In reports, and of its folder.
        build: Loads it.
    """

    name: str
    build: Callable[[], Predict]


def ours(networks: Sequence[str], weights: Mapping[str, Path], category: Category) -> list[Method]:
    """Our trained networks.

    Args:
        networks: Names of those in `models/`; without any, and without weights, all of the
            category that lie there.
        weights: `.pt` files, their cards beside them, by a name for each.
        category: What is to be found.

    Raises:
        UsageError: A name is unknown, or its weights are not there.
    """
    known = [name for names in NETWORKS.values() for name in names]
    for name in networks:
        if name not in known:
            raise UsageError(f"--network {name}: gives no mask; known are {', '.join(known)}")
    found = [name for name in NETWORKS[category] if (MODELS / name / "best.pt").is_file()]
    chosen = networks or ([] if weights else found)
    files = [*((name, MODELS / name / "best.pt") for name in chosen), *weights.items()]
    for name, file in files:
        if not file.is_file():
            remedy = f"`dvc repro train@{name}` makes it" if name in chosen else "name another"
            raise UsageError(f"{name}: {file}: no such file; {remedy}")
    return [Method(name, partial(trained, file.absolute())) for name, file in files]


def published(category: Category) -> list[Method]:
    """Networks of torchvision with its weights."""
    return [Method(name, partial(off_the_shelf, name, category)) for name in PUBLISHED[category]]


def classical() -> Method:
    """GrabCut from a central box."""
    return Method("grabcut", grabcut)


def trained(weights: Path) -> Predict:
    """A mask network of ours.

    Raises:
        PipelineError: Weights or card are missing or damaged, or of a network that gives no mask.
    """
    from pipeline.checkpoint import load_weights
    from pipeline.inference.instances import CentralPersonPredictor
    from pipeline.inference.masks import MaskPredictor

    network = load_weights(weights)[1].network
    if not any(network in names for names in NETWORKS.values()):
        raise PipelineError(f"{weights}: holds {network}, which gives no mask")
    if network == "central_person":
        return CentralPersonPredictor(weights).probability
    return MaskPredictor(weights).probability


def off_the_shelf(name: str, category: Category) -> Predict:
    """A network of torchvision.

    Raises:
        PipelineError: Its weights cannot be fetched.
    """
    from pipeline.inference.off_the_shelf import OFF_THE_SHELF

    return OFF_THE_SHELF[name](category, device="cpu").probability  # where ours run, too


def grabcut() -> Predict:
    """GrabCut, its mask as probabilities 0 and 1."""
    from pipeline.baselines import grabcut_mask

    return lambda picture: grabcut_mask(picture, BOX_SHARE, ITERATIONS).astype(np.float32)


def named_paths(values: Sequence[str], option: str) -> dict[str, Path]:
    """Values like `NAME=PATH`, by name.

    Raises:
        UsageError: One is not of that form, or a name stands twice or cannot name a folder.
    """
    paths: dict[str, Path] = {}
    for value in values:
        name, _, path = value.partition("=")
        if not (re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name) and path):
            raise UsageError(
                f"{option} {value}: give NAME=PATH, the name of letters, digits and _ . - only"
            )
        if name in paths:
            raise UsageError(f"{option} {value}: the name {name} stands twice")
        paths[name] = Path(path)
    return paths
