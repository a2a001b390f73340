"""`clearscene cutout --watch`: pictures that come into a folder."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.photos import read_photo
from pipeline.serving.commands.files import Folders
from pipeline.serving.commands.naming import Naming
from pipeline.serving.commands.watching import Watched
from tests.interrupts import heed_interrupts
from tests.serving.conftest import COMMAND, write_scene

PATIENCE = 120.0


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    (tmp_path / "in").mkdir()
    return Watched(Folders(tmp_path / "in", tmp_path / "out", Naming(lossless=True)))


def names(watched: Watched) -> list[str]:
    """What is taken at the next look."""
    return [job.source.name for job in watched.look() if job.source is not None]


def test_a_picture_is_taken_once_when_two_looks_show_the_same(
    watched: Watched, tmp_path: Path
) -> None:
    write_scene(tmp_path / "in" / "a.png")
    assert [names(watched) for _ in range(4)] == [[], ["a.png"], [], []]


def test_a_picture_that_still_grows_is_waited_for(watched: Watched, tmp_path: Path) -> None:
    content = write_scene(tmp_path / "whole.png").read_bytes()
    for size in (100, 200, 300):
        (tmp_path / "in" / "a.png").write_bytes(content[:size])
        assert names(watched) == []
    assert names(watched) == ["a.png"]


def test_a_picture_that_changes_is_taken_again(watched: Watched, tmp_path: Path) -> None:
    file = tmp_path / "in" / "a.png"
    file.write_bytes(b"half")
    assert [names(watched) for _ in range(3)] == [[], ["a.png"], []]
    write_scene(file)
    assert [names(watched) for _ in range(3)] == [[], ["a.png"], []]


def test_other_and_hidden_files_are_left(watched: Watched, tmp_path: Path) -> None:
    (tmp_path / "in" / "notes.txt").touch()
    write_scene(tmp_path / "in" / ".a.png")
    assert [names(watched) for _ in range(3)] == [[], [], []]
    assert {file.name for file in watched.others} == {"notes.txt"}


class Lines:
    """What a process prints, as it comes."""

    def __init__(self, run: subprocess.Popen[str]) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.run = run
        assert run.stdout is not None
        assert run.stderr is not None
        streams = ((run.stdout, self.out), (run.stderr, self.err))
        self._threads = [threading.Thread(target=self._read, args=one) for one in streams]
        for thread in self._threads:
            thread.start()

    def _read(self, stream: Iterable[str], lines: list[str]) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))

    def wait(self, says: str, lines: list[str]) -> None:
        end = time.monotonic() + PATIENCE
        while not any(says in line for line in lines):
            assert self.run.poll() is None, (self.out, self.err)
            assert time.monotonic() < end, f"{says!r} was never said: {self.out} {self.err}"
            time.sleep(0.05)

    def end(self, number: signal.Signals) -> int:
        self.run.send_signal(number)
        code = self.run.wait(PATIENCE)
        for thread in self._threads:
            thread.join()
        return code


@contextmanager
def watching(tmp_path: Path, models: Path) -> Iterator[Lines]:
    command = [
        COMMAND, "cutout", tmp_path / "in", tmp_path / "out", "--watch",
        "--models", models, "--backend", "onnxruntime",
    ]  # fmt: skip
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_interrupts
    ) as run:
        lines = Lines(run)
        try:
            yield lines
        finally:
            run.kill()


def test_what_comes_in_is_cut_out_until_ctrl_c(tmp_path: Path, light_models: Path) -> None:
    early = write_scene(tmp_path / "in" / "early.jpg")
    with watching(tmp_path, light_models) as lines:
        lines.wait("early.jpg -> ", lines.out)
        write_scene(tmp_path / "in" / "deep" / "late.jpg")
        lines.wait("late.jpg -> ", lines.out)
        (tmp_path / "in" / "bad.jpg").write_bytes(early.read_bytes()[:200])
        lines.wait("bad.jpg: ", lines.err)
        write_scene(tmp_path / "in" / "bad.jpg")  # now it is whole
        lines.wait("bad.jpg -> ", lines.out)
        write_scene(tmp_path / "in" / "early.png")  # would become early.png, too
        lines.wait("would both become", lines.err)
        code = lines.end(signal.SIGINT)
    assert code == 1
    assert lines.out[-1].endswith(": 3 done, 2 failed")
    made = sorted(file for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert [file.name for file in made] == ["bad.png", "late.png", "early.png"]
    assert all(read_photo(file).alpha is not None for file in made)
    assert not any("Traceback" in line for line in lines.err)


def test_a_second_watch_leaves_what_is_done_and_ends_by_sigterm(
    tmp_path: Path, light_models: Path
) -> None:
    write_scene(tmp_path / "in" / "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"done before")
    with watching(tmp_path, light_models) as lines:
        write_scene(tmp_path / "in" / "b.png")
        lines.wait("b.png -> ", lines.out)
        code = lines.end(signal.SIGTERM)
    assert code == 0
    assert lines.out[-1].endswith(": 1 done, 1 there already")
    assert (tmp_path / "out" / "a.png").read_bytes() == b"done before"
