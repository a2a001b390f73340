"""A server on a free port of the loopback, and tiny networks for it."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import uvicorn
from fastapi import FastAPI
from PIL import Image

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.editing.options import Cut, Removal
from pipeline.editing.studio import Studio
from pipeline.networks.build import build
from pipeline.photos import Photo
from pipeline.serving.web import Limits, create_app
from tests.tiny import EXPORTABLE, architecture_of


def write_networks(models: Path) -> None:
    """Random weights of every network but `central_person`, with cards that say what they are."""
    for number, network in enumerate(EXPORTABLE):
        architecture, frame = architecture_of(network)
        torch.manual_seed(number)
        state = build(architecture).state_dict()
        scores = {"jaccard": 0.5 + number / 100}
        card = Card(
            network,
            architecture,
            frame,
            {},
            f"{number:064x}",
            "c0ffee",
            state_hash(state),
            1,
            scores,
        )
        (models / network).mkdir(parents=True)
        save_weights(models / network / "best.pt", state, card)


def picture(height: int = 60, width: int = 80, seed: int = 1, kind: str = "png") -> bytes:
    """A noisy picture of some hundred bytes to megabytes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return encoded(pixels, kind)


def cutout(height: int = 24, width: int = 16) -> bytes:
    """An opaque ellipse on nothing."""
    rows, columns = np.mgrid[:height, :width]
    far = np.hypot(rows / height * 2 - 1, columns / width * 2 - 1)
    rgba = np.full((height, width, 4), 200, np.uint8)
    rgba[..., 3] = np.where(far < 0.9, 255, 0)
    return encoded(rgba)


def encoded(pixels: np.ndarray[Any, np.dtype[np.uint8]], kind: str = "png") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


class GatedStudio(Studio):
    """The studio, but it cuts out only while its gate is open; it notes what it began."""

    gate: threading.Event
    begun: list[tuple[int, int]]

    @classmethod
    def of(cls, models: Path) -> GatedStudio:
        studio = cls(models, download=False, backend="torch")
        studio.gate, studio.begun = threading.Event(), []
        return studio

    def cut_out(self, photo: Photo, wanted: Cut | None = None) -> Photo:
        self.begun.append(photo.shape)
        assert self.gate.wait(60), "nobody opened the gate"
        return super().cut_out(photo, wanted)


class ShuttingStudio(Studio):
    """The studio, but of dark pictures it sees nothing: neither people nor cars."""

    def cut_out(self, photo: Photo, wanted: Cut | None = None) -> Photo:
        height, width = photo.shape
        plane = np.full((height, width), 255 * (photo.rgb.mean() > 50), np.uint8)
        if wanted is not None and wanted.mask:
            return Photo(np.dstack([plane] * 3))
        return Photo(photo.rgb, plane)

    def remove_cars(self, photo: Photo, wanted: Removal | None = None) -> Photo:
        return Photo(255 - photo.rgb) if photo.rgb.mean() > 50 else photo


@contextmanager
def serving(
    studio: Studio, limits: Limits | None = None, api_key: str | None = None, **further: Any
) -> Iterator[str]:
    """Serve in a thread; gives the address."""
    with serving_app(create_app(studio, limits, api_key, **further)) as address:
        yield address


@contextmanager
def serving_app(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive(), "the server did not stop"
