"""The bot as a process: its end by a signal, its secret, its memory."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from pipeline.serving.bot import TOKEN_VARIABLE, texts
from tests.photos.kinds import jpeg, saved
from tests.serving.bot.telegram import TOKEN, Telegram, gone, hang_up

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def running(
    api: Telegram, models: Path, log: Path, per_minute: int = 20
) -> Iterator[subprocess.Popen[bytes]]:
    """The bot, until the block ends; what it logs goes to a file."""
    command = [sys.executable, "-m", "tests.serving.bot.process", models, api.address]
    environment = {**os.environ, TOKEN_VARIABLE: TOKEN}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*map(str, command), str(per_minute)],
            env=environment, cwd=REPOSITORY, stdout=stream, stderr=stream,
        )  # fmt: skip
        try:
            api.until(lambda: api.polls > 0 or process.poll() is not None, seconds=120)
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.mark.long
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_picture_in_work(
    by: signal.Signals, api: Telegram, models: Path, tmp_path: Path
) -> None:
    with running(api, models, tmp_path / "log") as process:
        with api.held("sendDocument"):
            api.photo(jpeg())
            api.called("getFile")
            process.send_signal(by)
            api.write(2, text="/help")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
    assert [one.method for one in api.answers()] == ["sendDocument"]


@pytest.mark.long
def test_the_token_is_neither_in_the_log_nor_in_the_list_of_processes(
    api: Telegram, models: Path, tmp_path: Path
) -> None:
    api.fail("file", gone, gone, gone)
    api.fail("getUpdates", hang_up)
    with running(api, models, tmp_path / "log") as process:
        assert TOKEN not in " ".join(psutil.Process(process.pid).cmdline())
        api.photo(jpeg())
        assert api.wait(1)[0].text == texts.UNREACHABLE
    logged = (tmp_path / "log").read_text()
    assert "download: ClientResponseError" in logged
    assert TOKEN not in logged
    assert TOKEN.split(":")[1] not in logged


@pytest.mark.long
def test_300_photos_leave_no_memory_behind(
    api: Telegram, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (60, 80, 3), np.uint8)).resize((1600, 1200))
    photo, memory = saved(picture, "JPEG", quality=90), []
    with running(api, models, tmp_path / "log", per_minute=10_000) as process:
        watched = psutil.Process(process.pid)
        for count in range(1, 301):
            api.photo(photo, chat=count % 7 + 1)
            done = api.called("sendDocument", count, seconds=120)
            with Image.open(io.BytesIO(done[-1].document or b"")) as result:
                assert result.size == (1600, 1200)
            api.forget_files()
            memory.append(watched.memory_info().rss / 2**20)
    settled = np.array(memory[50:])
    slope = float(np.polyfit(np.arange(len(settled)), settled, 1)[0])
    with capsys.disabled():
        print(  # noqa: T201 - what the test is for
            f"\nbot: 300 photos of 1600×1200, {memory[0]:.0f} MB after the first, "
            f"{memory[-1]:.0f} MB after the last; slope {slope * 100:+.2f} MB per 100 photos"
        )
    assert slope * 100 < 10, "a picture of this size is 6 MB: one kept in ten would show"
    assert settled[-50:].mean() - settled[:50].mean() < 30
