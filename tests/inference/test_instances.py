"""The predictor of the central person: native size, nothing found, other weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.errors import PipelineError
from pipeline.images import RGB
from pipeline.inference.instances import CentralPersonPredictor
from pipeline.networks.build import build

NUMBERS: dict[str, Any] = {
    "name": "mask_rcnn", "body": "resnet18", "width": 16, "hidden": 8, "min_size": 64,
    "max_size": 96, "largest_anchor": 64.0, "regions": 8, "norm": "group", "grouped": True,
    "frozen": False,
}  # fmt: skip
DEEPLAB: dict[str, Any] = {
    "name": "deeplab_v3_plus", "encoder": "resnet18", "width": 8, "low_width": 8, "se_ratio": 0,
}  # fmt: skip


def save(file: Path, numbers: dict[str, Any], person_bias: float = 0.0) -> Path:
    """Random weights that find a person everywhere, or nowhere if the bias is far below 0."""
    torch.manual_seed(4)
    state = build(numbers).state_dict()
    bias = state.get("roi_heads.box_predictor.cls_score.bias")
    if bias is not None:
        bias[1] = person_bias
    card = Card("central_person", numbers, (64, 96), {}, "", "", state_hash(state), 1, {})
    save_weights(file, state, card)
    return file


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> CentralPersonPredictor:
    file = save(tmp_path_factory.mktemp("weights") / "best.pt", NUMBERS, person_bias=5.0)
    return CentralPersonPredictor(file)


def picture(height: int, width: int) -> RGB:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (91, 203), (200, 33), (16, 16), (1, 1)])
def test_every_pixel_of_any_picture_gets_a_probability(
    predictor: CentralPersonPredictor, height: int, width: int
) -> None:
    probability = predictor.probability(picture(height, width))
    assert probability.shape == (height, width)
    assert probability.dtype == np.float32
    assert 0 <= probability.min() <= probability.max() <= 1


def test_it_gives_the_mask_that_the_network_finds(predictor: CentralPersonPredictor) -> None:
    shown = picture(70, 90)
    with torch.no_grad():
        (found,) = predictor.network([torch.from_numpy(shown).permute(2, 0, 1) / 255])
    assert len(found.masks) == 1
    assert np.array_equal(predictor.probability(shown), found.masks[0, 0].numpy())
    assert predictor.probability(shown).max() > 0


def test_same_picture_same_answer_whatever_its_strides(predictor: CentralPersonPredictor) -> None:
    shown = picture(80, 60)
    mirrored = shown[:, ::-1]
    assert mirrored.strides[1] < 0
    again = predictor.probability(np.ascontiguousarray(mirrored))
    assert np.array_equal(predictor.probability(mirrored), again)


def test_where_nobody_is_found_all_is_zero(tmp_path: Path) -> None:
    nobody = CentralPersonPredictor(save(tmp_path / "best.pt", NUMBERS, person_bias=-50.0))
    probability = nobody.probability(picture(70, 90))
    assert probability.shape == (70, 90)
    assert not probability.any()


def test_it_says_what_it_is(predictor: CentralPersonPredictor) -> None:
    assert predictor.name == "central_person"
    assert predictor.card.architecture == NUMBERS


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"no Mask R-CNN; give the weights of central_person"):
        CentralPersonPredictor(save(tmp_path / "best.pt", DEEPLAB))
