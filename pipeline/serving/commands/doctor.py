"""`clearscene doctor`: what works here, on which device, and how quickly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import PipelineError
from pipeline.serving.commands import choices

if TYPE_CHECKING:
    from pipeline.inference.measuring import Timing
    from pipeline.inference.weights import Found

EXAMPLES = """Examples:

clearscene doctor

clearscene doctor --quick

clearscene doctor --device cuda && clearscene serve --device cuda"""


def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the timings, which take a minute or so.")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(
            help="Fail if this device (cpu, cuda, cuda:1, …) cannot be used.", show_default=False
        ),
    ] = None,
    models: choices.Models = choices.MODELS,
) -> None:
    """Say what is installed, which device is used, and time each network in each backend.

    What is quickest and agrees with PyTorch is kept, and used from then on (--backend auto).
    """
    from pipeline.serving.commands import installed
    from pipeline.tables import aligned

    typer.echo(aligned(list(installed.programs())))
    typer.echo(f"\n{aligned(list(installed.machine()))}")
    problems = []
    if device is not None and (why := installed.missing_device(device)) is not None:
        problems.append(f"device {device}: {why}")
    found = dict(_networks(models))
    typer.echo(f"\n{aligned([_origin(name, one) for name, one in found.items()])}")
    if not quick:
        problems += _time(found)
    for problem in problems:
        typer.echo(f"clearscene: {problem}", err=True)
    if problems:
        raise typer.Exit(1)


def _networks(models: Path) -> Iterator[tuple[str, Found | None]]:
    from pipeline.editing.catalogue import ARCHITECTURES
    from pipeline.inference.weights import find_weights

    for network in ARCHITECTURES:
        yield network, find_weights(network, None, models)


def _origin(network: str, found: Found | None) -> dict[str, str]:
    missing = f"none: `dvc repro train@{network}` makes them"
    return {"network": network, "weights": found.origin if found else missing}


def _time(found: dict[str, Found | None]) -> list[str]:
    """Print timings of all networks that have weights; what went wrong comes back."""
    import psutil

    from pipeline.inference.measuring import survey
    from pipeline.tables import aligned

    rows, problems = [], []
    for network, one in found.items():
        if one is None:
            continue
        typer.echo(f"measuring {network}", err=True)
        try:
            rows += [_shown(timing) for timing in survey([(network, one.file)])]
        except PipelineError as problem:
            problems.append(f"{network}: {problem}")
    if rows:
        typer.echo(f"\n{aligned(rows)}")
        used = psutil.Process().memory_info().rss / 1e9
        typer.echo(f"\nAll of them loaded, this process holds {used:.1f} GB.")
    return problems


def _shown(timing: Timing) -> dict[str, str]:
    ratio = "" if timing.ratio is None else f"{timing.ratio:.1f} times"
    return {
        "network": timing.network,
        "backend": timing.backend,
        "ms a picture": f"{timing.milliseconds:.1f}",
        "as fast as PyTorch": ratio,
        "against PyTorch": timing.agreement,
        "": "used" if timing.chosen else ("" if timing.agrees else "differs too much"),
    }
