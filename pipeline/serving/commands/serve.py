"""`clearscene serve`: the page and the API."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import PipelineError, UsageError
from pipeline.serving.commands import choices
from pipeline.serving.commands.opening import given_weights, name_weights, open_studio

if TYPE_CHECKING:
    from pipeline.editing.studio import Studio

log = logging.getLogger(__name__)

KEY_VARIABLE = "CLEARSCENE_API_KEY"
"""In the environment: an argument would show in the list of processes."""
LIMITS, MEGA = "Limits", 1_000_000
NETWORKS = (
    "person_se",
    "person_bce_dice",
    "central_person",
    "car_mask",
    "car_removal",
    "shadow_attention",
    "shadow",
)

EXAMPLES = """Examples:

clearscene serve

CLEARSCENE_API_KEY=secret clearscene serve --host 0.0.0.0 --port 80

clearscene serve --max-megapixels 24 --queue 4 --origin https://example.org"""


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for other machines, too.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    max_upload_mb: Annotated[
        int,
        typer.Option(min=1, help="Megabytes of one request.", rich_help_panel=LIMITS),
    ] = 50,
    max_megapixels: Annotated[
        int, typer.Option(min=1, max=100, help="Of one picture.", rich_help_panel=LIMITS)
    ] = 100,
    queue: Annotated[
        int,
        typer.Option(
            min=1,
            help="Requests that are taken at once, with the one at work; others are told to come "
            "back (503).",
            rich_help_panel=LIMITS,
        ),
    ] = 8,
    timeout: Annotated[
        float, typer.Option(min=1.0, help="Seconds for one request.", rich_help_panel=LIMITS)
    ] = 120.0,
    webcams: Annotated[
        int, typer.Option(min=0, help="Webcams at once.", rich_help_panel=LIMITS)
    ] = 2,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="Another site whose pages may call the API (CORS); may be given several times.",
            rich_help_panel=LIMITS,
            show_default=False,
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Name under which the server may be asked (the header Host); may be given "
            "several times; any without it.",
            rich_help_panel=LIMITS,
            show_default=False,
        ),
    ] = None,
    weights: choices.Weights = None,
    models: choices.Models = choices.MODELS,
    backend: choices.Backend = "auto",
    device: choices.Device = None,
    no_download: choices.NoDownload = False,
) -> None:
    """Serve the page and the API until Ctrl-C or SIGTERM.

    Where the environment holds CLEARSCENE_API_KEY, the API asks for it.
    """
    key = _key()
    signal.signal(signal.SIGTERM, _end)  # after its own clean end, uvicorn raises the signal again
    found = given_weights(weights or [], NETWORKS)
    from pipeline.serving.lookup import RunLookup
    from pipeline.serving.web import Limits, run  # loads FastAPI: not for --help

    limits = Limits(
        upload_bytes=max_upload_mb * 2**20,
        pixels=max_megapixels * MEGA,
        places=queue,
        seconds=timeout,
        webcams=webcams,
        origins=tuple(origin or ()),
        hosts=tuple(allowed_host or ()),
    )
    studio = open_studio(found, models, backend, device, not no_download)
    name_weights(studio, NETWORKS)
    if key is None and host not in ("127.0.0.1", "localhost", "::1"):
        typer.echo(f"{KEY_VARIABLE} is not set: whoever reaches {host} may use the API", err=True)
    over = threading.Event()
    # Not a daemon: a process that ends while OpenVINO compiles in a thread is aborted.
    threading.Thread(target=_warm, args=(studio, over), name="warm").start()
    try:
        run(studio, host, port, limits, key, RunLookup())
    finally:
        over.set()


def _warm(studio: Studio, over: threading.Event) -> None:
    """Export, compile and load what is there, so that no request waits for that.

    Networks that only PyTorch runs stay out of memory until they are asked for.
    """
    for one in studio.served():
        if over.is_set():
            return
        if one.weights_sha256 and not one.engine.startswith("torch"):
            try:
                studio.warm(one.network)
            except PipelineError as problem:  # whoever asks for it is told, too
                log.warning("%s", problem)


def _key() -> str | None:
    """The key in the environment.

    Raises:
        UsageError: It is empty, which was hardly meant to let everybody in.
    """
    key = os.environ.get(KEY_VARIABLE)
    if key is not None and not key.strip():
        raise UsageError(f"{KEY_VARIABLE} is empty: give it a value, or unset it")
    return key


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
