"""Registered models take a picture, also where this repository is not."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import grimp
import numpy as np
import pytest
import torch
from mlflow.exceptions import MlflowException
from numpy.typing import NDArray

from pipeline.card import Card
from pipeline.checkpoint import load_weights, save_weights, state_hash
from pipeline.errors import PipelineError, UsageError
from pipeline.images import RGB
from pipeline.inference.instances import CentralPersonPredictor
from pipeline.inference.masks import MaskPredictor
from pipeline.inference.pyfunc import KINDS, _load_pyfunc
from pipeline.inference.removal import CarRemover
from pipeline.inference.shadows import AttentionPredictor, ShadowCaster
from pipeline.networks.build import BUILDERS, build
from pipeline.tracking.packaging import NEEDS, pinned, save_pyfunc

REPOSITORY = Path(__file__).parents[2]
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "person_se": {
        "name": "deeplab_v3_plus", "encoder": "resnet18", "width": 8, "low_width": 8,
        "se_ratio": 0,
    },
    "central_person": {
        "name": "mask_rcnn", "body": "resnet18", "width": 16, "hidden": 8, "min_size": 64,
        "max_size": 96, "largest_anchor": 64.0, "regions": 8, "norm": "group", "grouped": True,
        "frozen": False,
    },
    "car_removal": {
        "name": "removal_generator", "kernels": [4], "filters": 4, "levels": 3, "dropout": 0.0,
        "predict_mask": True,
    },
    "shadow_attention": {"name": "shadow_attention", "encoder": "resnet18"},
    "shadow": {"name": "shadow_generator", "encoder": "resnet18", "refinement_blocks": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of random weights for each network, as `models/` is."""
    root = tmp_path_factory.mktemp("models")
    for name, architecture in ARCHITECTURES.items():
        torch.manual_seed(4)
        state = build(architecture).state_dict()
        if name == "central_person":
            state["roi_heads.box_predictor.cls_score.bias"][1] = 5.0  # finds someone everywhere
        card = Card(name, architecture, (64, 64), {}, "", "", state_hash(state), 1, {})
        save_weights(root / name / "best.pt", state, card)
    return root


@pytest.fixture(scope="module")
def models(trained: Path) -> Path:
    """Folders that `mlflow.pyfunc` loads, made with the weights of `trained`."""
    for name in ARCHITECTURES:
        weights = trained / name / "best.pt"
        attention = trained / "shadow_attention/best.pt"
        save_pyfunc(trained / "models" / name, weights, load_weights(weights)[1], attention)
    return trained / "models"


def load(models: Path, name: str) -> Any:
    from mlflow import pyfunc

    return pyfunc.load_model(str(models / name))


@pytest.fixture(scope="module")
def picture() -> RGB:
    return np.random.default_rng(3).integers(0, 256, (50, 70, 3), np.uint8)


@pytest.fixture(scope="module")
def planes(picture: RGB) -> NDArray[np.uint8]:
    """The picture, and the mask of an object in it."""
    mask = np.zeros((50, 70, 1), np.uint8)
    mask[10:30, 20:40] = 255
    return np.concatenate([picture, mask], axis=2)


@pytest.mark.parametrize(
    ("name", "predictor"),
    [("person_se", MaskPredictor), ("central_person", CentralPersonPredictor)],
)
def test_a_mask_network_gives_probabilities(
    models: Path, trained: Path, picture: RGB, name: str, predictor: Any
) -> None:
    found = load(models, name).predict(picture)
    assert found.shape == (50, 70)
    assert found.dtype == np.float32
    assert found.max() > 0
    np.testing.assert_array_equal(found, predictor(trained / name / "best.pt").probability(picture))


def test_car_removal_gives_the_picture(models: Path, trained: Path, picture: RGB) -> None:
    found = load(models, "car_removal").predict(picture)
    assert found.dtype == np.uint8
    remover = CarRemover(trained / "car_removal/best.pt")
    np.testing.assert_array_equal(found, remover.remove(picture))


