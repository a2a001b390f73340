"""One server with tiny networks for all tests that change nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.editing.studio import Studio
from tests.serving.web.house import serving, write_networks


@pytest.fixture(scope="session")
def web_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of every network but `central_person`. Shared: change nothing in it."""
    models = tmp_path_factory.mktemp("web") / "models"
    write_networks(models)
    return models


@pytest.fixture(scope="session")
def studio(web_models: Path) -> Studio:
    """The studio behind `client`."""
    return Studio(web_models, download=False, backend="torch")


@pytest.fixture(scope="session")
def client(studio: Studio) -> Iterator[httpx.Client]:
    """A client of a server with the usual limits and no key."""
    with serving(studio) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client
