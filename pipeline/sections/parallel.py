"""Section `parallel` of params.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.sections.base import Section


class ParallelSection(Section):
    """Over what work on many pictures is spread; what comes out does not depend on it."""

    backend: Literal["loky", "dask", "ray"]
    """`loky`: processes of this machine; `dask` and `ray`: a cluster of machines that see this
    folder under the same path (each is an extra of this package)."""
    workers: Annotated[int, Field(ge=0, le=4096)]
    """0: as many as there are cores; 1: this process."""
    address: str
    """Of the cluster's scheduler; empty: a cluster of this machine alone, for this stage."""
