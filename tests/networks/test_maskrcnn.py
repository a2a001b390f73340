"""Mask R-CNN for one person: one set of properties over bodies, and its size by hand."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model
from torchvision.models.detection import maskrcnn_resnet50_fpn
from torchvision.ops import FrozenBatchNorm2d

from pipeline.networks.build import build
from pipeline.networks.maskrcnn import CentralMaskRCNN, Person, anchors, best_mask

SMALL = {
    "body": "resnet18", "width": 16, "hidden": 8, "min_size": 64, "max_size": 96,
    "largest_anchor": 64.0, "regions": 8, "norm": "group", "grouped": True,
    "frozen": False,
}  # fmt: skip
REFERENCE = {
    "body": "resnet50", "width": 256, "hidden": 256, "min_size": 800, "max_size": 1333,
    "largest_anchor": 512.0, "regions": 512, "norm": "frozen_coco", "grouped": False,
    "frozen": True,
}  # fmt: skip
REFERENCE_PARAMETERS = 43_922_395
REFERENCE_TRAINED = 273_164
TERMS = {"loss_classifier", "loss_box_reg", "loss_mask", "loss_objectness", "loss_rpn_box_reg"}
VARIANTS: dict[str, dict[str, Any]] = {
    "group": {},
    "batch": {"norm": "batch"},
    "plain": {"grouped": False},
    "frozen": {"norm": "frozen", "grouped": False, "frozen": True},
    "resnet50": {"body": "resnet50"},
}


def make(seed: int = 0, **numbers: Any) -> CentralMaskRCNN:
    torch.manual_seed(seed)
    network = build({"name": "mask_rcnn", **SMALL, **numbers})
    assert isinstance(network, CentralMaskRCNN)
    return network


def anything_goes(network: CentralMaskRCNN) -> CentralMaskRCNN:
    """In evaluation, giving its best guess however low the score: weights here are random."""
    network.roi_heads.score_thresh = 0.0
    return network.eval()


def pictures() -> list[Tensor]:
    """Two of different sizes."""
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(3, *size, generator=generator) for size in ((70, 90), (80, 64))]


def targets() -> list[dict[str, Tensor]]:
    """A person in the middle of each of `pictures`."""
    made = []
    for picture in pictures():
        height, width = picture.shape[1:]
        mask = torch.zeros(1, height, width, dtype=torch.uint8)
        mask[:, 10:-5, 12:-9] = 1
        box = torch.tensor([[12.0, 10.0, width - 9.0, height - 5.0]])
        made.append({"boxes": box, "labels": torch.tensor([1]), "masks": mask})
    return made


def parameters(module: nn.Module, trained: bool = False) -> int:
    return sum(one.numel() for one in module.parameters() if one.requires_grad or not trained)


@pytest.fixture(scope="module", params=list(VARIANTS))
def variant(request: pytest.FixtureRequest) -> dict[str, Any]:
    return VARIANTS[request.param]


@pytest.fixture(scope="module")
def network(variant: dict[str, Any]) -> CentralMaskRCNN:
    """In evaluation mode; not to be changed."""
    return anything_goes(make(**variant))


@torch.no_grad()
def test_the_one_person_found_has_a_mask_of_the_pictures_own_size(
    network: CentralMaskRCNN,
) -> None:
    found = network(pictures())
    for picture, person in zip(pictures(), found, strict=True):
        assert person.boxes.shape == (1, 4)
        assert person.scores.shape == (1,)
        assert person.masks.shape == (1, 1, *picture.shape[1:])
        assert person.masks.dtype == torch.float32
        assert 0 <= person.masks.min() <= person.masks.max() <= 1
        assert person.masks.max() > 0
        left, top, right, bottom = person.boxes[0].tolist()
        assert 0 <= left < right <= picture.shape[2]
        assert 0 <= top < bottom <= picture.shape[1]


@torch.no_grad()
def test_where_no_person_is_found_the_mask_is_empty(network: CentralMaskRCNN) -> None:
    network.roi_heads.score_thresh = 1.0
    try:
        (person,) = network(pictures()[:1])
    finally:
        network.roi_heads.score_thresh = 0.0
    assert person.masks.shape == (0, 1, 70, 90)
    mask = best_mask(person, 70, 90)
    assert mask.shape == (70, 90)
    assert not mask.any()


def test_the_best_mask_is_that_of_the_person() -> None:
    masks = torch.rand(1, 1, 4, 6)
    person = Person(torch.zeros(1, 4), torch.ones(1), masks)
    assert torch.equal(best_mask(person, 4, 6), masks[0, 0])


@torch.no_grad()
def test_a_picture_is_judged_alone(network: CentralMaskRCNN) -> None:
    same = [pictures()[0], pictures()[0].flip(-1)]
    (alone,), together = network(same[1:]), network(same)
    torch.testing.assert_close(together[1].boxes, alone.boxes, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(together[1].masks, alone.masks, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], r"list of float RGB pictures of shape 3×H×W, got shapes \[\]"),
        ([(64, 64, 3)], r"got shapes \[\(64, 64, 3\)\]; permute H×W×3 to 3×H×W"),
        ([(3, 64, 64), (4, 64, 64)], r"\(4, 64, 64\)"),
        ([(1, 3, 64, 64)], "give one picture as a list of one"),
        ([(3, 0, 64)], r"\(3, 0, 64\)"),
    ],
    ids=str,
)
def test_a_wrong_shape_is_refused_with_the_way_out(
    shapes: list[tuple[int, ...]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make().eval()([torch.zeros(shape) for shape in shapes])


def test_a_training_without_targets_or_with_those_of_others_is_refused() -> None:
    network = make().train()
    with pytest.raises(ValueError, match=r"a target for each picture; call \.eval\(\) to predict"):
        network(pictures())
    with pytest.raises(ValueError, match=r"own height and width, got \[\(80, 64\), \(70, 90\)\]"):
        network(pictures(), targets()[::-1])


def test_boxes_without_an_area_are_refused() -> None:
    flat = targets()
    flat[1]["boxes"][0, 2] = flat[1]["boxes"][0, 0]
    with pytest.raises(ValueError, match=r"of some height and width, .* from edge to edge"):
        make().train()(pictures(), flat)


@torch.no_grad()
def test_in_mixed_precision_boxes_and_masks_keep_their_digits() -> None:
    network = anything_goes(make())
    seen = {}

    def note(module: nn.Module, inputs: Any, outputs: Any) -> None:
        seen[module] = outputs

    parts = [network.backbone.fpn.layer_blocks[0], network.rpn]
    for part in parts:
        part.register_forward_hook(note)
    with torch.autocast("cpu", torch.bfloat16):
        (person,) = network(pictures()[:1])
    assert seen[parts[0]].dtype == torch.bfloat16
    assert seen[parts[1]][0][0].dtype == torch.float32
    assert person.boxes.dtype == person.scores.dtype == person.masks.dtype == torch.float32


def test_gradients_reach_every_parameter_that_is_trained(variant: dict[str, Any]) -> None:
    network = make(**{**variant, "regions": 1024}).train()  # so many that no level is left out
    terms = network(pictures(), targets())
    assert set(terms) == TERMS
    torch.stack(list(terms.values())).sum().backward()
    trained = {name for name, one in network.named_parameters() if one.requires_grad}
    reached = {
        name for name, one in network.named_parameters() if one.grad is not None and one.grad.any()
    }
    assert reached == trained
    if variant.get("frozen"):
        assert all(name.startswith("roi_heads.") and "_predictor." in name for name in trained)


@torch.no_grad()
def test_frozen_means_that_training_moves_nothing_but_the_predictors() -> None:
    network = make(norm="frozen", frozen=True).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(pictures(), targets())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(isinstance(one, nn.BatchNorm2d) for one in network.modules())


@torch.no_grad()
def test_the_seed_alone_decides_the_weights(
    variant: dict[str, Any], network: CentralMaskRCNN
) -> None:
    def mask(seed: int) -> Tensor:
        masks: Tensor = anything_goes(make(seed, **variant))(pictures())[0].masks
        return masks

    expected = network(pictures())[0].masks
    assert torch.equal(mask(0), expected)
    assert not torch.equal(mask(1), expected)


@torch.no_grad()
def test_weights_that_were_saved_and_loaded_predict_the_same(
    variant: dict[str, Any], network: CentralMaskRCNN
) -> None:
    stream = io.BytesIO()
    torch.save(network.state_dict(), stream)
    stream.seek(0)
    other = anything_goes(make(2, **variant))
    other.load_state_dict(torch.load(stream, weights_only=True))
    assert torch.equal(other(pictures())[0].masks, network(pictures())[0].masks)


@torch.no_grad()
def test_losses_are_those_of_training_but_nothing_moves() -> None:
    network = make(norm="batch").eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(0)
    terms = network.losses(pictures(), targets())
    assert set(terms) == TERMS
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(module.training for module in network.modules())
    torch.manual_seed(0)
    again = network.losses(pictures(), targets())
    assert {name: float(term) for name, term in again.items()} == {
        name: float(term) for name, term in terms.items()
    }
    network.train()
    torch.manual_seed(0)
    moving = network(pictures(), targets())
    assert float(moving["loss_objectness"]) != float(terms["loss_objectness"])
    assert not torch.equal(
        network.state_dict()["backbone.body.bn1.running_mean"],
        before["backbone.body.bn1.running_mean"],
    )


@torch.no_grad()
def test_a_masks_loss_is_less_for_the_persons_mask_than_for_its_opposite() -> None:
    network = make().eval()
    predictor = network.roi_heads.mask_predictor
    predictor.mask_fcn_logits.weight.zero_()

    def loss(logit: float) -> float:
        predictor.mask_fcn_logits.bias.fill_(logit)
        torch.manual_seed(0)
        return float(network.losses(pictures(), targets())["loss_mask"])

    assert loss(0.5) < loss(0.0) < loss(-0.5)  # most of every region is inside


def test_anchors_double_from_level_to_level() -> None:
    cells = anchors(512.0).cell_anchors
    areas = [((one[:, 2] - one[:, 0]) * (one[:, 3] - one[:, 1])).sqrt() for one in cells]
    assert [float(one.mean()) for one in areas] == pytest.approx([32, 64, 128, 256, 512], rel=0.02)
    standing = (cells[2][:, 3] - cells[2][:, 1]) / (cells[2][:, 2] - cells[2][:, 0])
    assert standing.tolist() == pytest.approx([0.5, 1.0, 2.0], rel=0.02)


def test_imagenet_weights_fill_the_body() -> None:
    torch.manual_seed(9)
    imagenet = get_model("resnet18").state_dict()
    network = make(norm="frozen", frozen=True, imagenet=imagenet)
    body = network.backbone.body
    assert torch.equal(body.conv1.weight, imagenet["conv1.weight"])
    assert torch.equal(body.layer4[1].bn2.running_var, imagenet["layer4.1.bn2.running_var"])


@pytest.fixture(scope="module")
def torchvisions() -> CentralMaskRCNN:
    """Torchvision's own network as it builds it without weights, for pictures of 64."""
    torch.manual_seed(5)
    return maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=2, min_size=64, max_size=96,
        box_score_thresh=0.0,
    ).eval()  # fmt: skip


