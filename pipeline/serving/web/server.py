"""Serving until told to stop."""

from __future__ import annotations

import uvicorn

from pipeline.editing.studio import Studio
from pipeline.serving.web.about import Runs
from pipeline.serving.web.app import create_app
from pipeline.serving.web.limits import Limits
from pipeline.serving.web.memory import keep_flat


def run(
    studio: Studio,
    host: str,
    port: int,
    limits: Limits,
    api_key: str | None,
    runs: Runs | None = None,
) -> None:
    """Serve the page and the API; at SIGTERM or Ctrl-C finish what was accepted, then return.

    Args:
        studio: Does the edits.
        host: Address to listen on; 127.0.0.1 for this machine alone.
        port: Port to listen on; 0 takes a free one.
        limits: What is taken on.
        api_key: What `/api/…` asks for; None lets everybody in.
        runs: Finds the MLflow run of weights by their hash.
    """
    keep_flat()
    uvicorn.run(
        create_app(studio, limits, api_key, runs),
        host=host,
        port=port,
        ws_max_size=limits.frame_bytes + 1,  # so that the answer says what is wrong
        timeout_graceful_shutdown=round(limits.seconds) + 10,
        server_header=False,
    )
