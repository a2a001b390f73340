"""A trained network from its weights and card, ready to predict, in any backend."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from pipeline.card import Card
from pipeline.errors import PipelineError
from pipeline.images import RGB, resize_picture
from pipeline.inference.engines import Batch, open_engine
from pipeline.inference.weights import card_of


class Kind(NamedTuple):
    """Which networks a predictor takes.

    Attributes:
        architecture: Their name for `networks.build`.
        otherwise: What to say of any other, behind its name.
    """

    architecture: str
    otherwise: str


class Predictor:
    """A network with its weights, ready to predict; one thread at a time may use it.

    Args:
        weights: `.pt` file, or `.onnx` for backends other than PyTorch, with its card beside it.
        device: Where to run, as torch names it; None takes a GPU if there is one.
        backend: See `open_engine`. PyTorch in float32 unless told otherwise: scores come from it.

    Raises:
        UsageError: No backend is called that.
        PipelineError: The file is missing or damaged, or holds another kind of network.
    """

    kind: ClassVar[Kind]

    def __init__(self, weights: Path, device: str | None = "cpu", backend: str = "torch") -> None:
        self.card = card_of(weights)
        check_kind(weights, self.card, self.kind)
        self.engine = open_engine(weights, backend, device)

    @property
    def name(self) -> str:
        """Name of the trained network."""
        return self.card.network

    @property
    def backend(self) -> str:
        """What runs it, such as `openvino-bf16`."""
        return self.engine.name


def check_kind(weights: Path, card: Card, kind: Kind) -> None:
    """Refuse weights of another architecture.

    Raises:
        PipelineError: They are.
    """
    if card.architecture["name"] != kind.architecture:
        raise PipelineError(f"{weights}: holds {card.network}, {kind.otherwise}")


def to_batch(picture: RGB, height: int, width: int) -> Batch:
    """H×W×3 of any size → 1×3×height×width in [0, 1], squeezed to that frame.

    In memory the channels of a pixel lie side by side, as PyTorch's convolutions prefer it.
    """
    squeezed = resize_picture(picture, height, width)[None].astype(np.float32, order="C")
    planes: Batch = (squeezed / np.float32(255)).transpose(0, 3, 1, 2)
    return planes
