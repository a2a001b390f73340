"""What the authors of the reference systems wished to try, each through `dvc exp run -S`."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.end_to_end.conftest import Repository
from tests.miniature import NETWORKS

pytestmark = pytest.mark.long

EARLIER = "earlier"
"""A folder with a Mask R-CNN that was trained before."""
WISHES: dict[str, tuple[str, dict[str, str]]] = {
    "many branches": ("car_removal", {"kernels": "[1,2,3,4,5,6,7]"}),
    "no pixel loss, wider, dropout, patches judged, no alpha": (
        "car_removal",
        {
            "weights.pixel": "0.0",
            "filters": "6",
            "dropout": "0.3",
            "discriminator": "patch",
            "predict_mask": "false",
        },
    ),
    "no adversary": ("car_removal", {"weights.adversarial": "0.0", "weights.pixel": "10.0"}),
    "without squeeze-and-excite": ("person_se", {"se_ratio": "0", "encoder": "resnet34"}),
    "k, with squeeze-and-excite": ("person_bce_dice", {"k": "0.3", "se_ratio": "2"}),
    "Dice alone": ("person_bce_dice", {"k": "0.0"}),
    "another encoder and k": ("car_mask", {"k": "2.0", "encoder": "resnet34"}),
    "a frozen body": ("central_person", {"frozen": "true", "checkpoint": EARLIER}),
    "a trained body": ("central_person", {"frozen": "false", "body": "resnet34"}),
    "photometric": ("shadow_attention", {"augmentation.photometric": "true"}),
    "β, patches judged, photometric": (
        "shadow",
        {
            "weights.l2": "1.0",
            "weights.adversarial": "0.1",
            "discriminator": "patch",
            "augmentation.photometric": "true",
            "refinement_blocks": "1",
        },
    ),
}
ENGINE = {
    "training.accumulate": "2", "training.clip": "1.0", "training.channels_last": "false",
    "training.precision": "bf16-mixed",
}  # fmt: skip


@pytest.fixture(scope="module")
def repository(collected: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """One epoch, and a Mask R-CNN for others to start from."""
    made = collected.copy(tmp_path_factory.mktemp("wishes") / "repository")
    made.set_params({f"networks.{name}.epochs": 1 for name in NETWORKS})
    made.run("dvc", "repro", "train@central_person")
    shutil.copytree(made.root / "models/central_person", made.root / EARLIER)
    made.commit("one epoch")
    return made


def try_out(repository: Repository, network: str, changes: dict[str, str]) -> dict[str, object]:
    """Train with the changes, and give the parameters that stand on the card."""
    repository.run("git", "checkout", "--quiet", "params.yaml")  # where the last one's values stand
    options = [part for key, value in changes.items() for part in ("-S", f"{key}={value}")]
    repository.run("dvc", "exp", "run", *options, f"train@{network}")
    folder = repository.root / "models" / network
    assert len((folder / "history.csv").read_text().splitlines()) == 2
    params: dict[str, object] = json.loads((folder / "best.json").read_text())["params"]
    return params


@pytest.mark.parametrize("wish", WISHES)
def test_it_trains(repository: Repository, wish: str) -> None:
    network, changes = WISHES[wish]
    earlier = f"{repository.root / EARLIER}/best.pt"
    changes = {key: earlier if value == EARLIER else value for key, value in changes.items()}
    params = try_out(
        repository,
        network,
        {f"networks.{network}.{key}": value for key, value in changes.items()},
    )
    for key, value in changes.items():
        found: object = params["networks"][network]  # type: ignore[index]
        for part in key.split("."):
            found = found[part]  # type: ignore[index]
        assert str(found).replace(" ", "").lower() == value.lower()


@pytest.mark.parametrize("network", ["person_se", "car_removal"])
def test_the_engine_obeys(repository: Repository, network: str) -> None:
    params = try_out(repository, network, ENGINE)
    for key, value in ENGINE.items():
        assert str(params["training"][key.partition(".")[2]]).lower() == value  # type: ignore[index]
