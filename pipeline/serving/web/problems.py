"""Errors as problem details (RFC 9457), whatever went wrong."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from pipeline.errors import BadPicture, NotAPicture, PipelineError, TooLarge, UsageError

logger = logging.getLogger(__name__)


class Wrong(NamedTuple):
    """A field that cannot be used, and why."""

    name: str
    reason: str


class Problem(Exception):
    """An answer that is an error.

    Args:
        status: Of HTTP.
        detail: What is wrong and what to do, for people.
        headers: Further ones of the answer.
        errors: The fields that are wrong.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Wrong] = (),
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers, self.errors = dict(headers or {}), tuple(errors)

    def answer(self) -> JSONResponse:
        """It as a response; `type` is left at about:blank, so `title` is that of the status."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [one._asdict() for one in self.errors]
        return JSONResponse(body, self.status, self.headers, "application/problem+json")


def problem_of(error: PipelineError) -> Problem:
    """What a mistake that a user can mend is in HTTP."""
    if isinstance(error, TooLarge):
        return Problem(413, str(error))
    if isinstance(error, NotAPicture):
        return Problem(415, str(error))
    if isinstance(error, BadPicture | UsageError):
        return Problem(422, str(error))
    logger.error("cannot serve: %s", error)
    return Problem(503, str(error))


def wrong_fields(errors: Sequence[Any]) -> Problem:
    """Fields that pydantic refused, each by its name."""
    wrong = [Wrong(_name(one["loc"]), one["msg"]) for one in errors]
    return Problem(422, "; ".join(f"{name}: {reason}" for name, reason in wrong), errors=wrong)


def _name(place: Sequence[object]) -> str:
    return ".".join(str(part) for part in place if part not in ("body", "query")) or "the request"


def answer_problems(app: FastAPI) -> None:
    """Let every error of an app be answered as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(PipelineError, _mistake)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _defect)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return error.answer()


async def _mistake(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PipelineError)
    return problem_of(error).answer()


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ValidationError | RequestValidationError)
    return wrong_fields(error.errors()).answer()


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"nothing is at {request.url.path}; /docs names all there is"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.url.path} does not take {request.method}; see /docs"
    return Problem(error.status_code, detail, error.headers).answer()


async def _defect(request: Request, error: Exception) -> JSONResponse:
    name = uuid.uuid4().hex[:12]
    logger.error("defect %s at %s", name, request.url.path, exc_info=error)
    return Problem(500, f"a defect of this server; its log tells more under {name}").answer()
