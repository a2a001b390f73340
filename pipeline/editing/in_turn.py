"""Networks that are run for one caller at a time, whoever else works beside them."""

from __future__ import annotations

import threading
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.images import RGB
from pipeline.inference.engines import Batch, Engine


class Finder(Protocol):
    """What `MasksInTurn` guards: a predictor of trained weights, or a published network."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """H×W in [0, 1], as large as the picture."""
        ...


class MasksInTurn:
    """A network that finds something, run for one caller at a time.

    Args:
        network: The predictor.
        turn: Held while it runs.
    """

    def __init__(self, network: Finder, turn: threading.Lock) -> None:
        self._network, self._turn = network, turn
        self.name = network.name
        self.backend: str = getattr(network, "backend", "torch")

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """See `Finder`."""
        with self._turn:
            return self._network.probability(picture)


class EngineInTurn:
    """What runs a network, for one caller at a time.

    Args:
        engine: What runs it.
        turn: Held while it runs.
    """

    def __init__(self, engine: Engine, turn: threading.Lock) -> None:
        self._engine, self._turn = engine, turn
        self.name, self.card, self.device = engine.name, engine.card, engine.device

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """See `Engine`."""
        with self._turn:
            return self._engine.run(batch)
