"""Weights with the code that predicts with them, as a folder that `mlflow.pyfunc` loads anywhere.

The code goes with them, so that whoever loads the model needs neither this repository nor the
revision of it that trained.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

    from pipeline.card import Card
    from pipeline.inference.pyfunc import Kind

PACKAGE = Path(__file__).parents[1]
LOADER = "pipeline.inference.pyfunc"
NEEDS = (
    "filelock", "numpy", "opencv-python-headless", "pillow", "pydantic",
    "segmentation-models-pytorch", "torch", "torchvision",
)  # fmt: skip
"""What prediction imports."""
DEVICE = {"device": "cpu"}
"""May be overridden where the model is loaded."""


def needs_attention(card: Card) -> bool:
    """Whether the network works with what `shadow_attention` finds."""
    from pipeline.inference.pyfunc import kind_of

    return kind_of(card).needs_attention


def save_pyfunc(folder: Path, weights: Path, card: Card, attention: Path | None) -> None:
    """Write the model.

    Args:
        folder: Must not exist.
        weights: The `.pt` file, with its card beside it.
        card: That card.
        attention: Goes with `shadow`: the `.pt` file of `shadow_attention`.
    """
    from pipeline.inference.pyfunc import ATTENTION, WEIGHTS, kind_of

    kind = kind_of(card)
    with TemporaryDirectory() as place:
        data = Path(place, "weights")
        _copy_weights(weights, data / WEIGHTS)
        if kind.needs_attention and attention:
            _copy_weights(attention, data / ATTENTION)
        _save(folder, data, _signature(kind))


def _save(folder: Path, data: Path, signature: ModelSignature) -> None:
    logging.getLogger("mlflow.pyfunc").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # Of classes of its own at the first import, and that no example is given.
        warnings.simplefilter("ignore")
        from mlflow import pyfunc

        pyfunc.save_model(
            str(folder), loader_module=LOADER, data_path=str(data), code_paths=[str(PACKAGE)],
            pip_requirements=pinned(NEEDS), signature=signature, model_config=DEVICE,
        )  # fmt: skip


def pinned(packages: Sequence[str]) -> list[str]:
    """Requirements with the versions installed here, as every index knows them."""
    return [f"{name}=={found}" if (found := _installed(name)) else name for name in packages]


def _installed(package: str) -> str | None:
    try:
        return version(package).partition("+")[0]  # a local build is on no index
    except PackageNotFoundError:  # another distribution of the same package is in its place
        return None


def _copy_weights(weights: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".pt", ".json"):
        copyfile(weights.with_suffix(suffix), target.with_suffix(suffix))


def _signature(kind: Kind) -> ModelSignature:
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    def tensor(type_: str, channels: int) -> Schema:
        shape = (-1, -1, channels) if channels else (-1, -1)
        return Schema([TensorSpec(np.dtype(type_), shape)])

    return ModelSignature(tensor("uint8", kind.channels), tensor(*kind.gives))
