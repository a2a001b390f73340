"""`clearscene serve` and `clearscene bot` as processes, and what an installation may lack."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.serving.conftest import COMMAND, Clearscene, assert_one_line

PATIENCE = 120.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def health(port: int) -> int | None:
    """Status of /healthz; None while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_server_answers_until_it_is_told_to_stop(
    end: signal.Signals, light_models: Path
) -> None:
    port = free_port()
    command = [COMMAND, "serve", "--port", str(port), "--models", light_models, "--no-download"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        limit = time.monotonic() + PATIENCE
        while (status := health(port)) is None:
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < limit
            time.sleep(0.1)
        assert status == 200
        run.send_signal(end)
        _, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 0, err
    assert f"person_se: {light_models}" in err
    assert "Traceback" not in err


def test_an_empty_key_lets_nobody_in(
    clearscene: Clearscene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARSCENE_API_KEY", "")
    assert_one_line(clearscene("serve"), 2, "CLEARSCENE_API_KEY is empty")


def test_a_bot_without_token_is_one_line(
    clearscene: Clearscene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLEARSCENE_BOT_TOKEN", raising=False)
    assert_one_line(clearscene("bot"), 2, "CLEARSCENE_BOT_TOKEN is not set")


def test_a_token_that_is_none_is_one_line(
    models: Path, clearscene: Clearscene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARSCENE_BOT_TOKEN", "no token")
    outcome = clearscene("bot", "--models", models)
    assert outcome.exit_code == 2
    assert outcome.err.splitlines()[-1].startswith("clearscene: ")
    assert "no token" not in outcome.err


@pytest.mark.parametrize(
    ("missing", "command", "remedy"),
    [
        ("fastapi", ["serve", "--port", "0"], "clearscene[serve]"),
        ("uvicorn", ["serve", "--port", "0"], "clearscene[serve]"),
        ("aiogram", ["bot"], "clearscene[bot]"),
        ("torch", ["export", "person_se", "out.onnx"], "clearscene[train]"),
    ],
)
def test_what_is_not_installed_is_named_with_its_remedy(
    missing: str, command: list[str], remedy: str, tmp_path: Path
) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv[0] = 'clearscene'; "
        "from pipeline.serving.cli import main; main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *command],
        cwd=tmp_path,
        env={**os.environ, "CLEARSCENE_BOT_TOKEN": "123456:" + "A" * 35},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode in (1, 2), run.stderr
    assert remedy in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
