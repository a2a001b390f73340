"""What several tests of edits stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.editing.catalogue import ARCHITECTURES
from tests.editing.known import write_weights


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like `models/` with random weights of every network that edits use."""
    folder = tmp_path_factory.mktemp("models")
    for network, architecture in ARCHITECTURES.items():
        write_weights(folder, network, architecture)
    return folder
