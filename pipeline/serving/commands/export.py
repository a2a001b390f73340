"""`clearscene export`: a trained network for other runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    network: Annotated[
        str, typer.Argument(help="A trained network, such as person_se.", show_default=False)
    ],
    output: Annotated[Path, typer.Argument(help="The .onnx file to write.", show_default=False)],
    weights: Annotated[
        Path | None,
        typer.Option(help="Its .pt file; models/NETWORK/best.pt without it.", show_default=False),
    ] = None,
) -> None:
    """Write a trained network as ONNX (Mask R-CNN stays in PyTorch)."""
    from pipeline.inference.export import export_onnx  # loads torch: not for --help

    source = weights or Path("models") / network / "best.pt"
    export_onnx(source, output)
    typer.echo(f"{source} -> {output}")
