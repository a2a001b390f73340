"""Frames of a webcam → who is in them, over a WebSocket.

The browser sends a frame (JPEG, WebP or PNG) as a binary message, and gets the mask of the people
back: a small PNG whose alpha is theirs, and before it a text message with the milliseconds it took.
It lays the frame over the new background itself: that way the picture keeps its sharpness, and only
masks travel back. One frame is at work at a time; the next is sent when the mask has come.
"""

from __future__ import annotations

import asyncio
import io
import logging
import time

import numpy as np
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from PIL import Image

from pipeline.editing.cutout import PersonCutter
from pipeline.editing.options import PERSON_MODELS, PersonModel
from pipeline.errors import PipelineError, TooLarge
from pipeline.matting import Alpha
from pipeline.photos import read_photo
from pipeline.serving.web.desk import Desk
from pipeline.serving.web.guard import PROTOCOL
from pipeline.serving.web.problems import Problem

logger = logging.getLogger(__name__)
router = APIRouter()

POLICY, TOO_BIG, LATER = 1008, 1009, 1013
"""Why a WebSocket is closed (RFC 6455, and IANA for 1013)."""


class Webcams:
    """Sessions at once, counted.

    Args:
        most: Further ones are sent away.
    """

    def __init__(self, most: int) -> None:
        self.most, self.count = most, 0


@router.websocket("/api/webcam")
async def webcam(socket: WebSocket, model: str = "person_se") -> None:
    """Answer each frame with a mask until the browser hangs up."""
    webcams: Webcams = socket.app.state.webcams
    asked = socket.headers.get("sec-websocket-protocol", "")
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in asked else None)
    if model not in PERSON_MODELS:
        await socket.close(POLICY, f"model: one of {', '.join(PERSON_MODELS)}")
    elif webcams.count >= webcams.most:
        await socket.close(LATER, f"busy: {webcams.most} webcams already; try again later")
    else:
        webcams.count += 1
        try:
            await _session(socket, model)
        finally:
            webcams.count -= 1


async def _session(socket: WebSocket, model: PersonModel) -> None:
    desk: Desk = socket.app.state.desk
    try:
        while True:
            async with asyncio.timeout(desk.limits.idle_seconds):
                frame = await socket.receive_bytes()
            start = time.perf_counter()
            mask = await _mask(desk, frame, model)
            await socket.send_json({"ms": round(1000 * (time.perf_counter() - start), 1)})
            await socket.send_bytes(mask)
    except WebSocketDisconnect:
        return
    except TimeoutError:
        await socket.close(POLICY, "no frame came for a while")
    except KeyError:
        await socket.close(POLICY, "send frames as binary messages")
    except Problem as problem:
        code = TOO_BIG if problem.status == 413 else LATER
        await socket.close(code, problem.detail[:120])
    except TooLarge as error:
        await socket.close(TOO_BIG, str(error)[:120])
    except PipelineError as error:
        await socket.close(POLICY, str(error)[:120])


async def _mask(desk: Desk, frame: bytes, model: PersonModel) -> bytes:
    """The mask of a frame; its place in the line is its own, for sessions are counted already."""
    if len(frame) > desk.limits.frame_bytes:
        raise Problem(413, f"a frame of {len(frame)} bytes; at most {desk.limits.frame_bytes}")

    def work() -> bytes:
        photo = read_photo(frame, "the frame", desk.limits.frame_pixels)
        cutter = PersonCutter(desk.studio.networks.persons(model))
        return _as_png(cutter.alpha(photo.rgb, quick=True))

    return await desk.line.frame(work)


def _as_png(alpha: Alpha) -> bytes:
    """A mask as the alpha of a black PNG, packed quickly rather than well."""
    stream = io.BytesIO()
    pixels = np.dstack([np.zeros_like(alpha), alpha])
    Image.fromarray(pixels, "LA").save(stream, "PNG", compress_level=1)
    return stream.getvalue()
