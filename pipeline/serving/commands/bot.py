"""`clearscene bot`: Telegram."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.serving.commands import choices
from pipeline.serving.commands.opening import given_weights, name_weights, open_studio
from pipeline.serving.commands.serve import LIMITS, MEGA, NETWORKS

TOKEN_VARIABLE = "CLEARSCENE_BOT_TOKEN"
"""As `serving.bot` has it; there it costs loading the bot."""

EXAMPLES = """Examples:

CLEARSCENE_BOT_TOKEN=123456:ABC-DEF clearscene bot

clearscene bot --server http://127.0.0.1:8081 --per-minute 5"""


def bot(
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A Bot API server of your own instead of Telegram's.",
            show_default=False,
        ),
    ] = None,
    per_minute: Annotated[
        int,
        typer.Option(
            min=1, help="Pictures that a chat may send in a minute.", rich_help_panel=LIMITS
        ),
    ] = 20,
    queue: Annotated[
        int,
        typer.Option(
            min=1,
            help="Pictures of all chats that may wait; others are refused at once.",
            rich_help_panel=LIMITS,
        ),
    ] = 40,
    max_megapixels: Annotated[
        int, typer.Option(min=1, max=100, help="Of one picture.", rich_help_panel=LIMITS)
    ] = 50,
    weights: choices.Weights = None,
    models: choices.Models = choices.MODELS,
    backend: choices.Backend = "auto",
    device: choices.Device = None,
    no_download: choices.NoDownload = False,
) -> None:
    """Answer on Telegram until Ctrl-C or SIGTERM.

    The token comes from the environment: CLEARSCENE_BOT_TOKEN, as @BotFather gives it.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise UsageError(f"{TOKEN_VARIABLE} is not set: ask @BotFather on Telegram for a token")
    found = given_weights(weights or [], NETWORKS)
    from pipeline.serving.bot import BotLimits, run

    limits = BotLimits(pixels=max_megapixels * MEGA, per_minute=per_minute, waiting=queue)
    studio = open_studio(found, models, backend, device, not no_download)
    name_weights(studio, NETWORKS)
    run(studio, token, limits, server)
