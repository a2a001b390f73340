"""Weights and the card beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from pipeline.card import Card
from pipeline.checkpoint import load_weights, save_weights, state_hash
from pipeline.errors import PipelineError

State = dict[str, Tensor]


@pytest.fixture
def state() -> State:
    generator = torch.Generator().manual_seed(0)
    return {
        "conv.weight": torch.rand(4, 3, 3, 3, generator=generator),
        "bn.num_batches_tracked": torch.tensor(7),
        "flag": torch.tensor([True, False]),
        "half": torch.rand(5, generator=generator).bfloat16(),
        "nothing": torch.zeros(0, 3),
    }


@pytest.fixture
def file(tmp_path: Path, state: State) -> Path:
    """Weights of `person_se` with their card."""
    file = tmp_path / "models" / "person_se" / "best.pt"
    save_weights(file, state, card_of(state))
    return file


def card_of(state: Mapping[str, Tensor], **changes: Any) -> Card:
    card = Card(
        network="person_se",
        architecture={"name": "deeplab_v3_plus", "width": 16},
        frame=(64, 48),
        params={"lr": 1e-5, "networks": {"person_se": {"multiply": True}}},
        data_sha256="d" * 64,
        git_revision="abc-dirty",
        weights_sha256=state_hash(state),
        epoch=3,
        scores={"val_loss": 0.25},
    )
    return replace(card, **changes)


def refusal(file: Path) -> str:
    with pytest.raises(PipelineError) as raised:
        load_weights(file)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


def test_weights_and_card_come_back_as_they_were_written(file: Path, state: State) -> None:
    loaded, card = load_weights(file)
    assert card == card_of(state)
    assert list(loaded) == list(state)
    for name, tensor in state.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor)


def test_the_file_is_a_plain_state_dict_and_the_card_plain_json(file: Path, state: State) -> None:
    assert torch.load(file, weights_only=True).keys() == state.keys()
    card = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["weights_sha256"] == state_hash(state)
    assert [path.name for path in sorted(file.parent.iterdir())] == ["best.json", "best.pt"]


def test_the_same_tensors_give_the_same_bytes_and_hash(
    file: Path, state: State, tmp_path: Path
) -> None:
    copy = {name: tensor.clone() for name, tensor in state.items()}
    save_weights(tmp_path / "again.pt", copy, card_of(copy))
    assert (tmp_path / "again.pt").read_bytes() == file.read_bytes()
    assert (tmp_path / "again.json").read_bytes() == file.with_suffix(".json").read_bytes()


def test_the_hash_sees_values_not_order_layout_or_gradients(state: State) -> None:
    expected = state_hash(state)
    weight = state["conv.weight"]
    assert state_hash(dict(reversed(state.items()))) == expected
    assert state_hash({**state, "conv.weight": torch.nn.Parameter(weight)}) == expected
    channels_last = weight.contiguous(memory_format=torch.channels_last)
    assert state_hash({**state, "conv.weight": channels_last}) == expected


def test_equal_tensors_of_another_layout_give_the_same_bytes(
    file: Path, state: State, tmp_path: Path
) -> None:
    """A slice of a larger tensor, and channels last, are the same tensors to whoever reads them."""
    weight = state["conv.weight"].contiguous(memory_format=torch.channels_last)
    flag = torch.tensor([True, False, True])[:2]
    save_weights(
        tmp_path / "again.pt", {**state, "conv.weight": weight, "flag": flag}, card_of(state)
    )
    assert (tmp_path / "again.pt").read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"conv.weight": torch.zeros(4, 3, 3, 3)},
        {"nothing": torch.zeros(3, 0)},
        {"bn.num_batches_tracked": torch.tensor(7, dtype=torch.int32)},
        {"more": torch.zeros(1)},
    ],
    ids=["values", "shape", "type", "name"],
)
def test_other_tensors_have_another_hash(state: State, change: State) -> None:
    assert state_hash({**state, **change}) != state_hash(state)


def test_one_changed_bit_is_another_hash(state: State) -> None:
    changed = state["conv.weight"].clone()
    changed.view(torch.int32)[0, 0, 0, 0] ^= 1
    assert state_hash({**state, "conv.weight": changed}) != state_hash(state)


def test_a_card_of_other_weights_is_refused(file: Path, state: State) -> None:
    other = {**state, "conv.weight": torch.zeros(4, 3, 3, 3)}
    save_weights(file, state, card_of(other))
    assert "best.pt: its tensors are not those that best.json describes" in refusal(file)


def test_a_changed_tensor_in_the_file_is_refused(file: Path, state: State) -> None:
    content = bytearray(file.read_bytes())
    place = content.index(state["conv.weight"].numpy().tobytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert str(file) in refusal(file)


@pytest.mark.parametrize("suffix", [".pt", ".json"])
def test_a_missing_file_is_refused_with_the_stage_that_makes_it(file: Path, suffix: str) -> None:
    missing = file.with_suffix(suffix)
    missing.unlink()
    assert refusal(file) == f"{missing}: no such file; `dvc repro train@person_se` makes it"


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\x80\x04\x95 pickle"], ids=["empty", "text", "pickle"]
)
def test_a_damaged_file_is_refused_in_one_line_with_the_stage_that_makes_it(
    file: Path, content: bytes
) -> None:
    file.write_bytes(content)
    text = refusal(file)
    assert text.startswith(f"{file}: damaged weights or card")
    assert text.endswith("`dvc repro --force train@person_se` makes it")


def test_half_a_file_is_refused(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    assert refusal(file).startswith(f"{file}: damaged weights or card")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"network": "person_se"}', '{"more": 1}'])
def test_a_damaged_card_is_refused(file: Path, content: str) -> None:
    file.with_suffix(".json").write_text(content)
    assert refusal(file).startswith(f"{file}: damaged weights or card")


def test_a_file_that_runs_code_when_loaded_is_refused_in_one_line(file: Path) -> None:
    torch.save({"weights": Path("/etc")}, file)  # any class that torch does not know to be safe
    assert refusal(file).startswith(f"{file}: damaged weights or card")


@pytest.mark.parametrize("content", [{"epoch": 3, "state_dict": {}}, [1, 2]], ids=str)
def test_a_file_that_holds_something_else_is_refused(file: Path, content: object) -> None:
    """Such as a Lightning checkpoint."""
    torch.save(content, file)
    assert str(file) in refusal(file)
