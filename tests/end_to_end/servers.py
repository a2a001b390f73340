"""MLflow as a process of its own, on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

from tests.end_to_end.conftest import Repository


@contextmanager
def mlflow_process(repository: Repository, *command: str) -> Iterator[str]:
    """Run `mlflow COMMAND` until the block ends; give its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = repository.start("mlflow", *command, "--host", "127.0.0.1", "--port", str(port))
    try:
        yield wait_for(f"http://127.0.0.1:{port}", process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urlopen(f"{address}/health", timeout=5):
                return address
        except OSError:  # refused, broken off, or too slow under load
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.3)
