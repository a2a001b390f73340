"""The application: routes, guards, page."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from pipeline.editing.studio import Studio
from pipeline.serving.web import about, edits, webcam
from pipeline.serving.web.desk import Desk
from pipeline.serving.web.guard import Guard, check_key
from pipeline.serving.web.intake import Intake
from pipeline.serving.web.limits import Limits
from pipeline.serving.web.line import ClientGone, Line
from pipeline.serving.web.memory import give_back
from pipeline.serving.web.problems import answer_problems

PAGE = Path(__file__).parent / "page"
SUFFIXES = (".css", ".js", ".svg")
EXPOSED = ("Content-Disposition", "Retry-After", "X-Clearscene-Weights")


def create_app(
    studio: Studio,
    limits: Limits | None = None,
    api_key: str | None = None,
    runs: about.Runs | None = None,
) -> FastAPI:
    """The page and the API as an ASGI application.

    Args:
        studio: Does the edits.
        limits: What is taken on.
        api_key: What `/api/…` asks for; None lets everybody in.
        runs: Finds the MLflow run of weights by their hash.

    Raises:
        UsageError: The key cannot be sent in a header.
    """
    limits = limits or Limits()
    app = FastAPI(
        title="clearscene",
        summary="Cut people out, remove cars, cast shadows.",
        description="Pictures in, pictures out; errors as application/problem+json.",
        lifespan=_lifespan,
        docs_url=None,  # FastAPI's own pages load their scripts from elsewhere
        redoc_url=None,
    )
    app.state.desk = Desk(studio, Line(limits.places, limits.seconds, give_back), limits)
    app.state.webcams, app.state.runs = webcam.Webcams(limits.webcams), runs
    answer_problems(app)
    app.add_exception_handler(ClientGone, _to_nobody)
    for router in (edits.router, about.router, webcam.router):
        app.include_router(router)
    _add_page(app)
    app.add_middleware(Intake, upload_bytes=limits.upload_bytes)
    if limits.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=limits.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "X-API-Key"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(Guard, limits=limits, api_key=check_key(api_key))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.started = time.monotonic()
    yield
    app.state.desk.line.close()


def _add_page(app: FastAPI) -> None:
    """Each file of the page by its name: a folder mounted at / would turn every 405 into a 404."""
    names = {"/": "index.html", "/docs": "docs.html"}
    names |= {f"/{file.name}": file.name for file in PAGE.iterdir() if file.suffix in SUFFIXES}
    app.router.routes.extend(Route(path, _sender(PAGE / name)) for path, name in names.items())


def _sender(file: Path) -> Callable[[Request], Awaitable[Response]]:
    async def send(_: Request) -> Response:
        return FileResponse(file)

    return send


async def _to_nobody(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it; nginx's number for the log
