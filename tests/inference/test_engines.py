"""All backends give what PyTorch gives; names, devices and weights that cannot be are refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.errors import PipelineError, UsageError
from pipeline.images import RGB
from pipeline.inference.engines import BACKENDS, Batch, open_engine
from pipeline.inference.engines.exported import CHANNELS
from pipeline.inference.engines.machine import has_bf16
from pipeline.inference.instances import CentralPersonPredictor
from pipeline.inference.masks import MaskPredictor
from pipeline.inference.predictor import to_batch
from pipeline.inference.removal import CarRemover
from pipeline.inference.shadows import AttentionPredictor, ShadowCaster
from pipeline.inference.weights import card_of, find_weights
from tests.tiny import SMALL, write

Small = Callable[[str], Path]
FLOAT32 = ("onnxruntime", "openvino-f32")
BF16 = ("openvino-bf16", "torch-bf16")
needs_bf16 = pytest.mark.skipif(not has_bf16(), reason="no units for bfloat16 in this processor")


def batch(name: str, count: int = 2) -> Batch:
    rng = np.random.default_rng(3)
    return rng.random((count, CHANNELS[name], *SMALL[name][1]), dtype=np.float32)


def picture(height: int, width: int) -> RGB:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("backend", FLOAT32)
@pytest.mark.parametrize("name", CHANNELS)
def test_in_float32_a_backend_gives_what_pytorch_gives(
    small: Small, name: str, backend: str
) -> None:
    engine, x = open_engine(small(name), backend), batch(name)
    assert (engine.name, engine.device, engine.card) == (backend, "cpu", card_of(small(name)))
    expected, found = open_engine(small(name), "torch", "cpu").run(x), engine.run(x)
    assert len(found) == len(expected)
    for one, other in zip(expected, found, strict=True):
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, one, atol=2e-4, rtol=1e-3)


@needs_bf16
@pytest.mark.parametrize("backend", BF16)
@pytest.mark.parametrize("name", CHANNELS)
def test_in_bfloat16_it_is_close_but_not_the_same(small: Small, name: str, backend: str) -> None:
    x = batch(name)
    expected = open_engine(small(name), "torch", "cpu").run(x)
    for one, other in zip(expected, open_engine(small(name), backend).run(x), strict=True):
        assert other.dtype == np.float32
        assert np.abs(one - other).mean() < 0.02
    assert np.abs(one - other).max() > 1e-5  # else it was not computed in bfloat16


@pytest.mark.parametrize("backend", ["torch", *FLOAT32])
def test_what_an_engine_gave_stays_when_it_runs_again(small: Small, backend: str) -> None:
    engine, x = open_engine(small("deeplab_v3_plus"), backend, "cpu"), batch("deeplab_v3_plus")
    (first,) = engine.run(x)
    kept = first.copy()
    engine.run(1 - x)
    np.testing.assert_array_equal(first, kept)
    first[:] = 0
    np.testing.assert_array_equal(engine.run(x)[0], kept)


SIGNALLED = """
import os, signal, sys
from pathlib import Path
from pipeline.inference.engines import open_engine