@torch.no_grad()
def test_with_the_weights_of_torchvisions_network_it_finds_what_that_finds_first(
    torchvisions: CentralMaskRCNN,
) -> None:
    sides = {"min_size": 64, "max_size": 96}
    ours = anything_goes(make(**{**REFERENCE, **sides, "norm": "frozen", "frozen": False}))
    theirs = {
        name: value
        for name, value in torchvisions.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert {name: one.shape for name, one in ours.state_dict().items()} == {
        name: one.shape for name, one in theirs.items()
    }
    ours.load_state_dict(theirs)
    for mine, other in zip(ours(pictures()), torchvisions(pictures()), strict=True):
        assert len(other["boxes"]) > 1
        torch.testing.assert_close(mine.boxes, other["boxes"][:1], atol=1e-3, rtol=1e-4)
        torch.testing.assert_close(mine.scores, other["scores"][:1])
        torch.testing.assert_close(mine.masks, other["masks"][:1], atol=1e-4, rtol=1e-4)


def test_weights_of_coco_fill_all_but_the_predictors(torchvisions: CentralMaskRCNN) -> None:
    coco = torchvisions.state_dict()
    coco["roi_heads.box_predictor.cls_score.weight"] = torch.zeros(91, 1024)  # other classes
    ours = make(**{**REFERENCE, "coco": coco}).state_dict()
    same = {name for name, value in ours.items() if name in coco and torch.equal(value, coco[name])}
    assert {re.sub(r"\.[a-z_0-9]+\.[a-z]+$", "", name) for name in ours.keys() - same} == {
        "roi_heads.box_predictor", "roi_heads.mask_predictor",
    }  # fmt: skip
    norms = [one for one in make(**REFERENCE).modules() if isinstance(one, FrozenBatchNorm2d)]
    assert {one.eps for one in norms} == {0.0}
    assert len(norms) == 53


def test_weights_of_another_network_are_refused(torchvisions: CentralMaskRCNN) -> None:
    names = dict.fromkeys(torchvisions.state_dict(), torch.zeros(1))
    del names["backbone.body.conv1.weight"]
    with pytest.raises(ValueError, match=r"1 names differ, such as backbone\.body\.conv1\.weight"):
        shapes = make(**REFERENCE).state_dict()
        make(**{**REFERENCE, "coco": {name: shapes[name] for name in names if name in shapes}})


def bottlenecks(inputs: int, middle: int, blocks: int) -> int:
    """Convolutions alone: frozen BatchNorm has no parameters."""
    outputs = 4 * middle
    first = inputs * middle + 9 * middle**2 + middle * outputs + inputs * outputs
    return first + (blocks - 1) * (outputs * middle + 9 * middle**2 + middle * outputs)


def conv(inputs: int, outputs: int, kernel: int) -> int:
    return inputs * outputs * kernel**2 + outputs


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def test_the_reference_network_has_the_parameters_of_its_layer_list() -> None:
    """Spec §4: torchvision's Mask R-CNN, all frozen but new predictors, hidden 256, two classes."""
    resnet = 3 * 64 * 49 + bottlenecks(64, 64, 3) + bottlenecks(256, 128, 4)
    resnet += bottlenecks(512, 256, 6) + bottlenecks(1024, 512, 3)
    levels = (256, 512, 1024, 2048)
    pyramid = sum(conv(channels, 256, 1) + conv(256, 256, 3) for channels in levels)
    proposals = conv(256, 256, 3) + conv(256, 3, 1) + conv(256, 3 * 4, 1)
    box_head = linear(256 * 7 * 7, 1024) + linear(1024, 1024)
    mask_head = 4 * conv(256, 256, 3)
    predictors = linear(1024, 2) + linear(1024, 2 * 4) + conv(256, 256, 2) + conv(256, 2, 1)
    network = make(**REFERENCE)
    assert parameters(network, trained=True) == predictors == REFERENCE_TRAINED
    by_hand = resnet + pyramid + proposals + box_head + mask_head + predictors
    assert parameters(network) == by_hand == REFERENCE_PARAMETERS


@torch.no_grad()
def test_at_reference_sizes_a_picture_is_brought_to_800_and_1333() -> None:
    network = make(**{**REFERENCE, "body": "resnet18", "width": 16})
    images, _ = network.transform([torch.rand(3, 60, 80), torch.rand(3, 40, 100)])
    assert images.image_sizes == [(800, 1066), (533, 1333)]
    assert images.tensors.shape == (2, 3, 800, 1344)
