"""Torchvision's own networks with random weights: category, rules, and where weights come from."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.models.detection import maskrcnn_resnet50_fpn
from torchvision.models.segmentation import deeplabv3_resnet101

from pipeline.errors import PipelineError
from pipeline.images import RGB
from pipeline.inference.choosing import Category, Instances, most_central, top_score, union
from pipeline.inference.off_the_shelf import (
    OFF_THE_SHELF,
    DeepLabV3,
    MaskRCNN,
    OffTheShelfDeepLab,
    OffTheShelfMaskRCNN,
    published_state,
)
from tests.test_pretrained import serving

PICTURE: RGB = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)


def sure_of(state: Mapping[str, Tensor], layer: str, channel: int, by: float) -> dict[str, Tensor]:
    """The same weights, but one class raised over all others."""
    bias = state[layer].clone()
    bias[channel] += by
    return {**state, layer: bias}


@pytest.fixture(scope="module")
def deeplab_state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    network = deeplabv3_resnet101(weights=None, weights_backbone=None, aux_loss=True)
    state = dict(network.state_dict())
    state["classifier.4.weight"] = state["classifier.4.weight"] * 0.01
    return sure_of(state, "classifier.4.bias", 15, 30.0)  # person, in VOC


@pytest.fixture(scope="module")
def rcnn_state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    state = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    plain = {name: one for name, one in state.items() if "num_batches_tracked" not in name}
    return sure_of(plain, "roi_heads.box_predictor.cls_score.bias", 1, 20.0)  # person, in COCO


@pytest.mark.parametrize(("category", "certain"), [("person", True), ("car", False)])
def test_deeplab_finds_the_category_at_the_size_of_the_picture(
    deeplab_state: dict[str, Tensor], category: Category, certain: bool
) -> None:
    network = OffTheShelfDeepLab(DeepLabV3(deeplab_state, category, "cpu"), shorter=48)
    for picture in (PICTURE, PICTURE[:3]):  # also one of a few lines
        found = network.probability(picture)
        assert found.shape == picture.shape[:2]
        assert found.dtype == np.float32
        assert (found > 0.99).all() == certain
        assert (found < 0.01).all() != certain


def test_mask_rcnn_makes_one_mask_by_each_rule_from_one_network(
    rcnn_state: dict[str, Tensor],
) -> None:
    network = MaskRCNN(rcnn_state, "person", 0.5, "cpu")
    network.network.transform.min_size = (64,)  # 800 takes seconds
    network.network.roi_heads.detections_per_img = 5
    (found,) = network.instances([PICTURE])
    assert len(found.scores) == len(found.masks) == len(found.boxes) > 1
    assert (found.scores >= 0.5).all()
    assert found.boxes.shape[1] == 4
    made = {
        choose: OffTheShelfMaskRCNN(network, choose).probability(PICTURE)
        for choose in ("centre", "score", "all")
    }
    np.testing.assert_array_equal(made["score"], found.masks[0])
    assert any(np.array_equal(made["centre"], mask) for mask in found.masks)
    assert (made["all"] >= made["centre"]).all()


def test_mask_rcnn_gives_an_empty_mask_where_nothing_is_found(
    rcnn_state: dict[str, Tensor],
) -> None:
    made = OFF_THE_SHELF["maskrcnn_centre"]("car", rcnn_state, "cpu")
    assert isinstance(made, OffTheShelfMaskRCNN)
    made.network.network.transform.min_size = (64,)
    found = made.probability(PICTURE)
    assert found.shape == PICTURE.shape[:2]
    assert not found.any()


def instances(*boxes: tuple[int, int, int, int], level: float = 1.0) -> Instances:
    """Boxes filled to their edge, in a picture of 80×60, the first the surest."""
    masks = np.zeros((len(boxes), 60, 80), np.float32)
    for mask, (left, top, right, bottom) in zip(masks, boxes, strict=True):
        mask[top:bottom, left:right] = level
    scores = np.linspace(1, 0.5, len(boxes), dtype=np.float32)
    return Instances(masks, scores, np.array(boxes, np.float32).reshape(-1, 4))


@pytest.mark.parametrize(
    ("boxes", "wanted"),
    [
        ([(0, 0, 30, 30), (30, 20, 48, 38)], 1),  # small and nearly central beats large and far
        ([(0, 0, 60, 60), (0, 0, 4, 4)], 0),
        ([(20, 10, 60, 52), (38, 28, 42, 32)], 1),  # in the very middle: without a bound
        ([(30, 20, 50, 40), (10, 10, 70, 50)], 0),  # both in the middle: the first of equals
        ([(10, 20, 30, 40), (50, 20, 70, 40)], 0),  # as large and as far: the first
        ([(40, 10, 40, 50), (0, 0, 9, 9)], 1),  # without an area never
    ],
)
def test_the_central_instance_has_the_largest_area_by_distance_to_the_fourth(
    boxes: list[tuple[int, int, int, int]], wanted: int
) -> None:
    found = instances(*boxes)
    chosen = most_central(found)
    assert chosen is not None
    np.testing.assert_array_equal(chosen, found.masks[wanted])


def test_height_and_width_of_a_box_are_not_mixed_up() -> None:
    """The reference took `box[2]` where `box[3]` belongs: right edge for bottom edge."""
    found = instances((30, 0, 40, 50), (0, 20, 44, 46))
    by_hand = [500 / ((35 - 40) ** 2 + (25 - 30) ** 2) ** 2, 1144 / (18**2 + 3**2) ** 2]
    assert by_hand[0] > by_hand[1]
    chosen = most_central(found)
    assert chosen is not None
    np.testing.assert_array_equal(chosen, found.masks[0])


def test_masks_below_a_half_have_no_area_and_no_instances_no_mask() -> None:
    assert most_central(instances((30, 20, 50, 40), level=0.4)) is None
    for rule in (most_central, top_score, union):
        assert rule(instances()) is None
    both = union(instances((0, 0, 9, 9), (20, 20, 30, 30)))
    assert both is not None
    assert np.count_nonzero(both) == 181


def test_published_weights_are_fetched_and_say_what_to_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    stream = io.BytesIO()
    torch.save({"one": torch.ones(1)}, stream)
    name = f"maskrcnn-{hashlib.sha256(stream.getvalue()).hexdigest()[:8]}.pth"
    with serving({name: stream.getvalue()}) as server:
        assert published_state("maskrcnn", f"{server.address}/{name}")["one"] == 1
        gone = f"{server.address}/deeplab-00000000.pth"
    with pytest.raises(PipelineError, match=r"deeplabv3_resnet101 could not be fetched") as raised:
        published_state("deeplabv3", gone)
    assert f"put the file into {tmp_path}" in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
