"""A real server process under load: flat memory, nothing accepted is lost, a graceful end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from pipeline.photos import read_photo
from tests.serving.web.house import cutout, picture
from tests.serving.web.test_bounds import until, waiting

pytestmark = pytest.mark.long
SERVER = """
import sys
from pathlib import Path
from pipeline.editing.studio import Studio
from pipeline.serving.web import Limits, run
models, port, places = sys.argv[1:]
studio = Studio(Path(models), download=False, backend="torch")
run(studio, "127.0.0.1", int(port), Limits(places=int(places)), None)
"""
REQUESTS, WARM = 1000, 250
SLOPE = 20.0
"""Kilobytes of memory a request, at most: a leaked picture of this test would be 150 or more."""


@contextmanager
def process(models: Path, places: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server in a process of its own, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVER, str(models), str(port), str(places)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        address = f"http://127.0.0.1:{port}"
        drained = threading.Thread(target=lambda: server.stdout and server.stdout.read())
        drained.start()
        try:
            _await(server, address)
            yield server, address
        finally:
            server.kill()
            drained.join()


def _await(server: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(1200):
        assert server.poll() is None, "the server ended"
        try:
            httpx.get(f"{address}/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start within two minutes")


def ask(client: httpx.Client, number: int) -> httpx.Response:
    """One of a round of requests: every endpoint, several sizes, some of them wrong."""
    height, width = 200 + 10 * (number % 7), 260 + 10 * (number % 5)
    image = picture(height, width, seed=number % 9, kind="jpeg")
    files = {"image": ("a.jpg", image)}
    match number % 6:
        case 0:
            return client.post("/api/cutout", files=files)
        case 1:
            fields = {"background": "blur", "format": "jpeg", "model": "person_bce_dice"}
            return client.post("/api/cutout", files=files, data=fields)
        case 2:
            return client.post("/api/remove-cars", files=files)
        case 3:
            both = {"scene": image, "cutout": cutout(80, 50)}
            return client.post("/api/cast-shadow", files=both, data={"x": "100", "y": "180"})
        case 4:
            return client.post("/api/cutout", files={"image": image[: len(image) // 2]})
        case _:
            return client.get("/api/models")


def test_memory_is_flat_over_a_thousand_requests(
    web_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kilobytes, answers = [], Counter[int]()
    with process(web_models, 8) as (server, address):
        watched = psutil.Process(server.pid)
        with httpx.Client(base_url=address, timeout=120) as client:
            for number in range(REQUESTS):
                answers[ask(client, number).status_code] += 1
                kilobytes.append(watched.memory_info().rss / 1024)
    settled = np.array(kilobytes[WARM:])
    slope = float(np.polyfit(np.arange(len(settled)), settled, 1)[0])
    first, warm, last = (kilobytes[index] / 1024 for index in (0, WARM, -1))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{REQUESTS} requests: {dict(answers)}; memory {first:.0f} MB after the first, "
            f"{warm:.0f} after {WARM}, {last:.0f} at the end; slope {slope:+.2f} kB a request\n"
        )
    assert set(answers) <= {200, 422}
    assert answers[422] == len(range(4, REQUESTS, 6))
    assert slope < SLOPE


def test_sixteen_clients_at_once_get_a_picture_or_are_sent_away(
    web_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = picture(200, 260, kind="jpeg")

    def client(_: int) -> Counter[int]:
        statuses = Counter[int]()
        with httpx.Client(base_url=address, timeout=120) as client:
            for _ in range(10):
                answer = client.post("/api/cutout", files={"image": image})
                statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    assert read_photo(answer.content).shape == (200, 260)
                else:
                    assert int(answer.headers["retry-after"]) >= 1
        return statuses

    with process(web_models, 8) as (_, address), ThreadPoolExecutor(16) as pool:
        total = sum(pool.map(client, range(16)), Counter[int]())
    with capsys.disabled():
        sys.stdout.write(f"\n16 clients, 10 requests each: {dict(total)}\n")
    assert set(total) == {200, 503}
    assert total[200] + total[503] == 160


def test_what_was_accepted_is_finished_when_the_server_is_told_to_stop(web_models: Path) -> None:
    image = picture(700, 900, kind="jpeg")
    with process(web_models, 8) as (server, address), ThreadPoolExecutor(4) as pool:

        def post(_: int) -> httpx.Response:
            return httpx.post(f"{address}/api/cutout", files={"image": image}, timeout=120)

        assert post(0).status_code == 200
        accepted = pool.map(post, range(4))
        until(lambda: waiting(address) == 4)
        server.send_signal(signal.SIGTERM)
        assert [answer.status_code for answer in accepted] == [200] * 4
        assert server.wait(60) in (0, -signal.SIGTERM)
        with pytest.raises(httpx.ConnectError):
            post(0)
