"""Two processes over gloo do what one does: the same step, every sample once, a like score."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import torch

from pipeline.errors import PipelineError
from pipeline.params import parse_params
from pipeline.recipes import recipe
from pipeline.training.data import Batches
from pipeline.training.engine import Trained, trained
from pipeline.training.module import Datasets
from pipeline.training.order import EpochOrder
from pipeline.training.resume import ResumeState
from tests.recipes.samples import samples

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]


class Run(NamedTuple):
    """What one training left: by process, and in all."""

    records: list[dict[str, Any]]
    trained: Trained


@pytest.fixture(scope="module")
def run(mini_params: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    def run(network: str, devices: int, mode: str, epochs: int) -> Run:
        folder = tmp_path_factory.mktemp(f"{network}_{devices}_{mode}")
        changes = {
            "training.devices": devices, "training.precision": "32-true",
            "training.preview_every": 0,
            "networks.car_removal.label_smoothing": 0.0,  # every process draws labels of its own
            f"networks.{network}.batch_size": 4,
            f"networks.{network}.epochs": epochs, "lr": 1e-3,
            "networks.shadow.plateau.patience": 0,
        }  # fmt: skip
        params = folder / "params.yaml"
        params.write_text(mini_params(Path("/"), changes))
        command = [sys.executable, "-m", "tests.training.over_processes"]
        process = subprocess.run(
            [*command, str(params), network, str(folder), mode],
            cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        )  # fmt: skip
        assert process.returncode == 0, process.stderr
        records = [torch.load(folder / f"rank_{rank}.pt") for rank in range(devices)]
        return Run(records, trained(ResumeState(folder / "resume")))

    return run


@pytest.mark.parametrize("network", ["person_bce_dice", "car_removal"])
def test_one_step_has_the_gradients_of_one_process(run: Any, network: str) -> None:
    one, two = run(network, 1, "still", 1), run(network, 2, "still", 1)
    (alone,) = (record["gradients"] for record in one.records)
    first, second = (record["gradients"] for record in two.records)
    assert alone.keys() == first.keys()
    for name, gradient in alone.items():
        torch.testing.assert_close(first[name], second[name], rtol=0, atol=0)
        torch.testing.assert_close(first[name], gradient, rtol=1e-3, atol=1e-5)
    assert any(gradient.abs().max() > 1e-3 for gradient in alone.values())


@pytest.mark.parametrize("network", ["person_bce_dice", "shadow"])
def test_an_epoch_sees_every_sample_once_and_training_ends_alike(run: Any, network: str) -> None:
    one, two = run(network, 1, "free", 6), run(network, 2, "free", 6)
    (alone,) = (record["seen"] for record in one.records)
    shares = [record["seen"] for record in two.records]
    assert len(alone) == 12 == len(set(alone))
    assert [len(share) for share in shares] == [6, 6]
    assert sorted(shares[0] + shares[1]) == sorted(alone)
    before, after = one.trained.history[0]["val_loss"], one.trained.best.scores["val_loss"]
    assert two.trained.best.scores["val_loss"] == pytest.approx(after, abs=(before - after) / 2)
    assert len(two.trained.history) == 6
    first, second = two.records
    assert first["rates"] == second["rates"]
    assert first["weights"].keys() == second["weights"].keys()
    for name, weight in first["weights"].items():
        torch.testing.assert_close(second["weights"][name], weight, rtol=0, atol=0)


def test_processes_share_an_order_without_overlap() -> None:
    shares = [list(EpochOrder(11, 3, 5, rank=rank, world=2)) for rank in (0, 1)]
    whole = list(EpochOrder(11, 3, 5))
    assert [len(share) for share in shares] == [5, 5]
    assert [index for pair in zip(*shares, strict=True) for index in pair] == whole[:10]
    assert sorted(EpochOrder(4, 3, 2, counts_on=True)) == [8, 9, 10, 11]


def test_a_batch_that_cannot_be_shared_out_is_refused(
    mini_params: Callable[..., str],
) -> None:
    person = recipe("person_se")(parse_params(mini_params(Path("/"))))
    some = samples(person, 4)
    batches = Batches(person, Datasets(some, some), batch_size=3, seed=1, epoch=0, workers=0)
    batches.trainer = SimpleNamespace(world_size=2)  # type: ignore[assignment]
    with pytest.raises(PipelineError, match="3 cannot be shared out among 2 processes"):
        batches.setup("fit")
    batches.batch_size = 2
    with pytest.raises(PipelineError, match="one sample, too few for BatchNorm"):
        batches.setup("fit")
