"""A real SQLite store, and weights to register in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from mlflow.tracking import MlflowClient

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.networks.build import build
from pipeline.tracking import Contender

DEEPLAB: dict[str, Any] = {
    "name": "deeplab_v3_plus", "encoder": "resnet18", "width": 8, "low_width": 8, "se_ratio": 0,
}  # fmt: skip


@pytest.fixture
def client(tmp_path: Path, migrated_store: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A store at the root of a repository of its own."""
    shutil.copy(migrated_store, tmp_path / "mlflow.db")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")


@pytest.fixture(scope="session")
def contender(tmp_path_factory: pytest.TempPathFactory) -> Contender:
    """A real, small network with random weights and val_jaccard 0.5."""
    torch.manual_seed(0)
    state = build(DEEPLAB).state_dict()
    scores = {"val_jaccard": 0.5, "val_loss": 0.3}
    card = Card(
        "person_se", DEEPLAB, (32, 32), {}, "data", "abc", state_hash(state), 1, scores
    )  # fmt: skip
    file = tmp_path_factory.mktemp("contender") / "best.pt"
    save_weights(file, state, card)
    return Contender(file, card, "val_jaccard", True, {"test_jaccard": 0.4}, "# Card")
