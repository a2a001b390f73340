"""The command `clearscene`."""

from __future__ import annotations

import difflib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import PipelineError
from pipeline.params import PARAMS_FILE
from pipeline.presets import PRESETS, preset_text
from pipeline.serving import runs
from pipeline.serving.compare import compare
from pipeline.workspace import write_whole

app = typer.Typer(
    help="Clear and rebuild scenes: prepare, train and evaluate with DVC, then use the weights.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clearscene {version('clearscene')}")
        raise typer.Exit


@app.callback()
def _main(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say it.")
    ] = False,
) -> None:
    pass


@app.command()
def preset(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(PRESETS)}.")],
    root: Annotated[Path | None, typer.Option(help="Folder of your own pictures.")] = None,
) -> None:
    """Write a complete params.yaml and show what that changes."""
    if not Path("dvc.yaml").exists():
        raise PipelineError("no dvc.yaml here: go to the root of the repository and try again")
    new = preset_text(name, root)
    old = PARAMS_FILE.read_text(encoding="utf-8", errors="replace") if PARAMS_FILE.exists() else ""
    write_whole(PARAMS_FILE, new.encode())
    difference = difflib.unified_diff(
        old.splitlines(True), new.splitlines(True), "params.yaml before", "params.yaml now", n=0
    )
    typer.echo("".join(difference) or f"params.yaml is the preset {name} already\n", nl=False)


@app.command()
def export(
    network: Annotated[str, typer.Argument(help="A trained network, such as person_se.")],
    output: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    weights: Annotated[
        Path | None, typer.Option(help="Its .pt file; models/NETWORK/best.pt without it.")
    ] = None,
) -> None:
    """Write a trained network as ONNX (Mask R-CNN stays in PyTorch)."""
    from pipeline.inference.export import export_onnx  # loads torch: not for --help

    source = weights or Path("models") / network / "best.pt"
    export_onnx(source, output)
    typer.echo(f"{source} -> {output}")


app.command()(runs.versus)
app.command()(runs.seeds)
app.command()(compare)


def main() -> None:
    """Run the command line; a user's mistake is one line and its exit code."""
    try:
        app()
    except PipelineError as problem:
        typer.echo(f"clearscene: {problem}", err=True)
        sys.exit(problem.exit_code)
