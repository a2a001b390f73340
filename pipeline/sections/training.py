"""Section `training`: the engine, the same for every network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.sections.base import Count, Section


class Training(Section):
    """How to train, whatever it is."""

    workers: Annotated[int, Field(ge=0, le=64)]
    """Processes that load data, on each device."""
    accelerator: Literal["auto", "cpu", "gpu", "mps"]
    devices: Count
    """On each machine."""
    nodes: Count
    """Machines."""
    strategy: Literal["auto", "ddp"]
    """`auto`: one device as it is, several by DDP."""
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"]
    """`auto`: bf16-mixed where the processor computes in it, else 32-true."""
    channels_last: bool
    """Keep the channels of a pixel side by side: faster convolutions."""
    compile: bool
    """torch.compile: needs a C++ compiler, and some minutes at the start."""
    accumulate: Count
    """Batches per optimiser step."""
    clip: Annotated[float, Field(ge=0)]
    """Largest norm of the gradients of a step; 0 leaves them as they are."""
    preview_every: Annotated[int, Field(ge=0)]
    """Epochs between pictures of before, after and truth; 0 makes none."""
