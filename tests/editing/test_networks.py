"""Which weights are used, what is said of them, and that each network is loaded once."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torchvision.models.segmentation import deeplabv3_resnet101

from pipeline.card import Card
from pipeline.editing.catalogue import ARCHITECTURES
from pipeline.editing.in_turn import EngineInTurn, MasksInTurn
from pipeline.editing.networks import Networks
from pipeline.errors import PipelineError, UsageError
from pipeline.inference import off_the_shelf
from pipeline.inference.engines import Batch
from tests.editing.known import write_weights

PICTURE = np.full((40, 50, 3), 90, np.uint8)


def networks(models: Path, **options: Any) -> Networks:
    return Networks(models, **{"backend": "torch", "device": "cpu", "download": False, **options})


def test_trained_weights_are_loaded_once(tiny_models: Path) -> None:
    there = networks(tiny_models)
    assert there.persons("person_se") is there.persons("person_se")
    assert there.cars() is there.cars()
    assert there.painter() is there.painter()
    assert there.caster() is there.caster()
    for masks in (there.persons("person_se"), there.persons("central_person"), there.cars()):
        found = masks.probability(PICTURE)
        assert found.shape == (40, 50) and found.dtype == np.float32
    assert there.persons("person_se").name == "person_se"


def test_threads_that_come_together_get_one_network(tiny_models: Path) -> None:
    there, got = networks(tiny_models), []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait()
        got.append(there.persons("person_bce_dice"))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6 and len(set(map(id, got))) == 1


class Counting:
    """A network and an engine that know how many run them at the same time."""

    name, card, device = "counting", Card("some", {}, (1, 1), {}, "", "", "", 1, {}), "cpu"

    def __init__(self) -> None:
        self.inside, self.most = 0, 0

    def _work(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.005)
        self.inside -= 1

    def probability(self, picture: Any) -> Any:
        self._work()
        return picture[..., 0]

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        self._work()
        return (batch,)


def test_networks_run_one_at_a_time() -> None:
    counting, turn = Counting(), threading.Lock()
    masks, engine = MasksInTurn(counting, turn), EngineInTurn(counting, turn)
    batch = np.zeros((1, 1, 1, 1), np.float32)

    def work() -> None:
        for _ in range(3):
            assert masks.probability(PICTURE).shape == (40, 50)
            assert engine.run(batch)[0] is batch

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.most == 1


def test_given_weights_come_before_trained_ones(tiny_models: Path, tmp_path: Path) -> None:
    given = write_weights(tmp_path, "person_se", "deeplab_v3_plus")
    there = networks(tiny_models, weights={"person_se": given})
    served = {one.network: one for one in there.served()}
    assert served["person_se"].origin == f"{given}, as asked"
    assert str(tiny_models) in served["car_mask"].origin


def test_what_is_served_is_told_without_loading_anything(tiny_models: Path) -> None:
    (tiny_models / "nothing").mkdir(exist_ok=True)
    served = networks(tiny_models).served()
    assert [one.network for one in served] == list(ARCHITECTURES)
    assert {one.engine for one in served} == {"torch"}
    assert served[0].scores == {"iou": 0.5}
    assert (served[0].data_sha256, served[0].git_revision) == ("d" * 64, "c" * 40)
    assert len(served[0].weights_sha256) == 64
    code = (
        "import sys; from pathlib import Path; from pipeline.editing.studio import Studio;"
        "Studio(Path(sys.argv[1]), backend='onnxruntime').served();"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tiny_models)], check=True)


@pytest.mark.parametrize("backend", ["auto", "openvino-f32", "torch"])
def test_mask_r_cnn_is_told_to_run_in_pytorch_before_and_after_loading(
    tiny_models: Path, backend: str
) -> None:
    there = networks(tiny_models, backend=backend)
    told = [one.engine for one in there.served() if one.network == "central_person"]
    there.persons("central_person")
    told += [one.engine for one in there.served() if one.network == "central_person"]
    assert told == ["torch", "torch"]


def test_without_weights_torchvision_s_would_be_downloaded(tmp_path: Path) -> None:
    served = networks(tmp_path, download=True).served()
    assert {one.network: one.origin for one in served} == {
        "person_se": "torchvision's deeplabv3, by download",
        "person_bce_dice": "torchvision's deeplabv3, by download",
        "central_person": "torchvision's maskrcnn_centre, by download",
        "car_mask": "torchvision's maskrcnn, by download",
    }
    assert networks(tmp_path).served() == []


@pytest.mark.long
def test_published_weights_stand_in_and_a_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state = deeplabv3_resnet101(weights=None, weights_backbone=None, aux_loss=True).state_dict()
    asked = []

    def published(network: str, *_: Any) -> Mapping[str, Any]:
        asked.append(network)
        return state

    monkeypatch.setattr(off_the_shelf, "published_state", published)  # 240 MB from the internet
    there = networks(tmp_path, download=True)
    with caplog.at_level(logging.WARNING):
        masks = there.persons("person_se")
    assert there.persons("person_se") is masks and asked == ["deeplabv3"]
    assert "person_se has no trained weights: torchvision's deeplabv3, by download" in caplog.text
    assert masks.name == "deeplabv3"
    assert masks.probability(PICTURE).shape == (40, 50)


def test_offline_the_error_names_every_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(network: str, *_: Any) -> Mapping[str, Any]:
        raise PipelineError("pretrained weights could not be fetched")

    monkeypatch.setattr(off_the_shelf, "published_state", offline)
    for download in (False, True):
        with pytest.raises(PipelineError) as caught:
            networks(tmp_path, download=download).cars()
        text = str(caught.value)
        for remedy in ("dvc repro train@car_mask", "--weights", "go online"):
            assert remedy in text
        assert "\n" not in text


def test_without_a_painter_there_is_none_and_without_shadow_networks_an_error(
    tmp_path: Path,
) -> None:
    there = networks(tmp_path, download=True)
    assert there.painter() is None
    for load in (there.attention, there.caster):
        with pytest.raises(UsageError, match=r"dvc repro train@shadow.*--weights"):
            load()


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("person_se", ("shadow", "shadow_generator")),
        ("person_se", ("car_mask", "deeplab_v3_plus")),
        ("central_person", ("person_se", "deeplab_v3_plus")),
        ("car_removal", ("shadow_attention", "shadow_attention")),
        ("shadow", ("car_removal", "removal_generator")),
    ],
)
def test_weights_of_another_network_are_refused(
    wanted: str, given: tuple[str, str], tiny_models: Path, tmp_path: Path
) -> None:
    file = write_weights(tmp_path, *given)
    there = networks(tiny_models, weights={wanted: file})
    with pytest.raises(PipelineError, match=f"holds {given[0]}.*{wanted}") as caught:
        there.load(wanted)
    assert str(file) in str(caught.value)


def test_either_person_network_may_stand_for_the_other(tmp_path: Path) -> None:
    file = write_weights(tmp_path, "person_bce_dice", "deeplab_v3_plus")
    masks = networks(tmp_path / "none", weights={"person_se": file}).persons("person_se")
    assert masks.name == "person_bce_dice"


def test_given_weights_that_fail_are_an_error_not_replaced(
    tiny_models: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.pt"
    with pytest.raises(PipelineError, match=r"missing\.pt"):
        networks(tiny_models, weights={"person_se": missing}, download=True).persons("person_se")
    damaged = tmp_path / "best.pt"
    shutil.copy(tiny_models / "person_se" / "best.json", tmp_path)
    damaged.write_bytes(b"not weights")
    with pytest.raises(PipelineError, match=r"best\.pt"):
        networks(tiny_models, weights={"car_removal": damaged}).painter()


def test_unknown_names_are_refused_with_the_known_ones(tiny_models: Path) -> None:
    with pytest.raises(UsageError, match=r"'dog'.*person_se"):
        networks(tiny_models, weights={"dog": Path("dog.pt")})
    with pytest.raises(UsageError, match=r"'dog'.*person_se"):
        networks(tiny_models).load("dog")
    with pytest.raises(UsageError, match=r"'car_mask'.*central_person"):
        networks(tiny_models).persons("car_mask")  # type: ignore[arg-type]