def test_attention_gives_both_maps(models: Path, trained: Path, planes: NDArray[np.uint8]) -> None:
    found = load(models, "shadow_attention").predict(planes)
    assert found.shape == (50, 70, 2)
    assert found.dtype == np.float32
    predictor = AttentionPredictor(trained / "shadow_attention/best.pt")
    maps = predictor.maps(planes[..., :3], planes[..., 3] > 0)
    np.testing.assert_array_equal(found, np.stack(maps, axis=-1))


def test_shadow_looks_around_itself(models: Path, trained: Path, planes: NDArray[np.uint8]) -> None:
    found = load(models, "shadow").predict(planes)
    picture, inserted = planes[..., :3], planes[..., 3] > 0
    occluders, shadows = AttentionPredictor(trained / "shadow_attention/best.pt").maps(
        picture, inserted
    )
    caster = ShadowCaster(trained / "shadow/best.pt")
    wanted = caster.cast(picture, inserted, occluders >= 0.5, shadows >= 0.5)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((1, 8, 8, 3), np.uint8),
        np.zeros((8, 8, 3), np.float32), np.zeros((0, 8, 3), np.uint8),
    ],
    ids=lambda one: f"{one.dtype}{one.shape}",
)  # fmt: skip
def test_what_is_no_picture_is_refused(models: Path, trained: Path, wrong: NDArray[Any]) -> None:
    with pytest.raises(UsageError, match="person_se takes"):
        _load_pyfunc(str(trained / "person_se")).predict(wrong)
    with pytest.raises((MlflowException, UsageError)):
        load(models, "person_se").predict(wrong)


def test_the_mask_of_the_object_is_asked_for(trained: Path, picture: RGB) -> None:
    model = _load_pyfunc(str(trained / "shadow_attention"))
    with pytest.raises(UsageError, match="the mask of the inserted object"):
        model.predict(picture)


def test_a_shadow_without_attention_says_what_is_missing(trained: Path) -> None:
    with pytest.raises(PipelineError, match="shadow_attention"):
        _load_pyfunc(str(trained / "shadow"))


def test_it_loads_where_this_repository_is_not(models: Path, tmp_path: Path) -> None:
    """In an isolated interpreter, from which the editable installation is taken out."""
    script = f"""
import importlib.util, sys
sys.meta_path = [one for one in sys.meta_path if "editable" not in str(one).lower()]
assert importlib.util.find_spec("pipeline") is None
import mlflow, numpy
model = mlflow.pyfunc.load_model({str(models / "person_se")!r})
import pipeline
print(pipeline.__file__)
print(model.predict(numpy.zeros((20, 30, 3), numpy.uint8)).shape)
"""
    run = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    code = models / "person_se" / "code" / "pipeline" / "__init__.py"
    assert run.stdout.splitlines()[-2:] == [str(code), "(20, 30)"]


def test_no_file_of_a_model_names_a_place_on_this_machine(models: Path) -> None:
    for file in (models / "shadow").rglob("*"):
        if file.is_file() and file.suffix != ".pt":
            content = file.read_bytes()
            for place in (REPOSITORY, Path(sys.prefix), models.parent):
                assert str(place).encode() not in content, file
            assert file.suffix != ".pyc"


def test_a_model_says_what_it_takes_and_needs(models: Path) -> None:
    signature = load(models, "shadow").metadata.signature
    assert signature.inputs.inputs[0].shape == (-1, -1, 4)
    assert signature.outputs.inputs[0].type == np.uint8
    needs = (models / "shadow" / "requirements.txt").read_text().splitlines()
    assert set(pinned(NEEDS)) <= set(needs)
    assert all("==" in line for line in needs)


def test_every_package_that_prediction_imports_is_required() -> None:
    graph = grimp.build_graph("pipeline", include_external_packages=True, cache_dir=None)
    imported = graph.find_upstream_modules("pipeline.inference.pyfunc")
    outside = {name for name in imported if not name.startswith("pipeline")}
    distributions = packages_distributions()
    wanted = {distributions[name][0].lower() for name in outside - sys.stdlib_module_names}
    assert {name.replace("_", "-") for name in wanted} == set(NEEDS)


def test_every_architecture_can_be_registered() -> None:
    assert set(KINDS) == set(BUILDERS)


def test_a_package_under_another_name_is_not_pinned() -> None:
    assert pinned(["no-such-package"]) == ["no-such-package"]
