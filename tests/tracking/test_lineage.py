"""A training that starts from other weights names them, so that their run can be found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mlflow.tracking import MlflowClient

from pipeline.checkpoint import state_hash
from pipeline.params import load_params
from pipeline.stages import train
from pipeline.tracking import Contender
from pipeline.training.engine import Weights
from pipeline.training.resume import ResumeState


@pytest.fixture
def start(
    client: MlflowClient,
    tmp_path: Path,
    people_root: Path,
    mini_params: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], dict[str, str]]:
    """Track a training from that checkpoint, which learns nothing; give the tags of its run."""
    made = Weights({"weight": torch.ones(1)}, 1, {})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "_fit", lambda *_: None)
    monkeypatch.setattr(train, "trained", lambda _: SimpleNamespace(best=made))

    def tags(checkpoint: str) -> dict[str, str]:
        changes = {"networks.person_se.checkpoint": checkpoint}
        Path("params.yaml").write_text(mini_params(people_root, changes))
        split = Path("data/person_split/split.csv")
        module: Any = SimpleNamespace(name="person_se", lr=1e-3, split=split)
        resume = ResumeState(tmp_path / "resume")
        train._train_tracked(module, None, load_params(), {}, "da7a", resume)  # type: ignore[arg-type]
        run_id = resume.noted(train.RUN_NOTE) or ""
        found: dict[str, str] = client.get_run(run_id).data.tags
        assert found["weights_sha256"] == state_hash(made.state)
        return found

    return tags


def test_the_weights_it_started_from_are_named(
    start: Callable[[str], dict[str, str]], contender: Contender
) -> None:
    found = start(str(contender.weights))
    assert found["start_weights_sha256"] == contender.weights_sha256


def test_a_training_from_nothing_names_none(start: Callable[[str], dict[str, str]]) -> None:
    assert "start_weights_sha256" not in start("data/nothing")
