"""`clearscene remove-cars`: the street without its cars and their shadows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.serving.commands import choices
from pipeline.serving.commands.files import plan
from pipeline.serving.commands.naming import Naming
from pipeline.serving.commands.opening import given_weights, name_weights, open_studio
from pipeline.serving.commands.running import Edit
from pipeline.serving.commands.watching import perform

if TYPE_CHECKING:
    from pipeline.editing.film import FilmReport
    from pipeline.editing.options import Removal
    from pipeline.editing.studio import Studio

LOOK = "What to make"
Fill = Literal["network", "inpaint"]
NETWORKS = ("car_mask", "car_removal")

EXAMPLES = """Examples:

clearscene remove-cars street.jpg empty.jpg

clearscene remove-cars drive.mp4 empty.mp4

clearscene remove-cars photos/ empty/ --fill network --skip-existing

clearscene remove-cars - - < street.jpg > empty.jpg"""


def remove_cars(
    source: choices.Source,
    target: choices.Target,
    no_shadow: Annotated[
        bool,
        typer.Option("--no-shadow", help="Leave what the cars shade.", rich_help_panel=LOOK),
    ] = False,
    fill: Annotated[
        Fill,
        typer.Option(
            help="What paints the ground: what is around it, or the network car_removal.",
            rich_help_panel=LOOK,
        ),
    ] = "inpaint",
    wanted: choices.Wanted = None,
    quality: choices.Quality = None,
    strip: choices.Strip = False,
    skip_existing: choices.SkipExisting = False,
    watching: choices.Watch = False,
    weights: choices.Weights = None,
    models: choices.Models = choices.MODELS,
    backend: choices.Backend = "auto",
    device: choices.Device = None,
    no_download: choices.NoDownload = False,
) -> None:
    """Remove all cars, and their shadows, from photos and films."""
    naming = Naming(wanted)
    planned = plan(source, target, naming, empty=watching)
    choices.check(planned, quality, watching)
    networks = NETWORKS if fill == "network" else NETWORKS[:1]
    found = given_weights(weights or [], networks)
    from pipeline.editing.options import Removal
    from pipeline.editing.outcome import found_cars

    removal = Removal(fill, not no_shadow)
    studio = open_studio(found, models, backend, device, not no_download)
    name_weights(studio, networks)
    edit = Edit(
        lambda photo: studio.remove_cars(photo, removal),
        partial(_film, studio=studio, wanted=removal),
        quality,
        strip,
        naming.default,
        lambda photo, result: "" if found_cars(photo, result) else "no car is found in it",
    )
    perform(planned, edit, watching, skip_existing)


def _film(
    source: Path,
    target: Path,
    progress: Callable[[int, int], None],
    *,
    studio: Studio,
    wanted: Removal,
) -> FilmReport:
    from pipeline.editing.film.removal import remove_cars_from_film

    return remove_cars_from_film(source, target, studio, wanted, progress)
