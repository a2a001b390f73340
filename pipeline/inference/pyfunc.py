"""Trained weights as MLflow loads them: `mlflow.pyfunc.load_model(…).predict(picture)`.

MLflow imports this module and calls `_load_pyfunc` with the folder of the weights, in which
`tracking.packaging` put them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.card import Card
from pipeline.checkpoint import load_weights
from pipeline.errors import UsageError
from pipeline.images import RGB, Mask
from pipeline.inference.instances import CentralPersonPredictor
from pipeline.inference.masks import MaskPredictor
from pipeline.inference.removal import CarRemover
from pipeline.inference.shadows import FOUND, AttentionPredictor, ShadowCaster

WEIGHTS = "best.pt"
ATTENTION = "shadow_attention/best.pt"
"""What `shadow` looks around with."""
INSIDE = 128
"""From where on a level is the inserted object."""

Predict = Callable[[NDArray[np.uint8]], NDArray[Any]]


def _mask(folder: Path, device: str) -> Predict:
    return MaskPredictor(folder / WEIGHTS, device).probability


def _central_person(folder: Path, device: str) -> Predict:
    return CentralPersonPredictor(folder / WEIGHTS, device).probability


def _removal(folder: Path, device: str) -> Predict:
    return CarRemover(folder / WEIGHTS, device).remove


def _attention(folder: Path, device: str) -> Predict:
    predictor = AttentionPredictor(folder / WEIGHTS, device)
    return lambda planes: np.stack(predictor.maps(*_parted(planes)), axis=-1)


def _shadow(folder: Path, device: str) -> Predict:
    caster = ShadowCaster(folder / WEIGHTS, device)
    attention = AttentionPredictor(folder / ATTENTION, device)

    def cast(planes: NDArray[np.uint8]) -> RGB:
        picture, inserted = _parted(planes)
        occluders, shadows = attention.maps(picture, inserted)
        return caster.cast(picture, inserted, occluders >= FOUND, shadows >= FOUND)

    return cast


def _parted(planes: NDArray[np.uint8]) -> tuple[RGB, Mask]:
    """Picture, and the object that was put into it."""
    return np.ascontiguousarray(planes[..., :3]), planes[..., 3] >= INSIDE


class Kind(NamedTuple):
    """What networks of one architecture take and give.

    Attributes:
        load: Makes the predictor from its folder and a device.
        channels: 3 for RGB; 4 with the mask of the inserted object, 0 or 255, behind it.
        gives: Type and channels of what comes out at the picture's size; 0 is a plain H×W.
        needs_attention: Whether it works with what `shadow_attention` finds.
    """

    load: Callable[[Path, str], Predict]
    channels: int
    gives: tuple[str, int]
    needs_attention: bool = False


KINDS = {
    "deeplab_v3_plus": Kind(_mask, 3, ("float32", 0)),
    "mask_rcnn": Kind(_central_person, 3, ("float32", 0)),
    "removal_generator": Kind(_removal, 3, ("uint8", 3)),
    "shadow_attention": Kind(_attention, 4, ("float32", 2)),
    "shadow_generator": Kind(_shadow, 4, ("uint8", 3), needs_attention=True),
}
"""By architecture."""


def kind_of(card: Card) -> Kind:
    """What the network of these weights takes and gives."""
    return KINDS[card.architecture["name"]]


class PictureModel:
    """A network behind MLflow's interface.

    Args:
        folder: Of its weights.
        device: Where to run, as torch names it.

    Raises:
        PipelineError: Weights are missing or damaged.
    """

    def __init__(self, folder: Path, device: str) -> None:
        _, card = load_weights(folder / WEIGHTS)
        self.network, self._kind = card.network, kind_of(card)
        self._predict = self._kind.load(folder, device)

    def predict(
        self, model_input: NDArray[np.uint8], params: Mapping[str, Any] | None = None
    ) -> NDArray[Any]:
        """Predict for one picture at its own size.

        Args:
            model_input: H×W×`Kind.channels` uint8.
            params: None: there are no parameters.

        Raises:
            UsageError: It is no such picture.
        """
        wanted = self._kind.channels
        picture = np.asarray(model_input)
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != wanted:
            raise UsageError(
                f"{self.network} takes {_describe(wanted)}, "
                f"got {picture.dtype} of shape {picture.shape}"
            )
        if not picture.size:
            raise UsageError(f"{self.network} takes no empty picture, got {picture.shape}")
        return self._predict(picture)


def _describe(channels: int) -> str:
    behind = ", the mask of the inserted object (0 or 255) behind RGB" if channels == 4 else ", RGB"
    return f"one picture, uint8 of shape height×width×{channels}{behind}"


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> PictureModel:
    """What MLflow calls."""
    return PictureModel(Path(path), (model_config or {}).get("device", "cpu"))
