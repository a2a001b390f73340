"""A studio as the options of a command want it, and which weights it uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.editing.studio import Studio


def given_weights(files: Sequence[Path], networks: Sequence[str]) -> dict[str, Path]:
    """The files that were named, by the network that each one's card says it holds.

    Args:
        files: `.pt` or `.onnx` files.
        networks: Those that the command uses.

    Raises:
        UsageError: There is no such file, or the command has no use for it.
        PipelineError: Its card is missing or damaged.
    """
    found: dict[str, Path] = {}
    for file in files:
        network = network_of(file)
        if network not in networks:
            raise UsageError(f"--weights {file}: holds {network}; wanted: {', '.join(networks)}")
        if network in found:
            raise UsageError(f"--weights {file}: {found[network]} is of {network}, too; give one")
        found[network] = file
    return found


def network_of(weights: Path) -> str:
    """What the card beside weights says they are.

    Raises:
        UsageError: There is no such file.
        PipelineError: The card is missing or damaged.
    """
    from pipeline.inference.weights import card_of

    if not weights.is_file():
        raise UsageError(f"--weights {weights}: no such file")
    return card_of(weights).network


def open_studio(
    weights: dict[str, Path], models: Path, backend: str, device: str | None, download: bool
) -> Studio:
    """A studio; nothing is loaded yet.

    Raises:
        UsageError: An option makes no sense.
    """
    from pipeline.editing.studio import Studio
    from pipeline.inference.engines.opening import check_backend

    check_backend(backend)
    return Studio(models, weights, backend, device, download)


def name_weights(studio: Studio, networks: Sequence[str]) -> None:
    """Say on standard error which weights will be used."""
    for one in studio.served():
        if one.network in networks:
            typer.echo(f"{one.network}: {one.origin} ({one.engine})", err=True)
