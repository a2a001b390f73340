"""Options that several commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.errors import UsageError
from pipeline.serving.commands.files import Plan

FILES, NETWORKS = "Files", "Networks"
"""Headings in the help."""

MODELS = Path("models")
"""As `pipeline.paths` has it; there it costs loading what reads params.yaml."""

PictureFormat = Literal["png", "webp", "jpeg"]

Source = Annotated[
    str,
    typer.Argument(
        metavar="IN",
        help="A file, a folder with all that is below it, or - for standard input.",
        show_default=False,
    ),
]
Target = Annotated[
    str,
    typer.Argument(
        metavar="OUT", help="A file, a folder, or - for standard output.", show_default=False
    ),
]
Wanted = Annotated[
    PictureFormat | None,
    typer.Option(
        "--format",
        help="Of the result. Without it OUT's suffix says it; else results with transparency "
        "become PNG, others what they were.",
        rich_help_panel=FILES,
        show_default=False,
    ),
]
Quality = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100,
        help="Of JPEG (95 without it) and WebP (lossless without it).",
        rich_help_panel=FILES,
        show_default=False,
    ),
]
Strip = Annotated[
    bool,
    typer.Option("--strip", help="Leave out EXIF: camera, date, place.", rich_help_panel=FILES),
]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        help="Leave results that are there and not older than their input: goes on with a folder "
        "that was interrupted.",
        rich_help_panel=FILES,
    ),
]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Stay, and edit each picture that comes into the folder IN; Ctrl-C ends it.",
        rich_help_panel=FILES,
    ),
]
Weights = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="A .pt file with its card (.json) beside it, which says what network it is; "
        "may be given for several networks.",
        rich_help_panel=NETWORKS,
        show_default=False,
    ),
]
Models = Annotated[
    Path, typer.Option(metavar="DIR", help="Trained networks.", rich_help_panel=NETWORKS)
]
Backend = Annotated[
    str,
    typer.Option(
        help="What runs the networks: auto (the quickest that `clearscene doctor` has measured "
        "here), torch, onnxruntime, openvino-…",
        rich_help_panel=NETWORKS,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        help="cpu, cuda, cuda:1, …; a GPU if there is one without it.",
        rich_help_panel=NETWORKS,
        show_default=False,
    ),
]
NoDownload = Annotated[
    bool,
    typer.Option(
        "--no-download",
        help="Never fetch torchvision's networks where there are no trained ones.",
        rich_help_panel=NETWORKS,
    ),
]


def check(planned: Plan, quality: int | None, watching: bool) -> None:
    """Refuse options that what is planned cannot use.

    Raises:
        UsageError: A quality where all results are PNG, or no folder to watch.
    """
    if watching and planned.folders is None:
        raise UsageError("--watch wants a folder for IN, and one for OUT")
    if quality is not None and {job.format for job in planned.jobs} == {"png"}:
        raise UsageError("--quality is for JPEG and WebP; PNG loses nothing: give --format, too")
