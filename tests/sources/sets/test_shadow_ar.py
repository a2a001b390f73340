"""Shadow-AR from a folder, an archive, or Google Drive as far as a server here can imitate it."""

from __future__ import annotations

import io
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from pipeline.errors import PipelineError
from pipeline.sources.sets.shadow_ar import FOLDERS, drive_id, fetch_shadow_ar

DRIVE = "1aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"
FILES = {f"{folder}/{n}.jpg": f"{folder}{n}".encode() for folder in FOLDERS for n in (1, 2)}


def build(folder: Path, prefix: str = "") -> Path:
    for name, data in FILES.items():
        file = folder / prefix / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def zipped(prefix: str = "", more: int = 0) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("readme.txt", bytes(more))
        for name, data in FILES.items():
            packed.writestr(f"{prefix}{name}", data)
    return stream.getvalue()


def content(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def fetch(source: str | Path, tmp_path: Path) -> int:
    return fetch_shadow_ar(str(source), tmp_path / "out", tmp_path / "work")


@pytest.mark.parametrize("prefix", ["", "Shadow-AR", "data/Shadow-AR_dataset"])
def test_a_folder_is_copied_and_stays_the_users(tmp_path: Path, prefix: str) -> None:
    mine = build(tmp_path / "mine", prefix)
    (mine / prefix / "train" / "mask" / ".DS_Store").write_bytes(b"x")
    assert fetch(mine, tmp_path) == len(FILES)
    assert content(tmp_path / "out") == FILES
    for file in (tmp_path / "out").rglob("*.jpg"):
        assert file.stat().st_nlink == 1  # DVC makes its own read-only


@pytest.mark.parametrize("prefix", ["", "Shadow-AR/"])
def test_an_archive_is_unpacked_once(
    tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "set.zip").write_bytes(zipped(prefix))
    assert fetch(tmp_path / "set.zip", tmp_path) == len(FILES)
    monkeypatch.setattr(
        "pipeline.sources.sets.shadow_ar.unpack", lambda *_: pytest.fail("unpacked")
    )
    assert fetch(tmp_path / "set.zip", tmp_path) == len(FILES)
    assert content(tmp_path / "out") == FILES


def test_missing_folders_are_named(tmp_path: Path) -> None:
    mine = build(tmp_path / "mine", "set")
    (mine / "set" / "train" / "robject").rename(mine / "set" / "train" / "robjects")
    (mine / "set" / "test" / "mask").rename(mine / "set" / "test" / "Mask2")
    with pytest.raises(PipelineError) as raised:
        fetch(mine, tmp_path)
    assert str(raised.value).startswith(f"{mine / 'set'}: ")
    assert str(raised.value).endswith("these folders are missing: train/robject, test/mask")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("source", ["mine", "~/mine", "http://x/set.zip", "short", "a/b"])
def test_what_is_neither_a_path_nor_on_drive_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(PipelineError, match="neither an absolute path nor the address or id"):
        fetch(source, tmp_path)


def test_a_path_where_nothing_is_is_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="none is neither a folder nor a file; correct"):
        fetch(tmp_path / "none", tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        DRIVE,
        f"https://drive.google.com/file/d/{DRIVE}/view?usp=sharing",
        f"https://drive.google.com/open?id={DRIVE}",
        f"https://drive.google.com/uc?export=download&id={DRIVE}",
    ],
)
def test_the_id_of_a_drive_file_is_found(source: str) -> None:
    assert drive_id(source) == DRIVE


class Drive:
    """Answers as Google Drive does: a page that asks to confirm, then the file."""

    def __init__(self) -> None:
        self.body, self.page, self.cut = zipped(), "", 0
        self.asked: list[str] = []


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Drive]:
    """The real gdown; only the address that it has built in is led to this machine."""
    pytest.importorskip("gdown", reason="needs the extra `downloads`")
    imitated = Drive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            imitated.asked.append(self.headers.get("Range", ""))
            confirmed = "confirm" in parse_qs(urlsplit(self.path).query)
            if imitated.page or not confirmed:
                self.answer(imitated.page.encode() or FORM, "text/html; charset=utf-8")
            else:
                self.answer(imitated.body, "application/octet-stream")

        def answer(self, body: bytes, kind: str) -> None:
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) - start))
            if not kind.startswith("text"):
                self.send_header("Content-Disposition", 'attachment; filename="set.zip"')
                self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            cut = imitated.cut if not kind.startswith("text") else 0
            self.wfile.write(body[start : start + cut] if cut else body[start:])
            if cut:
                imitated.cut = 0

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    send = requests.adapters.HTTPAdapter.send

    def lead_here(self: Any, request: Any, *args: Any, **options: Any) -> Any:
        request.url = f"http://127.0.0.1:{server.server_port}{urlsplit(request.url).path}?" + (
            urlsplit(request.url).query
        )
        return send(self, request, *args, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lead_here)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield imitated
    server.shutdown()
    server.server_close()
    thread.join()


FORM = (
    b'<html><form id="download-form" action="https://drive.usercontent.google.com/download" '
    b'method="get"><input type="hidden" name="id" value="x">'
    b'<input type="hidden" name="confirm" value="t"></form></html>'
)


def test_a_file_on_drive_is_fetched_past_the_question_and_only_once(
    drive: Drive, tmp_path: Path
) -> None:
    for _ in range(2):
        assert fetch(f"https://drive.google.com/file/d/{DRIVE}/view", tmp_path) == len(FILES)
        assert content(tmp_path / "out") == FILES
    assert len(drive.asked) == 2  # the question, the file


def test_a_download_from_drive_that_breaks_off_is_gone_on_with(
    drive: Drive, tmp_path: Path
) -> None:
    drive.body, drive.cut = zipped(more=1_500_000), 600_000
    assert fetch(DRIVE, tmp_path) == len(FILES)
    assert drive.asked[-1] == f"bytes={512 * 1024}-"  # gdown keeps whole chunks


def test_a_refusal_of_drive_names_the_way_by_hand(drive: Drive, tmp_path: Path) -> None:
    drive.page = '<p class="uc-error-subcaption">Too many users have viewed this file.</p>'
    with pytest.raises(PipelineError) as raised:
        fetch(DRIVE, tmp_path)
    text = str(raised.value)
    assert text.startswith(f"shadows.source: Google Drive does not give {DRIVE} (")
    assert "Too many users" in text
    assert text.endswith("fetch it in a browser and give the absolute path of the archive")
    assert len(text.splitlines()) == 1


def test_what_is_no_archive_is_named_with_the_remedy(drive: Drive, tmp_path: Path) -> None:
    drive.body = b"<html>not what you asked for</html>"
    with pytest.raises(PipelineError, match="delete it, and it will be fetched again"):
        fetch(DRIVE, tmp_path)


def test_without_gdown_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(PipelineError, match=r"pip install -e '\.\[downloads\]'"):
        fetch(DRIVE, tmp_path)
