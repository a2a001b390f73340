"""Where a training starts: random weights, published ones, or those of a checkpoint of ours."""

from __future__ import annotations

import logging
from pathlib import Path

from torch import nn

from pipeline.checkpoint import SKIPPED, load_weights
from pipeline.errors import NothingToLearnFrom, PipelineError
from pipeline.networks.encoders import translated
from pipeline.sections.base import NOTHING

log = logging.getLogger(__name__)


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
    place = Path(checkpoint)
    file = place if place.suffix else place / "best.pt"
    if file.with_name(SKIPPED).exists():
        raise NothingToLearnFrom(
            f"{checkpoint}, from which it would start, was skipped; name another checkpoint, or "
            f"{NOTHING} to start without"
        )
    theirs, card = load_weights(file)
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
