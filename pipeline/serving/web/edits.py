"""The three edits over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.editing.outcome import found_cars, found_people
from pipeline.photos import Photo
from pipeline.serving.web.desk import Desk, Order
from pipeline.serving.web.forms import CutoutForm, RemovalForm, ShadowForm, body_of
from pipeline.serving.web.problems import Problem, Wrong

router = APIRouter(prefix="/api", tags=["edits"])

_REASONS = {
    400: "The multipart body cannot be read.",
    401: "The key is missing or wrong.",
    408: "The upload took too long.",
    413: "Too many bytes or pixels.",
    415: "Not a picture, or no multipart request.",
    422: "A field is missing or wrong, or the picture is damaged.",
    500: "A defect of the server; its log tells more.",
    503: "All places are taken (see Retry-After), or weights are missing.",
    504: "The work took too long.",
}
_PICTURE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture.",
        "content": {f"image/{kind}": _PICTURE for kind in ("png", "webp", "jpeg")},
    },
    **{
        status: {"description": reason, "content": {"application/problem+json": {}}}
        for status, reason in _REASONS.items()
    },
}


@router.post(
    "/cutout",
    response_class=Response,
    responses=_ANSWERS,
    openapi_extra=body_of(CutoutForm, ("image",), ("picture",)),
)
async def cutout(request: Request) -> Response:
    """Cut the people out of a picture."""
    desk: Desk = request.app.state.desk

    def check(fields: dict[str, str]) -> Order:
        form = CutoutForm.model_validate(fields)
        files = ("image", "picture") if form.background == "picture" else ("image",)

        def edit(photos: Mapping[str, Photo]) -> Photo:
            return desk.studio.cut_out(photos["image"], form.cut(photos.get("picture")))

        def found(photos: Mapping[str, Photo], cut: Photo) -> bool:
            return found_people(photos["image"], cut, form.cut(photos.get("picture")))

        return Order(form, files, (form.model,), edit, found)

    return await desk.serve(request, check, "cutout")


@router.post(
    "/remove-cars",
    response_class=Response,
    responses=_ANSWERS,
    openapi_extra=body_of(RemovalForm, ("image",)),
)
async def remove_cars(request: Request) -> Response:
    """Remove the cars of a picture, and their shadows."""
    desk: Desk = request.app.state.desk

    def check(fields: dict[str, str]) -> Order:
        form = RemovalForm.model_validate(fields)
        networks = ("car_mask", "car_removal") if form.fill == "network" else ("car_mask",)

        def edit(photos: Mapping[str, Photo]) -> Photo:
            return desk.studio.remove_cars(photos["image"], form.removal())

        def found(photos: Mapping[str, Photo], removed: Photo) -> bool:
            return found_cars(photos["image"], removed)

        return Order(form, ("image",), networks, edit, found)

    return await desk.serve(request, check, "without-cars")


@router.post(
    "/cast-shadow",
    response_class=Response,
    responses=_ANSWERS,
    openapi_extra=body_of(ShadowForm, ("scene", "cutout")),
)
async def cast_shadow(request: Request) -> Response:
    """Put a cutout into a scene, with its shadow."""
    desk: Desk = request.app.state.desk

    def check(fields: dict[str, str]) -> Order:
        form = ShadowForm.model_validate(fields)
        if form.part == "layer" and form.format == "jpeg":
            reason = "a layer needs transparency, which JPEG has not: png or webp"
            raise Problem(422, f"format: {reason}", errors=[Wrong("format", reason)])

        def edit(photos: Mapping[str, Photo]) -> Photo:
            shadowed = desk.studio.cast_shadow(photos["scene"], photos["cutout"], form.place())
            return shadowed.composed if form.part == "composed" else shadowed.layer

        return Order(form, ("scene", "cutout"), ("shadow_attention", "shadow"), edit)

    return await desk.serve(request, check, "with-shadow")
