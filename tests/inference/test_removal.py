"""CarRemover: native size, untouched ground bit-identical, the weights of its own kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.errors import PipelineError
from pipeline.images import RGB
from pipeline.inference.removal import CarRemover
from pipeline.networks.build import build
from pipeline.networks.removal import Removal

FRAME = (32, 48)
NUMBERS: dict[str, Any] = {
    "name": "removal_generator", "kernels": [4, 2], "filters": 4, "levels": 3, "dropout": 0.0,
}  # fmt: skip


def write(folder: Path, predict_mask: bool) -> Path:
    torch.manual_seed(1)
    architecture = {**NUMBERS, "predict_mask": predict_mask}
    state = build(architecture).state_dict()
    card = Card("car_removal", architecture, FRAME, {}, "", "", state_hash(state), 1, {})
    save_weights(folder / "best.pt", state, card)
    return folder / "best.pt"


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> CarRemover:
    return CarRemover(write(tmp_path_factory.mktemp("painter"), predict_mask=False))


@pytest.fixture
def masked(tmp_path: Path) -> CarRemover:
    return CarRemover(write(tmp_path, predict_mask=True))


def picture(height: int, width: int) -> RGB:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(32, 48), (33, 50), (16, 16), (200, 90), (1, 1)])
def test_a_picture_keeps_its_size(painter: CarRemover, size: tuple[int, int]) -> None:
    before = picture(*size)
    after = painter.remove(before)
    assert after.shape == before.shape
    assert after.dtype == np.uint8
    np.testing.assert_array_equal(after, painter.remove(before))


def test_at_the_frame_of_the_network_its_own_output_comes_out(painter: CarRemover) -> None:
    before = picture(*FRAME)
    planes = torch.from_numpy(before).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        expected = painter.engine.network(planes).picture[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(painter.remove(before) / 127.5 - 1, expected, atol=0.5 / 127 + 1e-3)


def test_with_an_alpha_the_network_blends_as_in_training(masked: CarRemover) -> None:
    before = picture(*FRAME)
    planes = torch.from_numpy(before).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        expected = masked.engine.network(planes).picture[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(masked.remove(before) / 127.5 - 1, expected, atol=1 / 127)


@pytest.mark.parametrize("size", [(32, 48), (77, 100), (320, 480)])
def test_ground_that_is_not_painted_over_is_bit_identical(
    masked: CarRemover, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    before, alpha = picture(*size), torch.full((1, 1, *FRAME), 0.01)
    alpha[..., 8:24, 12:36] = 1.0
    painted = torch.full((1, 3, *FRAME), 0.2)
    monkeypatch.setattr(
        masked.engine.network, "forward", lambda _: Removal(painted, painted, alpha)
    )
    after = masked.remove(before)
    inside = cv2.resize(alpha[0, 0].numpy(), size[::-1], interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(after[inside <= 0.01], before[inside <= 0.01])
    assert (after[inside == 1] == round(1.2 * 127.5)).all()
    assert (inside == 1).any()


def test_a_picture_is_painted_in_its_own_colours(
    painter: CarRemover, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red stays red: a network that gives back what it is given changes nothing."""
    monkeypatch.setattr(
        painter.engine.network, "forward", lambda given: Removal(given, given, None)
    )
    before = picture(*FRAME)
    np.testing.assert_array_equal(painter.remove(before), before)


def test_it_says_what_it_is(painter: CarRemover) -> None:
    assert painter.name == "car_removal"
    assert painter.card.frame == FRAME


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    architecture = {
        "name": "deeplab_v3_plus", "encoder": "resnet18", "width": 8, "low_width": 8, "se_ratio": 0
    }  # fmt: skip
    state = build(architecture).state_dict()
    card = Card("person_se", architecture, FRAME, {}, "", "", state_hash(state), 1, {})
    save_weights(tmp_path / "best.pt", state, card)
    with pytest.raises(PipelineError, match=r"best\.pt: holds person_se, which paints nothing; .*"):
        CarRemover(tmp_path / "best.pt")


def test_missing_weights_are_a_clear_mistake(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no such file"):
        CarRemover(tmp_path / "car_removal" / "best.pt")
