"""What each segmenter says: real networks of torchvision with random weights, GrabCut, our own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.models.detection import maskrcnn_resnet50_fpn
from torchvision.models.segmentation import deeplabv3_resnet101

from pipeline.checkpoint import state_hash
from pipeline.cutouts import networks
from pipeline.cutouts.cut import look
from pipeline.cutouts.grabcut import GrabCut
from pipeline.cutouts.networks import Checkpoint, DeepLabV3, MaskRCNN, best_instance
from pipeline.cutouts.segmenters import make_segmenter
from pipeline.errors import PipelineError
from pipeline.images import RGB
from pipeline.sections.cutouts import CutoutsSection
from tests.cutouts.conftest import our_weights, photo

SETTINGS = {
    "segmenter": "grabcut", "checkpoint": "data/nothing", "use_masks": False, "batch_size": 2,
    "threshold": 0.5, "edge": 0.005, "margin": 0.02, "min_confidence": 0.5, "min_coverage": 0.05,
    "max_coverage": 0.9, "max_border": 0.3, "min_sharpness": 0.0, "max_bad_share": 0.0,
}  # fmt: skip


def section(**changes: object) -> CutoutsSection:
    return CutoutsSection.model_validate({**SETTINGS, **changes})


PICTURES: list[RGB] = [photo(seed)[0] for seed in range(3)]
OTHER_SIZE = np.ascontiguousarray(PICTURES[0][:60, :100])
SMALL: list[RGB] = [np.ascontiguousarray(one[20:76:2, 10:120:2]) for one in PICTURES]
SMALLER = np.ascontiguousarray(SMALL[0][:20, :32])


def test_grabcut_finds_cars_of_another_colour_than_their_surroundings() -> None:
    for seed, probability in enumerate(GrabCut().probability(PICTURES)):
        truth = photo(seed)[1]
        found = probability >= 0.5
        assert (found & truth).sum() / (found | truth).sum() > 0.9
        assert probability.dtype == np.float32
        assert set(np.unique(np.rint(probability * 6))) <= {0, 2, 3, 4, 6}


def test_grabcut_says_the_same_whatever_was_asked_before() -> None:
    (alone,) = GrabCut().probability(PICTURES[2:])
    np.testing.assert_array_equal(GrabCut().probability(PICTURES)[2], alone)


@pytest.mark.parametrize("shape", [(8, 8), (16, 200), (200, 16)])
def test_grabcut_takes_pictures_of_any_shape_and_one_colour(shape: tuple[int, int]) -> None:
    (probability,) = GrabCut().probability([np.full((*shape, 3), 77, np.uint8)])
    assert probability.shape == shape
    assert 0 <= probability.min() <= probability.max() <= 1


def test_a_picture_is_looked_at_in_small_in_its_own_proportions() -> None:
    assert look(np.zeros((300, 600, 3), np.uint8), 200).shape == (100, 200, 3)
    assert look(PICTURES[0], 200) is PICTURES[0]
    assert look(np.zeros((1, 600, 3), np.uint8), 200).shape == (1, 200, 3)


@pytest.fixture(scope="module")
def deeplab_state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    network = deeplabv3_resnet101(weights=None, weights_backbone=None, aux_loss=True)
    state = dict(network.state_dict())
    state["classifier.4.weight"] = state["classifier.4.weight"] * 0.01  # else all is 0 or 1
    return state


def sure_of(state: dict[str, Tensor], layer: str, channel: int, by: float) -> dict[str, Tensor]:
    """The same weights, but one class raised over all others."""
    bias = state[layer].clone()
    bias[channel] += by
    return {**state, layer: bias}


@pytest.mark.parametrize(("channel", "certain"), [(7, True), (6, False)], ids=["car", "bus"])
def test_deeplab_gives_the_probability_of_the_class_car(
    deeplab_state: dict[str, Tensor], channel: int, certain: bool
) -> None:
    segmenter = DeepLabV3(sure_of(deeplab_state, "classifier.4.bias", channel, 30.0))
    maps = segmenter.probability([SMALL[0], SMALLER, SMALL[1]])
    assert [m.shape for m in maps] == [(28, 55), (20, 32), (28, 55)]
    assert all((m > 0.99).all() == certain and (m < 0.01).all() != certain for m in maps)


def test_deeplab_keeps_maps_with_their_pictures_and_drops_the_auxiliary_head(
    deeplab_state: dict[str, Tensor],
) -> None:
    segmenter = DeepLabV3(deeplab_state)
    assert segmenter.cars.network.aux_classifier is None
    assert segmenter.identity == f"deeplabv3:{state_hash(deeplab_state)}"
    together = segmenter.probability([SMALL[0], SMALLER, SMALL[1]])
    for picture, together_map in zip([SMALL[0], SMALLER, SMALL[1]], together, strict=True):
        np.testing.assert_allclose(segmenter.probability([picture])[0], together_map, atol=1e-5)
    assert not np.allclose(together[0], together[2], atol=1e-3)


@pytest.fixture(scope="module")
def rcnn_state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    state = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    return {name: one for name, one in state.items() if "num_batches_tracked" not in name}


@pytest.mark.parametrize(("label", "found"), [(3, True), (8, False)], ids=["car", "truck"])
def test_mask_rcnn_gives_one_car_and_nothing_where_there_is_none(
    rcnn_state: dict[str, Tensor], label: int, found: bool
) -> None:
    state = sure_of(rcnn_state, "roi_heads.box_predictor.cls_score.bias", label, 20.0)
    segmenter = MaskRCNN(state)
    segmenter.cars.network.transform.min_size = (64,)  # 800 takes seconds
    maps = segmenter.probability([SMALL[0], SMALLER])
    assert [m.shape for m in maps] == [(28, 55), (20, 32)]
    assert all(m.min() >= 0 and m.max() <= 1 and m.any() == found for m in maps)


def test_the_right_instance_is_sure_large_and_central() -> None:
    masks = np.zeros((4, 60, 80), np.float32)
    masks[0, 25:35, 35:45] = 1  # central and small
    masks[1, 15:45, 20:60] = 0.9  # central and large
    masks[2, :30, :40] = 1  # large, in a corner
    masks[3, 14:46, 19:61] = 1  # a little larger, hardly sure
    scores = np.array([1.0, 0.9, 1.0, 0.1], np.float32)
    np.testing.assert_array_equal(best_instance(masks, scores, (60, 80)), masks[1])
    assert not best_instance(masks[:0], scores[:0], (60, 80)).any()


def test_a_checkpoint_of_ours_is_asked_and_known_by_its_weights(tmp_path: Path) -> None:
    weights = our_weights(tmp_path)
    segmenter = make_segmenter(section(segmenter="checkpoint", checkpoint=str(weights)))
    assert isinstance(segmenter, Checkpoint)
    maps = segmenter.probability([PICTURES[0], OTHER_SIZE])
    np.testing.assert_array_equal(maps[1], segmenter.predictor.probability(OTHER_SIZE))
    assert segmenter.identity.endswith(segmenter.predictor.card.weights_sha256)


@pytest.mark.parametrize("missing", ["best.pt", "best.json"])
def test_a_checkpoint_without_weights_or_card_is_refused_by_name(
    tmp_path: Path, missing: str
) -> None:
    weights = our_weights(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(PipelineError, match=rf"cutouts\.checkpoint: .*{missing}: no such file"):
        make_segmenter(section(segmenter="checkpoint", checkpoint=str(weights)))


@pytest.mark.parametrize(
    "changes",
    [
        {"segmenter": "checkpoint"},
        {"checkpoint": "models/best.onnx"},
        {"min_coverage": 0.9},
    ],
)
def test_parameters_that_contradict_themselves_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"checkpoint: 'data/nothing'|onnx|min_coverage"):
        section(**changes)


@pytest.mark.parametrize("segmenter", ["deeplabv3", "maskrcnn"])
def test_published_weights_come_from_the_cache_and_must_fit(
    segmenter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    name = {
        "deeplabv3": "deeplabv3_resnet101_coco-586e9e4e.pth",
        "maskrcnn": "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth",
    }[segmenter]
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    torch.save({"one": torch.ones(1)}, tmp_path / "hub" / "checkpoints" / name)
    assert networks.published_state(segmenter)["one"] == 1
    with pytest.raises(RuntimeError, match="Missing key"):
        make_segmenter(section(segmenter=segmenter))
