"""Exported networks give what PyTorch gives, and say what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from pipeline.card import parse_card, read_card
from pipeline.errors import UsageError
from pipeline.inference.engines.exported import CHANNELS
from pipeline.inference.export import export_onnx
from pipeline.inference.load import load_network
from pipeline.inference.onnx_file import read_metadata
from pipeline.networks.build import BUILDERS
from tests.tiny import SMALL, write


def test_every_architecture_is_exported_or_refused() -> None:
    assert set(SMALL) == set(BUILDERS)
    assert set(BUILDERS) - set(CHANNELS) == {"mask_rcnn"}


@pytest.mark.parametrize("name", CHANNELS)
def test_the_exported_network_agrees_with_pytorch(name: str, small: Callable[[str], Path]) -> None:
    weights = small(name)
    assert {file.name for file in weights.parent.iterdir()} == {"best.pt", "best.json", "best.onnx"}
    session = onnxruntime.InferenceSession(weights.with_suffix(".onnx"))
    (given,) = session.get_inputs()
    for count in (1, 3):
        x = torch.rand(count, CHANNELS[name], *SMALL[name][1])
        with torch.inference_mode():
            ours = load_network(weights).network(x)
        ours = [one for one in (ours if isinstance(ours, tuple) else [ours]) if one is not None]
        theirs = session.run(None, {given.name: x.numpy()})
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one.numpy(), other, atol=2e-4, rtol=1e-3)


def test_mask_rcnn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be exported to ONNX, it stays in PyTorch"):
        export_onnx(write("mask_rcnn", tmp_path), tmp_path / "network.onnx")


def test_the_file_says_what_it_is_in_the_words_of_its_card(small: Callable[[str], Path]) -> None:
    weights = small("shadow_attention")
    notes = read_metadata(weights.with_suffix(".onnx"))
    card = read_card(weights.with_suffix(".json"))
    assert notes["network"] == "some"
    assert notes["weights_sha256"] == card.weights_sha256
    assert notes["frame"] == "32x64"
    assert parse_card(notes["card"]) == card


def test_notes_are_those_that_the_onnx_package_reads(small: Callable[[str], Path]) -> None:
    file = small("deeplab_v3_plus").with_suffix(".onnx")
    theirs = onnx.load(file).metadata_props
    assert read_metadata(file) == {note.key: note.value for note in theirs}


def test_a_file_without_notes_has_none(tmp_path: Path) -> None:
    graph = onnx.helper.make_graph([], "empty", [], [])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "plain.onnx")
    assert read_metadata(tmp_path / "plain.onnx") == {}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_ends_too_soon_is_no_onnx_file(
    small: Callable[[str], Path], tmp_path: Path, share: float
) -> None:
    content = small("deeplab_v3_plus").with_suffix(".onnx").read_bytes()
    (tmp_path / "half.onnx").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="ends in the middle of a field"):
        read_metadata(tmp_path / "half.onnx")


@pytest.mark.parametrize("content", [b"<html>not a network</html>", b"\xff" * 30, b"\x80"])
def test_other_files_are_no_onnx_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.onnx").write_bytes(content)
    with pytest.raises(ValueError, match=r"it (ends|has a field)"):
        read_metadata(tmp_path / "other.onnx")
