"""`clearscene cast-shadow`: a cutout in a scene, with the shadow that it would cast there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError
from pipeline.serving.commands import choices
from pipeline.serving.commands.files import STREAM, Job, plan, refuse_overwriting, refuse_terminals
from pipeline.serving.commands.naming import Naming, format_of_target
from pipeline.serving.commands.opening import given_weights, name_weights, open_studio
from pipeline.serving.commands.running import encode, output, read, write_result

if TYPE_CHECKING:
    from pipeline.editing.options import Place
    from pipeline.photos import Format

LOOK = "What to make"
NETWORKS = ("shadow_attention", "shadow")
MAX_SCALE = 10.0

EXAMPLES = """Examples:

clearscene cast-shadow street.jpg cutout.png out.jpg --at 640,900

clearscene cast-shadow street.jpg cutout.png out.png --at 640,900 --scale 0.4 --layer shadow.png

clearscene cutout photo.jpg - | clearscene cast-shadow street.jpg - out.jpg --at 640,900"""


def cast_shadow(
    scene: Annotated[
        str, typer.Argument(metavar="SCENE", help="A photo, or -.", show_default=False)
    ],
    cutout: Annotated[
        str,
        typer.Argument(
            metavar="CUTOUT",
            help="A picture with transparency, as `clearscene cutout` makes it, or -.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(metavar="OUT", help="A file, or - for standard output.", show_default=False),
    ],
    at: Annotated[
        str,
        typer.Option(
            metavar="X,Y",
            help="Where it stands: the cutout's bottom centre, in pixels of the scene.",
            rich_help_panel=LOOK,
            show_default=False,
        ),
    ],
    scale: Annotated[
        float | None,
        typer.Option(
            help="Its height as a share of the scene's; its own pixels without it.",
            rich_help_panel=LOOK,
            show_default=False,
        ),
    ] = None,
    layer: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write cutout and shadow without the scene there too: a .png or .webp as large as "
            "the scene, which laid over it gives OUT.",
            rich_help_panel=LOOK,
            show_default=False,
        ),
    ] = None,
    shadow: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the shadow alone there too, in the same way.",
            rich_help_panel=LOOK,
            show_default=False,
        ),
    ] = None,
    wanted: choices.Wanted = None,
    quality: choices.Quality = None,
    strip: choices.Strip = False,
    weights: choices.Weights = None,
    models: choices.Models = choices.MODELS,
    backend: choices.Backend = "auto",
    device: choices.Device = None,
) -> None:
    """Put a cutout into a scene, with its shadow."""
    place = _place(at, scale)
    layers = [file for file in (layer, shadow) if file is not None]
    job = _job(scene, cutout, target, layers, wanted)
    studio = open_studio(given_weights(weights or [], NETWORKS), models, backend, device, False)
    name_weights(studio, NETWORKS)
    with output(job.target) as write:
        ground, inserted = read(job.source), read(None if cutout == STREAM else Path(cutout))
        made = studio.cast_shadow(ground, inserted, place)
        kind = job.format or Naming().default(f".{ground.format or ''}")
        for file, part in ((layer, made.layer), (shadow, made.shadow)):
            if file is not None:
                write_result(file, encode(part, format_of_target(file), quality, strip))
        write(encode(made.composed, kind, quality, strip))
    if job.target is not None:
        typer.echo(f"{scene} + {cutout} -> {job.target}")


def _place(at: str, scale: float | None) -> Place:
    """Where the options put the cutout.

    Raises:
        UsageError: They make no sense.
    """
    from pipeline.editing.options import Place

    try:
        x, y = (float(part) for part in at.split(","))
    except ValueError:
        raise UsageError(f"--at {at}: give two numbers such as 640,900") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise UsageError(f"--at {at}: give two numbers such as 640,900")
    if scale is not None and not 0 < scale <= MAX_SCALE:
        raise UsageError(f"--scale {scale:g}: give a share of the scene's height such as 0.5")
    return Place(x, y, scale)


def _job(scene: str, cutout: str, target: str, layers: list[Path], wanted: Format | None) -> Job:
    """What is read and written, checked.

    Raises:
        UsageError: Something is missing, or an original would be overwritten.
    """
    if scene == cutout == STREAM:
        raise UsageError("SCENE and CUTOUT cannot both come from standard input")
    for given, what in ((scene, "SCENE"), (cutout, "CUTOUT")):
        if given != STREAM and Path(given).is_dir():
            raise UsageError(f"{given} is a folder: {what} is one photo")
    job = plan(scene, target, Naming(wanted)).jobs[0]
    if job.film:
        raise UsageError(f"{scene} is a film: SCENE is a photo")
    refuse_terminals(cutout == STREAM, writes=False)
    other = None if cutout == STREAM else Path(cutout)
    if other is not None and not other.exists():
        raise UsageError(f"{cutout}: no such file")
    for source in (job.source, other):  # none of the results may replace one of the two
        refuse_overwriting(Job(source, file, None) for file in (job.target, *layers))
    for file in layers:
        if format_of_target(file) == "jpeg":
            raise UsageError(f"{file}: JPEG has no transparency; name a .png or .webp")
    return job