signal.signal(signal.SIGUSR1, lambda *_: print("heard"))
first, second = (open_engine(Path(sys.argv[1]), sys.argv[2], "cpu") for _ in range(2))
del first
del second
os.kill(os.getpid(), signal.SIGUSR1)
"""


@pytest.mark.parametrize("backend", FLOAT32)
def test_signals_are_heard_after_engines_have_gone_whatever_their_order(
    small: Small, backend: str
) -> None:
    weights = str(small("deeplab_v3_plus"))
    run = subprocess.run(
        [sys.executable, "-c", SIGNALLED, weights, backend], capture_output=True, text=True
    )
    assert (run.returncode, run.stdout) == (0, "heard\n"), run.stderr


@pytest.mark.parametrize("backend", FLOAT32)
@pytest.mark.parametrize("size", [(32, 48), (1, 1), (57, 33), (200, 90)])
def test_predictors_take_pictures_of_any_size(
    small: Small, backend: str, size: tuple[int, int]
) -> None:
    """The mask, the painted picture and the shadow are those of PyTorch, at the picture's size."""
    before, inserted = picture(*size), np.zeros(size, bool)
    inserted[size[0] // 3 :, size[1] // 3 :] = True

    def results(backend: str) -> list[np.ndarray]:
        attention = AttentionPredictor(small("shadow_attention"), backend=backend)
        caster = ShadowCaster(small("shadow_generator"), backend=backend)
        return [
            MaskPredictor(small("deeplab_v3_plus"), backend=backend).probability(before),
            *attention.maps(before, inserted),
            CarRemover(small("removal_generator"), backend=backend).remove(before) / 255,
            caster.cast(before, inserted, inserted, ~inserted) / 255,
        ]

    for ours, theirs in zip(results("torch"), results(backend), strict=True):
        assert theirs.shape[:2] == size
        np.testing.assert_allclose(theirs, ours, atol=1.01 / 255)


def test_a_batch_is_what_pytorch_would_make_of_the_picture() -> None:
    """To the bit, and with the channels of a pixel side by side: scores depend on both."""
    before = picture(32, 48)
    expected = torch.from_numpy(before).permute(2, 0, 1)[None] / 255
    given = torch.from_numpy(to_batch(before, 32, 48))
    assert torch.equal(given, expected)
    assert given.is_contiguous(memory_format=torch.channels_last)


def test_a_backend_that_there_is_not_is_refused_with_the_known_ones(small: Small) -> None:
    known = ", ".join(("auto", *BACKENDS))
    with pytest.raises(UsageError, match=f"'tensorrt'; known are {known}"):
        open_engine(small("deeplab_v3_plus"), "tensorrt")
    with pytest.raises(UsageError, match="no backend is called 'tensorrt'"):
        CentralPersonPredictor(small("deeplab_v3_plus"), backend="tensorrt")


@pytest.mark.parametrize("backend", ["torch", "onnxruntime"])
def test_a_device_that_is_absent_is_never_the_cpu_instead(small: Small, backend: str) -> None:
    with pytest.raises(PipelineError, match="the device cuda:99 was asked for, but"):
        MaskPredictor(small("deeplab_v3_plus"), "cuda:99", backend)


@pytest.mark.parametrize("backend", ["torch", "onnxruntime", "openvino-f32"])
def test_a_device_that_nobody_knows_is_refused(small: Small, backend: str) -> None:
    with pytest.raises(UsageError, match="'fridge'"):
        open_engine(small("deeplab_v3_plus"), backend, "fridge")


def test_auto_with_a_device_that_is_absent_is_refused(small: Small) -> None:
    with pytest.raises(PipelineError, match="the device cuda:99 was asked for"):
        open_engine(small("deeplab_v3_plus"), "auto", "cuda:99")


def test_pytorch_wants_its_own_file(small: Small) -> None:
    file = small("deeplab_v3_plus").with_suffix(".onnx")
    with pytest.raises(UsageError, match=r"PyTorch cannot run an ONNX file; give the \.pt file"):
        open_engine(file, "torch")


@pytest.mark.parametrize("backend", FLOAT32)
def test_an_onnx_file_alone_is_enough(small: Small, tmp_path: Path, backend: str) -> None:
    """Not even the card lies beside it: that is inside."""
    alone = tmp_path / "models" / "person_se" / "best.onnx"
    alone.parent.mkdir(parents=True)
    shutil.copyfile(small("deeplab_v3_plus").with_suffix(".onnx"), alone)
    found = find_weights("person_se", models=tmp_path / "models")
    assert found is not None and found.file == alone
    x = batch("deeplab_v3_plus")
    (expected,) = open_engine(small("deeplab_v3_plus"), backend).run(x)
    np.testing.assert_array_equal(open_engine(alone, backend).run(x)[0], expected)


def test_weights_of_pytorch_come_before_an_onnx_file(small: Small, tmp_path: Path) -> None:
    shutil.copytree(small("deeplab_v3_plus").parent, tmp_path / "car_mask")
    found = find_weights("car_mask", models=tmp_path)
    assert found is not None and found.file.name == "best.pt"


def test_an_onnx_file_of_other_weights_than_its_card_tells_is_refused(
    small: Small, tmp_path: Path
) -> None:
    write("deeplab_v3_plus", tmp_path, seed=2)
    shutil.copyfile(small("deeplab_v3_plus").with_suffix(".onnx"), tmp_path / "best.onnx")
    with pytest.raises(PipelineError, match=r"exported from other weights .* writes it anew"):
        open_engine(tmp_path / "best.onnx", "onnxruntime")


@pytest.mark.parametrize("backend", FLOAT32)
def test_a_damaged_onnx_file_is_named(small: Small, tmp_path: Path, backend: str) -> None:
    shutil.copyfile(small("deeplab_v3_plus").with_suffix(".json"), tmp_path / "best.json")
    content = small("deeplab_v3_plus").with_suffix(".onnx").read_bytes()
    (tmp_path / "best.onnx").write_bytes(content[: len(content) // 2])
    with pytest.raises(PipelineError, match=r"best\.onnx: damaged weights or card"):
        open_engine(tmp_path / "best.onnx", backend)


def test_missing_weights_are_named() -> None:
    with pytest.raises(PipelineError, match=r"nowhere/best\.pt: no such file; copy best\.pt and"):
        open_engine(Path("nowhere/best.pt"))


def test_weights_of_another_kind_are_refused_before_they_are_opened(small: Small) -> None:
    with pytest.raises(PipelineError, match="holds some, which casts no shadow; give the weights"):
        ShadowCaster(small("deeplab_v3_plus"), backend="onnxruntime")


@pytest.mark.parametrize("backend", ["auto", "onnxruntime", "openvino-f32", "openvino-bf16"])
def test_mask_rcnn_runs_in_pytorch_whatever_the_backend(tmp_path: Path, backend: str) -> None:
    weights, before = write("mask_rcnn", tmp_path), picture(60, 70)
    predictor = CentralPersonPredictor(weights, "cpu", backend)
    assert predictor.backend == "torch"
    expected = CentralPersonPredictor(weights).probability(before)
    np.testing.assert_array_equal(predictor.probability(before), expected)
    with pytest.raises(UsageError, match="cannot be exported to ONNX, it stays in PyTorch"):
        open_engine(weights, "onnxruntime")


@needs_bf16
def test_mask_rcnn_in_bfloat16_is_asked_for_by_name(tmp_path: Path) -> None:
    predictor = CentralPersonPredictor(write("mask_rcnn", tmp_path), "cpu", "torch-bf16")
    assert predictor.backend == "torch-bf16"
    mask = predictor.probability(picture(60, 70))
    assert mask.dtype == np.float32 and mask.shape == (60, 70)
