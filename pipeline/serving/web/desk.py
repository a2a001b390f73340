"""What the routes share: the studio, the line before it, and how an edit is answered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response

from pipeline.editing.options import Served
from pipeline.editing.studio import Studio
from pipeline.errors import UsageError
from pipeline.photos import Photo, encode_photo, read_photo
from pipeline.serving.web.forms import Form
from pipeline.serving.web.intake import Sent, read_form
from pipeline.serving.web.limits import Limits
from pipeline.serving.web.line import Line
from pipeline.serving.web.problems import Problem, Wrong

SUFFIXES = {"png": "png", "webp": "webp", "jpeg": "jpg"}


class Order(NamedTuple):
    """A request whose fields have been checked.

    Attributes:
        form: The fields.
        files: Names of the pictures that it needs; the first one names the answer.
        networks: What the edit runs.
        edit: From photos by name to the answer; called in the worker's thread.
        found: From those photos and the answer, whether there was anything to edit.
    """

    form: Form
    files: tuple[str, ...]
    networks: tuple[str, ...]
    edit: Callable[[Mapping[str, Photo]], Photo]
    found: Callable[[Mapping[str, Photo], Photo], bool] = lambda _, __: True


class _Answer(NamedTuple):
    """The bytes, the weights that made them, and whether there was anything to edit."""

    content: bytes
    weights: str
    found: bool


@dataclass(frozen=True)
class Desk:
    """Takes requests, lets the studio do them, hands out the answers.

    Attributes:
        studio: Does the edits.
        line: Before it.
        limits: What is taken on.
    """

    studio: Studio
    line: Line
    limits: Limits

    async def serve(
        self, request: Request, check: Callable[[dict[str, str]], Order], word: str
    ) -> Response:
        """Answer an upload with the edited picture.

        Args:
            request: A multipart upload.
            check: Makes an order of its fields.
            word: Of the edit, in the name of the answer.

        Raises:
            Problem: It was refused.
            PipelineError: It cannot be done.
        """
        async with self.line.place() as place:
            fields, sent = await read_form(request, place)
            order = check(fields)
            _check_files(order.files, sent)
            answer = await self.line.work(place, lambda: self._done(order, sent), _hung_up(request))
        kind = order.form.format
        name = f"{Path(plain_name(sent[order.files[0]].name)).stem}-{word}.{SUFFIXES[kind]}"
        headers = {
            "Content-Disposition": _disposition(name),
            "X-Clearscene-Weights": answer.weights,
            "X-Clearscene-Found": "something" if answer.found else "nothing",
        }
        return Response(answer.content, 200, headers, f"image/{kind}")

    def _done(self, order: Order, sent: Mapping[str, Sent]) -> _Answer:
        photos = {name: self._photo(sent[name]) for name in order.files}
        try:
            photo = order.edit(photos)
        except UsageError as error:
            raise self._missing(order.networks, error) from error
        content = encode_photo(photo, order.form.format, order.form.quality)
        weights = _named(self.studio.served(), order.networks)
        return _Answer(content, weights, order.found(photos, photo))

    def _photo(self, sent: Sent) -> Photo:
        return read_photo(sent.content, plain_name(sent.name), self.limits.pixels)

    def _missing(self, used: tuple[str, ...], error: UsageError) -> Problem | UsageError:
        """A network without weights is the server's fault, any other wrong call the client's."""
        there = {one.network for one in self.studio.served()}
        lacking = [network for network in used if network not in there]
        if not lacking:
            return error
        return Problem(503, f"this server has no weights of {' and '.join(lacking)}")


def plain_name(name: str) -> str:
    """A sender's file name without folders, control characters and quotes; never empty."""
    base = PurePosixPath(PureWindowsPath(name).name).name
    printable = "".join(one for one in base if unicodedata.category(one)[0] != "C")
    return re.sub(r'["\\/;<>:|?*]', "", printable).strip(" .")[:100] or "picture"


def _disposition(name: str) -> str:
    """RFC 6266: a name in ASCII for all, and the one in full."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _check_files(wanted: tuple[str, ...], sent: Mapping[str, Sent]) -> None:
    wrong = [Wrong(name, "is missing: send it as a file") for name in wanted if name not in sent]
    wrong += [Wrong(name, "is no picture that is used here") for name in sent if name not in wanted]
    if wrong:
        raise Problem(422, "; ".join(f"{one.name}: {one.reason}" for one in wrong), errors=wrong)


def _named(served: list[Served], used: tuple[str, ...]) -> str:
    """The weights used, for a header: `network;sha256=…` or where they come from."""
    by_name = {one.network: one for one in served}
    parts = []
    for network in used:
        if (one := by_name.get(network)) is not None:
            origin = re.sub(r'[^ -~]|[",;]', "", one.origin)
            what = f"sha256={one.weights_sha256}" if one.weights_sha256 else f'origin="{origin}"'
            parts.append(f"{network};{what}")
    return ", ".join(parts) or "none"


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
