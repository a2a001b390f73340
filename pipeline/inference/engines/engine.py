"""The interface of all engines."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.card import Card

Batch = NDArray[np.float32]
"""N×C×H×W, float32, at the frame of a network."""


class Engine(Protocol):
    """A network with its weights in something that runs it; one thread at a time may use it."""

    @property
    def name(self) -> str:
        """A key of `BACKENDS`."""
        ...

    @property
    def card(self) -> Card:
        """What the weights are."""
        ...

    @property
    def device(self) -> str:
        """Where it runs, such as `cpu` or `cuda:0`."""
        ...

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """What the network gives, in the order of its named tuple, without what it leaves out.

        Args:
            batch: As its `forward` wants it, at the frame on the card.

        Returns:
            Arrays of the caller's own, N×c×H×W float32 in whatever precision they were computed.
        """
        ...
