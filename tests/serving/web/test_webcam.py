"""Frames in, masks out, over a real WebSocket."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from pipeline.editing.cutout import PersonCutter
from pipeline.editing.studio import Studio
from pipeline.photos import read_photo
from pipeline.serving.web import Limits
from tests.serving.web.house import picture, serving
from tests.serving.web.test_bounds import until


def dial(address: str, query: str = "", **options: Any) -> ClientConnection:
    return connect(f"{address.replace('http', 'ws')}/api/webcam{query}", **options)


def mask(socket: ClientConnection, frame: bytes) -> np.ndarray[Any, Any]:
    socket.send(frame)
    assert json.loads(socket.recv(60))["ms"] > 0
    answer = socket.recv(60)
    assert isinstance(answer, bytes)
    return np.asarray(Image.open(io.BytesIO(answer)).getchannel("A"))


def closing(socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(60)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


def test_every_frame_is_answered_by_a_mask_of_its_size(client: httpx.Client) -> None:
    with dial(str(client.base_url).rstrip("/")) as socket:
        first = mask(socket, picture(72, 128, seed=1, kind="jpeg"))
        second = mask(socket, picture(90, 90, seed=2, kind="webp"))
        assert first.shape == (72, 128)
        assert second.shape == (90, 90)
        assert client.get("/healthz").json()["webcams"] == 1
    until(lambda: client.get("/healthz").json()["webcams"] == 0)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"no picture", 1008),
        (bytes(3000), 1009),
        (picture(200, 200, kind="jpeg")[:900], 1008),
        ("text", 1008),
    ],
)
def test_a_frame_that_is_none_closes_with_a_reason(
    studio: Studio, frame: bytes | str, code: int
) -> None:
    with serving(studio, Limits(frame_bytes=2000)) as address, dial(address) as socket:
        socket.send(frame)
        told = closing(socket)
        assert told[0] == code
        assert httpx.get(f"{address}/healthz").status_code == 200


def test_too_many_pixels_models_and_webcams_are_refused(studio: Studio) -> None:
    limits = Limits(webcams=1, frame_pixels=5000, idle_seconds=60)
    with serving(studio, limits) as address:
        with dial(address) as socket:
            mask(socket, picture())
            with dial(address) as second:
                code, reason = closing(second)
                assert code == 1013
                assert "busy" in reason
            socket.send(picture(100, 100))
            assert closing(socket)[0] == 1009
        until(lambda: httpx.get(f"{address}/healthz").json()["webcams"] == 0)
        with dial(address, "?model=dog") as socket:
            assert closing(socket)[0] == 1008
        with dial(address) as socket:
            mask(socket, picture())


def test_a_webcam_that_sends_nothing_is_closed(studio: Studio) -> None:
    with serving(studio, Limits(idle_seconds=0.3)) as address, dial(address) as socket:
        assert "no frame" in closing(socket)[1]


def test_the_key_comes_as_a_protocol_and_other_sites_are_refused(
    studio: Studio, tmp_path: Path
) -> None:
    key = base64.urlsafe_b64encode(b"correct-horse").decode().rstrip("=")
    with serving(studio, api_key="correct-horse") as address:
        for protocols in (["clearscene"], ["clearscene", "key.d3Jvbmc"], ["clearscene", "key.%"]):
            with pytest.raises(InvalidStatus) as refused:
                dial(address, subprotocols=[Subprotocol(one) for one in protocols])
            assert refused.value.response.status_code == 403
        right = [Subprotocol("clearscene"), Subprotocol(f"key.{key}")]
        with dial(address, subprotocols=right) as socket:
            assert socket.subprotocol == "clearscene"
            assert mask(socket, picture()).shape == (60, 80)
        with pytest.raises(InvalidStatus):
            dial(address, subprotocols=right, origin="https://evil.example")


def test_a_mask_is_what_the_studio_finds_quickly(client: httpx.Client, studio: Studio) -> None:
    frame = picture(72, 128, seed=3)
    cutter = PersonCutter(studio.networks.persons("person_se"))
    with dial(str(client.base_url).rstrip("/")) as socket:
        found = mask(socket, frame)
    np.testing.assert_array_equal(found, cutter.alpha(read_photo(frame).rgb, quick=True))
