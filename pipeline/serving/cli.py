"""The command `clearscene`.

Only what `--help` needs is imported here; each command loads the rest when it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipeline.errors import PipelineError
from pipeline.serving.commands import bot, cast_shadow, cutout, doctor, remove_cars, runs, serve
from pipeline.serving.commands.compare import compare
from pipeline.serving.commands.export import export
from pipeline.serving.commands.preset import preset

EXTRAS: Mapping[str, str] = {
    "aiogram": "bot",
    "fastapi": "serve",
    "python_multipart": "serve",
    "uvicorn": "serve",
    "websockets": "serve",
    "joblib": "train",
    "onnx": "train",
    "onnxscript": "train",
    "pandas": "train",
    "segmentation_models_pytorch": "train",
    "torch": "train",
    "torchvision": "train",
}
"""Packages that an installation may lack, and the extra that brings each."""


class Commands(TyperGroup):
    """The commands in the order in which they were added; Ctrl-C ends any of them with a line."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("clearscene: stopped", err=True)
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=Commands,
    help="Clear and rebuild scenes: cut people out, remove cars, cast shadows; and train, evaluate "
    "and compare the networks that do it.",
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


EDIT, SERVE, TRAIN = "Edit photos and films", "Serve", "Train and judge"
app.command(rich_help_panel=EDIT, epilog=cutout.EXAMPLES)(cutout.cutout)
app.command(rich_help_panel=EDIT, epilog=remove_cars.EXAMPLES)(remove_cars.remove_cars)
app.command(rich_help_panel=EDIT, epilog=cast_shadow.EXAMPLES)(cast_shadow.cast_shadow)
app.command(rich_help_panel=SERVE, epilog=serve.EXAMPLES)(serve.serve)
app.command(rich_help_panel=SERVE, epilog=bot.EXAMPLES)(bot.bot)
app.command(rich_help_panel=SERVE, epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(rich_help_panel=TRAIN)(preset)
app.command(rich_help_panel=TRAIN)(export)
app.command(rich_help_panel=TRAIN)(runs.versus)
app.command(rich_help_panel=TRAIN)(runs.seeds)
app.command(rich_help_panel=TRAIN)(compare)


def main() -> None:
    """Run the command line; a user's mistake is one line and its exit code."""
    try:
        app()
    except PipelineError as problem:
        typer.echo(f"clearscene: {problem}", err=True)
        sys.exit(problem.exit_code)
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        needed = f"{package} is not installed: pip install 'clearscene[{EXTRAS[package]}]'"
        typer.echo(f"clearscene: {needed}", err=True)
        sys.exit(1)
