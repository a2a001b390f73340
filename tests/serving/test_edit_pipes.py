"""The editing commands as processes: pipes, signals, and what is left of an interrupted run."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.editing.studio import Studio
from pipeline.photos import read_photo
from tests.interrupts import heed_interrupts
from tests.photos.kinds import BAD
from tests.serving.conftest import COMMAND, process, scene, write_scene

PATIENCE = 120.0
"""Seconds: the machine may be busy with other things."""


@pytest.fixture
def options(light_models: Path) -> list[str]:
    return ["--models", str(light_models), "--backend", "onnxruntime", "--no-download"]


def png(seed: int = 0) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(scene(seed)).save(stream, format="PNG")
    return stream.getvalue()


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    command = [COMMAND, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_interrupts
    ) as run:
        try:
            yield run
        finally:
            run.kill()


def wait_for(there: Path, run: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not there.exists():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < end, f"{there} never came"
        time.sleep(0.02)


def test_a_picture_goes_through_a_pipe(light_models: Path, options: list[str]) -> None:
    run = process("cutout", "-", "-", *options, given=png())
    assert run.returncode == 0, run.stderr
    wanted = Studio(light_models, backend="onnxruntime").cut_out(read_photo(png()))
    assert wanted.alpha is not None
    with Image.open(io.BytesIO(run.stdout)) as image:  # and nothing else was printed
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), np.dstack([wanted.rgb, wanted.alpha]))
    assert run.stdout.endswith(b"IEND\xaeB`\x82")


def test_a_pipe_keeps_the_format_of_its_input(options: list[str]) -> None:
    stream = io.BytesIO()
    Image.fromarray(scene()).save(stream, format="JPEG")
    run = process("cutout", "-", "-", "--background", "red", *options, given=stream.getvalue())
    assert run.stdout.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("given", [b"", *(make() for make in list(BAD.values())[:1])])
def test_a_bad_picture_in_a_pipe_is_one_line(given: bytes, options: list[str]) -> None:
    run = process("cutout", "-", "-", *options, given=given)
    assert (run.returncode, run.stdout) == (1, b"")
    (line,) = [line for line in run.stderr.splitlines() if line.startswith(b"clearscene: ")]
    assert line.startswith(b"clearscene: standard input: ")
    assert b"Traceback" not in run.stderr


def test_a_reader_that_goes_away_is_no_traceback(options: list[str], tmp_path: Path) -> None:
    source = write_scene(tmp_path / "a.png")
    read, write = os.pipe()
    os.close(read)
    command = [COMMAND, "cutout", source, "-", *options]
    run = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert run.returncode == 1
    assert b"Traceback" not in run.stderr
    assert b"Exception ignored" not in run.stderr


def test_pictures_are_not_read_from_a_keyboard_nor_written_to_a_screen(
    options: list[str], tmp_path: Path
) -> None:
    source = write_scene(tmp_path / "a.png")
    main, terminal = pty.openpty()
    try:
        for arguments, says in (
            (["-", tmp_path / "b.png"], b"nothing comes from standard input"),
            ([source, "-"], b"not written to the screen"),
        ):
            run = subprocess.run(
                [COMMAND, "cutout", *arguments, *options],
                stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, check=False,
            )  # fmt: skip
            assert run.returncode == 2
            assert says in run.stderr
    finally:
        os.close(main)
        os.close(terminal)


def test_an_interrupted_folder_is_gone_on_with(tmp_path: Path, options: list[str]) -> None:
    count = 400
    content = png()
    (tmp_path / "in").mkdir()
    for number in range(count):
        (tmp_path / "in" / f"{number:03d}.png").write_bytes(content)
    arguments = ["cutout", tmp_path / "in", tmp_path / "out", *options]
    with started(*arguments) as run:
        wait_for(tmp_path / "out" / "002.png", run)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130, err
    assert out == ""
    assert err.splitlines()[-1].startswith("clearscene: stopped: ")
    assert "--skip-existing does the rest" in err
    assert "Traceback" not in err
    made = sorted((tmp_path / "out").iterdir())
    assert 3 <= len(made) < count
    assert all(file.suffix == ".png" and read_photo(file).alpha is not None for file in made)
    for file in (tmp_path / "in").iterdir():  # the rest, but not for minutes
        if int(file.stem) > len(made) + 2:
            file.unlink()
    run = process(*arguments, "--skip-existing")
    left = len(list((tmp_path / "in").iterdir())) - len(made)
    assert f"{left} done, {len(made)} there already".encode() in run.stdout, run.stderr
