"""Person Segmentation from Kaggle: the real kagglehub, against a server on this machine.

kagglehub's SDK knows its servers by a table, and has no setting for another address: the tests
put the loopback server into that table. What Kaggle itself answers is imitated.
"""

from __future__ import annotations

import io
import json
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import PipelineError
from pipeline.images import read_mask
from pipeline.sources.sets.kaggle import DATASET, fetch_person_segmentation

pytest.importorskip("kagglehub", reason="needs the extra `downloads`")

FILES = {
    "images/1.jpg": b"one", "images/2.jpg": b"two", "masks/1.png": b"m1", "masks/2.png": b"m2",
    "segmentation/train.txt": b"1\n2\n",
}  # fmt: skip


class Kaggle:
    """Answers as Kaggle's API does; `status` for all of it, `prefix` is the folder in the zip."""

    def __init__(self) -> None:
        self.status, self.prefix, self.files = 200, "", dict(FILES)
        self.asked: list[tuple[str, dict[str, Any], str]] = []

    def archive(self) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as packed:
            for name, data in self.files.items():
                packed.writestr(f"{self.prefix}{name}", data)
        return stream.getvalue()


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kaggle]:
    api = Kaggle()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            method = self.path.rpartition("/")[2]
            api.asked.append((method, body, self.headers.get("Authorization", "")))
            if api.status != 200:
                self.answer(api.status, b'{"code": %d, "message": "no"}' % api.status)
            elif method == "GetDataset":
                self.answer(200, b'{"currentVersionNumber": 3}')
            else:
                self.send_response(302)
                self.send_header("Location", "/archive.zip")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def do_GET(self) -> None:
            self.answer(200, api.archive(), "application/zip")

        def answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    own_surroundings(monkeypatch, tmp_path, f"http://127.0.0.1:{server.server_port}")
    yield api
    server.shutdown()
    server.server_close()
    thread.join()


def own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> None:
    from kagglesdk import kaggle_env

    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, url)
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "no_credentials"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)


def content(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("prefix", ["", "people_segmentation/", "archive/people_segmentation/"])
def test_the_set_is_laid_out_whatever_the_folder_in_the_archive_is_called(
    kaggle: Kaggle, tmp_path: Path, prefix: str
) -> None:
    kaggle.prefix = prefix
    assert fetch_person_segmentation(tmp_path / "people") == 5
    assert content(tmp_path / "people") == FILES
    owner, name = DATASET.split("/")
    assert [asked[0] for asked in kaggle.asked] == ["GetDataset", "DownloadDataset"]
    assert kaggle.asked[1][1] == {
        "ownerSlug": owner, "datasetSlug": name, "datasetVersionNumber": 3,
        **{key: value for key, value in kaggle.asked[1][1].items() if not value},
    }  # fmt: skip


def test_masks_of_0_and_1_become_masks_of_0_and_255(kaggle: Kaggle, tmp_path: Path) -> None:
    levels = np.arange(64, dtype=np.uint8).reshape(8, 8) % 2
    for name, grey in (("masks/1.png", levels), ("masks/2.png", levels * 255)):
        stream = io.BytesIO()
        Image.fromarray(grey).save(stream, format="PNG")
        kaggle.files[name] = stream.getvalue()
    fetch_person_segmentation(tmp_path / "out")
    for name in ("1", "2"):
        assert np.array_equal(read_mask(tmp_path / "out/masks" / f"{name}.png"), levels > 0)
    assert (tmp_path / "out/masks/2.png").read_bytes() == kaggle.files["masks/2.png"]


def test_what_is_in_the_cache_is_not_downloaded_again(kaggle: Kaggle, tmp_path: Path) -> None:
    for _ in range(2):
        fetch_person_segmentation(tmp_path / "people")
    assert [asked[0] for asked in kaggle.asked].count("DownloadDataset") == 1
    assert content(tmp_path / "people") == FILES


def test_credentials_are_sent(
    kaggle: Kaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    fetch_person_segmentation(tmp_path / "people")
    assert kaggle.asked[0][2].startswith("Basic ")


def test_a_set_without_its_lists_of_names_is_taken(kaggle: Kaggle, tmp_path: Path) -> None:
    del kaggle.files["segmentation/train.txt"]
    assert fetch_person_segmentation(tmp_path / "people") == 4


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_names_the_credentials_and_the_way_by_hand(
    kaggle: Kaggle, tmp_path: Path, status: int
) -> None:
    kaggle.status = status
    with pytest.raises(PipelineError) as raised:
        fetch_person_segmentation(tmp_path / "people")
    text = str(raised.value)
    for said in (f"HTTP {status}", "kaggle.json", "KAGGLE_KEY", "inputs.people"):
        assert said in text
    assert len(text.splitlines()) == 1
    assert not (tmp_path / "people").exists()


@pytest.mark.parametrize("status", [404, 503])
def test_other_answers_are_named_without_talk_of_credentials(
    kaggle: Kaggle, tmp_path: Path, status: int
) -> None:
    kaggle.status = status
    with pytest.raises(PipelineError, match=f"HTTP {status}; start again later") as raised:
        fetch_person_segmentation(tmp_path / "people")
    assert "kaggle.json" not in str(raised.value)


def test_a_server_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_surroundings(monkeypatch, tmp_path, "http://127.0.0.1:9")
    with pytest.raises(PipelineError, match="could not be fetched from Kaggle") as raised:
        fetch_person_segmentation(tmp_path / "people")
    assert len(str(raised.value).splitlines()) == 1


def test_a_credentials_file_that_is_none_is_named(kaggle: Kaggle, tmp_path: Path) -> None:
    (tmp_path / "no_credentials").mkdir()
    (tmp_path / "no_credentials" / "kaggle.json").write_text("{")
    with pytest.raises(PipelineError, match=r"Invalid Kaggle credentials file at .*kaggle\.json"):
        fetch_person_segmentation(tmp_path / "people")


def test_another_layout_is_refused_with_what_is_missing(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.files = {"set/images/1.jpg": b"1", "set/labels/1.png": b"2"}
    with pytest.raises(PipelineError, match="these folders are missing: masks"):
        fetch_person_segmentation(tmp_path / "people")


def test_without_kagglehub_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(PipelineError, match=r"pip install -e '\.\[downloads\]'"):
        fetch_person_segmentation(tmp_path / "people")
