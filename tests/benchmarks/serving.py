"""One cutout by every door: rembg's pipeline, the library, HTTP, the page, the webcam.

The network has the size of person_se and has learnt the drawn examples, so that its masks have an
edge to refine: how long that takes depends on them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import onnx
from PIL import Image
from playwright.sync_api import Page
from rembg import new_session, remove
from websockets.sync.client import connect

from pipeline.editing.studio import Studio
from pipeline.images import RGB
from pipeline.inference.engines.machine import has_bf16
from pipeline.inference.examples import example_picture
from pipeline.inference.export import export_onnx
from pipeline.networks.deeplab import IMAGENET_MEAN, IMAGENET_STD
from pipeline.photos import Photo
from tests.benchmarks.inference import NETWORKS, learn
from tests.benchmarks.measure import Timing, compare
from tests.browser import WEBCAM, chromium
from tests.serving.web.house import serving

PICTURE = (960, 1280)
FRAME = (480, 640)
REMBG = (320, 320)
"""Frame of rembg's own networks: it offers no other to one that is brought along."""

QUICKEST = "openvino-bf16" if has_bf16() else "openvino-f32"


def against_rembg() -> list[Timing]:
    """A picture's pixels to a cutout's, with the same weights in the same frame."""
    with TemporaryDirectory() as folder:
        weights = _weights(Path(folder), REMBG)
        file = Path(folder) / "rembg.onnx"  # beside its weights ours would take it for their export
        export_onnx(weights, file)
        _take_normalised(file)
        os.environ["U2NET_HOME"] = folder  # it takes models from there alone
        session = new_session("u2net_custom", model_path=str(file))
        photo = Photo(example_picture(0, *PICTURE))
        picture = Image.fromarray(photo.rgb)

        def rembg(**options: bool) -> Callable[[], Any]:
            return lambda: remove(picture, session=session, **options)

        def ours(backend: str) -> Callable[[], Any]:
            studio = Studio(Path(folder), {"person_se": weights}, backend, "cpu", download=False)
            return lambda: studio.cut_out(photo)

        ways = {
            "rembg, matting of the edge": rembg(alpha_matting=True),
            "rembg, edge as the network gives it": rembg(),
            "clearscene, onnxruntime": ours("onnxruntime"),
            f"clearscene, {QUICKEST}": ours(QUICKEST),
        }
        job = f"a cutout of {PICTURE[1]}x{PICTURE[0]}, person_se at {REMBG[0]}x{REMBG[1]}"
        return compare(job, ways, rounds=3)


def doors() -> list[Timing]:
    """Round trips: what HTTP, the page and encoding add to the work; and a webcam's frame."""
    with TemporaryDirectory() as folder:
        weights = _weights(Path(folder), NETWORKS["person_se"][1])
        studio = Studio(Path(folder), {"person_se": weights}, QUICKEST, "cpu", download=False)
        with serving(studio) as address:
            return [*_round_trips(studio, address), *_webcam(studio, address)]


def _take_normalised(file: Path) -> None:
    """Undo in the network what rembg does to pixels: ours wants them as they are."""
    model = onnx.load(file)
    graph = model.graph
    raw, graph.input[0].name = graph.input[0].name, "normalised"
    for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
        plane = np.array(values, np.float32).reshape(1, 3, 1, 1)
        graph.initializer.append(onnx.numpy_helper.from_array(plane, name))
    graph.node.insert(0, onnx.helper.make_node("Add", ["scaled", "mean"], [raw]))
    graph.node.insert(0, onnx.helper.make_node("Mul", ["normalised", "std"], ["scaled"]))
    onnx.save(model, file)


def _weights(folder: Path, frame: tuple[int, int]) -> Path:
    os.environ["CLEARSCENE_CACHE"] = str(folder)
    return learn(folder, NETWORKS["person_se"][0], frame)


def _round_trips(studio: Studio, address: str) -> list[Timing]:
    picture = example_picture(0, *PICTURE)
    photo, jpeg = Photo(picture), _jpeg(picture)

    def by_http() -> None:
        answer = httpx.post(f"{address}/api/cutout", files={"image": jpeg}, timeout=120)
        answer.raise_for_status()

    with _page(address) as page:

        def by_page() -> None:
            page.set_input_files(
                "#cut .stage input[type=file]",
                {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": jpeg},
            )
            page.click("#cut .primary")
            page.wait_for_selector("#cut .download:enabled")

        ways = {
            "the work alone": lambda: studio.cut_out(photo),
            "by HTTP, JPEG to PNG": by_http,
            "by the page, from the choice to the result": by_page,
        }
        job = f"a cutout of {PICTURE[1]}x{PICTURE[0]}, {QUICKEST}"
        return compare(job, ways, rounds=5)


def _webcam(studio: Studio, address: str) -> list[Timing]:
    """Milliseconds a frame; 1000 by them is the rate."""
    picture = example_picture(0, *FRAME)
    frame, network = _jpeg(picture), studio.networks.persons("person_se")
    with connect(f"{address.replace('http', 'ws')}/api/webcam") as socket:

        def by_socket() -> None:
            socket.send(frame)
            socket.recv(60)
            socket.recv(60)

        ways = {
            "the network alone": lambda: network.probability(picture),
            "JPEG to mask over a WebSocket": by_socket,
        }
        return compare(f"a webcam's frame of {FRAME[1]}x{FRAME[0]}, {QUICKEST}", ways, rounds=10)


@contextmanager
def _page(address: str) -> Iterator[Page]:
    with chromium(*WEBCAM) as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(address)
        yield page


def _jpeg(picture: RGB) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "JPEG", quality=90)
    return stream.getvalue()
