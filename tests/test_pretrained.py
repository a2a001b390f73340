"""ImageNet weights over HTTP, from a server on loopback."""

from __future__ import annotations

import gc
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torchvision.models import get_model

from pipeline.errors import PipelineError
from pipeline.networks.build import build
from pipeline.pretrained import imagenet_state, pretrained_state

OTHER_HASH = "resnet18-00000000.pth"


class Server(NamedTuple):
    """A running server and the paths it was asked for."""

    address: str
    asked: list[str]


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Server]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            asked.append(name)
            if name not in files:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(files[name])))
            self.end_headers()
            self.wfile.write(files[name])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield Server(f"http://127.0.0.1:{server.server_port}", asked)
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where torch.hub keeps what it has fetched: empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(5)
    return dict(get_model("resnet18").state_dict())


@pytest.fixture(scope="module")
def content(state: dict[str, Tensor]) -> bytes:
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def name(content: bytes) -> str:
    return f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"


def refusal(url: str) -> str:
    with pytest.raises(PipelineError) as raised:
        imagenet_state("resnet18", url)
    return str(raised.value)


def test_weights_are_fetched_once_and_then_need_no_server(
    state: dict[str, Tensor], content: bytes, name: str, cache: Path
) -> None:
    with serving({name: content}) as server:
        url = f"{server.address}/{name}"
        fetched = imagenet_state("resnet18", url)
    again = imagenet_state("resnet18", url)
    assert server.asked == [name]
    assert [file.name for file in cache.iterdir()] == [name]
    for key, tensor in state.items():
        assert torch.equal(fetched[key], tensor)
        assert torch.equal(again[key], tensor)


def test_fetched_weights_fit_the_encoder(content: bytes, name: str) -> None:
    with serving({name: content}) as server:
        imagenet = imagenet_state("resnet18", f"{server.address}/{name}")
    numbers = {"encoder": "resnet18", "width": 8, "low_width": 8, "se_ratio": 2}
    network = build({"name": "deeplab_v3_plus", **numbers, "imagenet": imagenet})
    weight = network.state_dict()["encoder.stem.0.weight"]
    assert torch.equal(weight, imagenet["conv1.weight"])


def test_weights_of_another_hash_are_refused_and_not_kept(content: bytes, cache: Path) -> None:
    with serving({OTHER_HASH: content}) as server:
        text = refusal(f"{server.address}/{OTHER_HASH}")
    assert text.startswith(f"pretrained weights of resnet18 from {server.address}/{OTHER_HASH}")
    assert "damaged (invalid hash value" in text
    assert len(text.splitlines()) == 1
    assert list(cache.iterdir()) == []


def test_a_page_in_place_of_weights_is_refused(cache: Path) -> None:
    with serving({OTHER_HASH: b"<html>Log in to the hotel's network</html>"}) as server:
        assert "damaged (invalid hash value" in refusal(f"{server.address}/{OTHER_HASH}")
    assert list(cache.iterdir()) == []


def assert_says_what_to_do(text: str, url: str, cache: Path) -> None:
    assert text.startswith(f"pretrained weights of resnet18 could not be fetched from {url} (")
    assert f"go online, put the file into {cache}, or set pretrained: false" in text
    assert len(text.splitlines()) == 1


def test_a_dead_server_costs_one_line_that_says_what_to_do(cache: Path) -> None:
    with serving({}) as server:
        url = f"{server.address}/{OTHER_HASH}"
    assert_says_what_to_do(refusal(url), url, cache)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_server_without_the_file_costs_one_line_that_says_what_to_do(cache: Path) -> None:
    with serving({}) as server:
        url = f"{server.address}/{OTHER_HASH}"
        text = refusal(url)
    gc.collect()  # urllib's error holds the answer open: let it go here, not in another test
    assert_says_what_to_do(text, url, cache)


@pytest.mark.parametrize("left_over", [b"", b"<html>", b"PK\x03\x04 half an archive"])
def test_a_damaged_file_in_the_cache_is_named_in_one_line(left_over: bytes, cache: Path) -> None:
    """Where a machine is offline, people put the file there by hand."""
    cache.mkdir(parents=True)
    (cache / OTHER_HASH).write_bytes(left_over)
    text = refusal(f"http://127.0.0.1:9/{OTHER_HASH}")
    assert str(cache) in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        ("deeplabv3_resnet101", "COCO_WITH_VOC_LABELS_V1"),
        ("maskrcnn_resnet50_fpn", "COCO_V1"),
        ("resnet50", "IMAGENET1K_V2"),
    ],
)
def test_weights_of_other_tasks_are_fetched_by_name_and_say_what_else_can_be_done(
    model: str, weights: str, content: bytes, name: str, cache: Path
) -> None:
    with serving({name: content}) as server:
        url = f"{server.address}/{name}"
        fetched = pretrained_state(model, weights, "do something else", url)
        assert "conv1.weight" in fetched
    gone = f"http://127.0.0.1:9/{OTHER_HASH}"
    with pytest.raises(PipelineError) as raised:
        pretrained_state(model, weights, "do something else", gone)
    assert str(raised.value).startswith(f"pretrained weights of {model} could not be fetched")
    assert str(raised.value).endswith("or do something else")
