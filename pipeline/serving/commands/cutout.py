"""`clearscene cutout`: people, without what is behind them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.errors import UsageError
from pipeline.serving.commands import choices
from pipeline.serving.commands.files import Plan, plan
from pipeline.serving.commands.naming import Naming, is_film
from pipeline.serving.commands.opening import given_weights, name_weights, open_studio
from pipeline.serving.commands.running import Edit
from pipeline.serving.commands.watching import perform

if TYPE_CHECKING:
    from pipeline.editing.film import FilmReport
    from pipeline.editing.options import Background, Cut
    from pipeline.editing.studio import Studio

Model = Literal["person_se", "person_bce_dice", "central_person"]
LOOK = "What to make"
MARGIN = 0.05
NETWORKS: tuple[Model, ...] = ("person_se", "person_bce_dice", "central_person")

EXAMPLES = """Examples:

clearscene cutout photo.jpg cutout.png

clearscene cutout photo.jpg portrait.jpg --background white --crop

clearscene cutout photos/ cutouts/ --model central_person --format webp

clearscene cutout film.mp4 film-on-beach.mp4 --background beach.jpg

curl -s https://example.org/a.jpg | clearscene cutout - - > cutout.png

clearscene cutout inbox/ outbox/ --watch"""


def cutout(
    source: choices.Source,
    target: choices.Target,
    model: Annotated[
        Model | None,
        typer.Option(
            help="Who is cut out: everybody (person_se, person_bce_dice) or the one in the middle "
            "(central_person). person_se without it.",
            rich_help_panel=LOOK,
            show_default=False,
        ),
    ] = None,
    background: Annotated[
        str,
        typer.Option(
            metavar="none|white|#rrggbb|blur|FILE",
            help="What is put behind: nothing (transparent), a colour, their own background out "
            "of focus, a picture; behind a film also a film.",
            rich_help_panel=LOOK,
        ),
    ] = "none",
    crop: Annotated[
        bool, typer.Option("--crop", help="Cut the picture down to them.", rich_help_panel=LOOK)
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=10.0,
            help=f"Space left around them by --crop, as a share of their longer side "
            f"({MARGIN} without it).",
            rich_help_panel=LOOK,
            show_default=False,
        ),
    ] = None,
    mask: Annotated[
        bool,
        typer.Option("--mask", help="The mask alone: white where they are.", rich_help_panel=LOOK),
    ] = False,
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
    """Cut people out of photos and films."""
    if mask and background != "none":
        raise UsageError("--mask and --background exclude each other")
    if margin is not None and not crop:
        raise UsageError("--margin is for --crop: give both, or neither")
    clear = mask or background == "none"
    naming = Naming(wanted, lossless=clear, film_suffix=".webm" if clear and not mask else None)
    planned = plan(source, target, naming, empty=watching)
    choices.check(planned, quality, watching)
    if crop and planned.has_films:
        raise UsageError("--crop is for photos: in a film people move")
    model, found = _weights(model, weights or [])
    behind, film_behind = _background(background, planned)
    from pipeline.editing.options import Cut
    from pipeline.editing.outcome import found_people

    cut = Cut(model, behind, crop, MARGIN if margin is None else margin, mask)
    studio = open_studio(found, models, backend, device, not no_download)
    name_weights(studio, [model])
    edit = Edit(
        lambda photo: studio.cut_out(photo, cut),
        partial(_film, studio=studio, wanted=cut, film_behind=film_behind),
        quality,
        strip,
        naming.default,
        lambda photo, result: "" if found_people(photo, result, cut) else "nobody is found in it",
    )
    perform(planned, edit, watching, skip_existing)


def _weights(model: Model | None, files: list[Path]) -> tuple[Model, dict[str, Path]]:
    """The model, which a file of weights may name, and those weights."""
    if len(files) > 1:
        raise UsageError("give --weights once: a cutout needs one network")
    if not files:
        return model or NETWORKS[0], {}
    held = given_weights(files, NETWORKS)
    chosen = model if model is not None else _person_network(held)
    return chosen, {chosen: files[0]}


def _person_network(held: Collection[str]) -> Model:
    return next(name for name in NETWORKS if name in held)


def _background(text: str, planned: Plan) -> tuple[Background, Path | None]:
    """What is put behind photos, and behind films."""
    from pipeline.editing.backgrounds import parse_background

    if is_film(Path(text)):
        if not planned.jobs or not all(job.film for job in planned.jobs):
            raise UsageError(f"--background {text}: a film goes behind films only")
        if not Path(text).is_file():
            raise UsageError(f"--background {text}: no such file")
        return "none", Path(text)
    return parse_background(text), None


def _film(
    source: Path,
    target: Path,
    progress: Callable[[int, int], None],
    *,
    studio: Studio,
    wanted: Cut,
    film_behind: Path | None,
) -> FilmReport:
    from pipeline.editing.film.cutout import cut_out_film

    return cut_out_film(source, target, studio, wanted, film_behind, progress)
