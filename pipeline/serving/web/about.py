"""What runs here: whether it is well, and whose weights it serves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from pipeline.editing.options import PERSON_MODELS, Served
from pipeline.photos import FORMATS
from pipeline.serving.web.desk import Desk
from pipeline.serving.web.memory import resident_bytes

router = APIRouter()
Runs = Callable[[str], str | None]
"""From the hash of weights to the MLflow run that trained them."""

UNKNOWN = "unknown"


class Health(BaseModel):
    """Whether the server is well."""

    status: Literal["ok", "stuck"]
    waiting: int
    places: int
    webcams: int
    busy_seconds: float
    memory_bytes: int
    up_seconds: float


class Model(BaseModel):
    """Weights in use; what nobody knows of them is `unknown`."""

    network: str
    origin: str
    engine: str
    scores: dict[str, float]
    git_revision: str
    data_sha256: str
    weights_sha256: str
    mlflow_run: str


class Offer(BaseModel):
    """What is taken on, and what can be asked for."""

    upload_bytes: int
    pixels: int
    seconds: float
    places: int
    webcams: int
    models: list[str]
    formats: list[str]


@router.get("/healthz", tags=["server"])
async def health(request: Request, response: Response) -> Health:
    """Whether the server is well: 503 when one piece of work hangs."""
    desk: Desk = request.app.state.desk
    busy = desk.line.busy_seconds
    stuck = busy > 2 * desk.limits.seconds
    response.status_code = 503 if stuck else 200
    return Health(
        status="stuck" if stuck else "ok",
        waiting=desk.line.length,
        places=desk.limits.places,
        webcams=request.app.state.webcams.count,
        busy_seconds=round(busy, 3),
        memory_bytes=resident_bytes(),
        up_seconds=round(time.monotonic() - request.app.state.started, 1),
    )


@router.get("/api/limits", tags=["server"])
async def limits(request: Request) -> Offer:
    """What is taken on, and what can be asked for."""
    desk: Desk = request.app.state.desk
    kept = desk.limits
    return Offer(
        upload_bytes=kept.upload_bytes,
        pixels=kept.pixels,
        seconds=kept.seconds,
        places=kept.places,
        webcams=kept.webcams,
        models=list(PERSON_MODELS),
        formats=list(FORMATS),
    )


@router.get("/api/models", tags=["server"])
def models(request: Request) -> list[Model]:
    """The weights that answer: their scores, revision, data and run."""
    desk: Desk = request.app.state.desk
    runs: Runs | None = request.app.state.runs
    return [_model(one, runs) for one in desk.studio.served()]


def _model(one: Served, runs: Runs | None) -> Model:
    run = runs(one.weights_sha256) if runs is not None and one.weights_sha256 else None
    return Model(
        network=one.network,
        origin=_shortened(one.origin),
        engine=one.engine,
        scores=dict(one.scores),
        git_revision=one.git_revision or UNKNOWN,
        data_sha256=one.data_sha256 or UNKNOWN,
        weights_sha256=one.weights_sha256 or UNKNOWN,
        mlflow_run=run or UNKNOWN,
    )


def _shortened(origin: str) -> str:
    """Without the folders of this machine, which are nobody's business."""
    return re.sub(r"[^\s,]*/([^\s,/]+/[^\s,/]+)", r"\1", origin)
