"""`clearscene preset`: a complete params.yaml."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import PipelineError


def preset(
    name: Annotated[str, typer.Argument(help="One of demo, photos, web.", show_default=False)],
    root: Annotated[
        Path | None,
        typer.Option(help="Folder of your own pictures, for photos.", show_default=False),
    ] = None,
) -> None:
    """Write a complete params.yaml and show what that changes."""
    from pipeline.params import PARAMS_FILE  # loads pydantic: not for --help
    from pipeline.presets import preset_text
    from pipeline.workspace import write_whole

    if not Path("dvc.yaml").exists():
        raise PipelineError("no dvc.yaml here: go to the root of the repository and try again")
    new = preset_text(name, root)
    old = PARAMS_FILE.read_text(encoding="utf-8", errors="replace") if PARAMS_FILE.exists() else ""
    write_whole(PARAMS_FILE, new.encode())
    difference = difflib.unified_diff(
        old.splitlines(True), new.splitlines(True), "params.yaml before", "params.yaml now", n=0
    )
    typer.echo("".join(difference) or f"params.yaml is the preset {name} already\n", nl=False)
