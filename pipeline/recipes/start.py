"""Where a training starts: random weights, published ones, or those of a checkpoint of ours."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from pipeline.card import Card
from pipeline.checkpoint import SKIPPED, load_weights
from pipeline.errors import NothingToLearnFrom, PipelineError
from pipeline.networks.encoders import translated
from pipeline.sections.base import NOTHING
from pipeline.workspace import content_hash

log = logging.getLogger(__name__)


def weights_file(checkpoint: str) -> Path:
    """The `.pt` file that a parameter `checkpoint` names."""
    place = Path(checkpoint)
    return place if place.suffix else place / "best.pt"


def start_hash(checkpoint: str) -> str | None:
    """Of the weights that a training starts from; None without such."""
    return None if checkpoint == NOTHING else content_hash([weights_file(checkpoint)])


def start_architecture(checkpoint: str) -> dict[str, Any]:
    """Of the network that a training starts from; empty without such.

    Raises:
        NothingToLearnFrom: That network was skipped.
        PipelineError: It is missing or damaged.
    """
    return {} if checkpoint == NOTHING else _load(checkpoint)[1].architecture


def start_from(network: nn.Module, checkpoint: str) -> None:
    """Fill what the network shares with a checkpoint, by name and shape; NOTHING leaves it.

    Encoders are ResNets in every network, under other names: those are translated.

    Args:
        network: Changed in place.
        checkpoint: A `.pt` file, or a folder that holds `best.pt`.

    Raises:
        NothingToLearnFrom: The network that it is of was skipped.
        PipelineError: It is missing or damaged, or shares nothing with the network.
    """
    if checkpoint == NOTHING:
        return
    file = weights_file(checkpoint)
    theirs, card = _load(checkpoint)
    ours = network.state_dict()
    shared = {
        name: tensor
        for name, tensor in translated(theirs, ours).items()
        if name in ours and ours[name].shape == tensor.shape
    }
    learnt = [name for name in shared if not name.endswith(("mean", "std", "num_batches_tracked"))]
    if not learnt:
        raise PipelineError(
            f"{file}: shares no weights with this network (it holds {card.network}: "
            f"{card.architecture}); name another checkpoint or {NOTHING}"
        )
    network.load_state_dict({**ours, **shared})
    log.info("starts from %s: %d of %d tensors", file, len(shared), len(ours))


def _load(checkpoint: str) -> tuple[dict[str, Tensor], Card]:
    file = weights_file(checkpoint)
    if file.with_name(SKIPPED).exists():
        raise NothingToLearnFrom(
            f"{checkpoint}, from which it would start, was skipped; name another checkpoint, or "
            f"{NOTHING} to start without"
        )
    return load_weights(file)
