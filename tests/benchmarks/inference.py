"""One picture through each network in every backend, beside eager PyTorch; and the memory it takes.

Weights are random, which changes no time. No gradients anywhere, as many threads for all, frames as
in the reference systems.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.inference.agreement import MOST_IOU
from pipeline.inference.engines import Batch, open_engine
from pipeline.inference.engines.machine import has_bf16
from pipeline.inference.examples import COUNT, example_object, example_picture
from pipeline.inference.measuring import example_batch
from pipeline.inference.predictor import to_batch
from pipeline.networks.build import build
from tests.benchmarks.measure import Timing, compare

NETWORKS: dict[str, tuple[dict[str, Any], tuple[int, int]]] = {
    "person_se": (
        {"name": "deeplab_v3_plus", "encoder": "resnet50", "width": 256, "low_width": 48,
         "se_ratio": 8},
        (512, 512),
    ),
    "person_bce_dice": (
        {"name": "deeplab_v3_plus", "encoder": "resnet50", "width": 256, "low_width": 48,
         "se_ratio": 0},
        (512, 512),
    ),
    "car_removal": (
        {"name": "removal_generator", "kernels": [4, 2], "filters": 32, "dropout": 0.0,
         "predict_mask": False},
        (256, 384),
    ),
    "shadow_attention": ({"name": "shadow_attention", "encoder": "resnet34"}, (256, 256)),
    "shadow": (
        {"name": "shadow_generator", "encoder": "resnet18", "refinement_blocks": 4}, (256, 256)
    ),
}  # fmt: skip
"""At the sizes of the reference systems."""

LEARNT = (128, 128)
"""Frame of the network whose masks are compared."""

BACKENDS = ("torch", "torch-bf16", "onnxruntime", "openvino-f32", "openvino-bf16")


def backends() -> list[Timing]:
    """Time of one picture; the masks of bfloat16 are those of float32."""
    _check_masks()
    rows: list[Timing] = []
    for network in NETWORKS:
        with TemporaryDirectory() as folder:
            rows += _times(network, Path(folder))
    return rows


def memory() -> list[Timing]:
    """Peak memory in MB, in the column of milliseconds, of a process that runs one network."""
    with TemporaryDirectory() as folder:
        os.environ["CLEARSCENE_CACHE"] = folder
        weights = _write("person_se", Path(folder))
        for name in _here():
            open_engine(weights, name, "cpu").run(np.zeros((1, 3, 512, 512), np.float32))
        peaks = {name: _peak(weights, name) for name in _here()}
    naive = peaks["torch"]
    job = "peak memory in MB: person_se 512x512, one picture"
    return [Timing(job, name, peak, round(naive / peak, 2)) for name, peak in peaks.items()]


def _times(network: str, folder: Path) -> list[Timing]:
    os.environ["CLEARSCENE_CACHE"] = str(folder)
    weights = _write(network, folder)
    engines = {name: open_engine(weights, name, "cpu") for name in _here()}
    card = engines["torch"].card
    batch = example_batch(card, 1)
    size = "x".join(map(str, card.frame))
    eager = _eager(weights, batch)
    ways = {"eager PyTorch": eager}
    ways |= {name: _run(engine.run, batch) for name, engine in engines.items()}
    return compare(f"{network} {size}, one picture", ways, rounds=5)


def _run(run: Callable[[Batch], Any], batch: Batch) -> Callable[[], Any]:
    return lambda: run(batch)


def _eager(weights: Path, batch: Batch) -> Callable[[], Any]:
    """As tutorials do it: the network as it was built, without gradients."""
    engine = open_engine(weights, "torch", "cpu")
    network = engine.network.to(memory_format=torch.contiguous_format)  # type: ignore[attr-defined]
    planes = torch.from_numpy(np.ascontiguousarray(batch))

    def run() -> Any:
        with torch.no_grad():
            return network(planes)

    return run


def _here() -> list[str]:
    return [name for name in BACKENDS if has_bf16() or not name.endswith("bf16")]


def _check_masks() -> None:
    """In every backend the masks of a network that has learnt something are those of float32.

    Of random weights they would not be: half of all pixels lie at the threshold.
    """
    with TemporaryDirectory() as folder:
        os.environ["CLEARSCENE_CACHE"] = folder
        weights = learn(Path(folder))
        batch = np.concatenate([_picture(number) for number in range(COUNT)])
        found = {name: open_engine(weights, name, "cpu").run(batch)[0] for name in _here()}
    wanted = found["torch"] >= 0.5
    person = np.stack([example_object(number, *LEARNT) for number in range(COUNT)])
    assert _iou(wanted[:, 0], person) > 0.9, "the network has learnt nothing"
    for name, probability in found.items():
        iou = _iou(probability >= 0.5, wanted)
        assert iou >= 1 - MOST_IOU, f"{name}: IoU {iou:.4f} with float32"


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def _picture(number: int) -> Batch:
    return to_batch(example_picture(number, *LEARNT), *LEARNT)


SMALL = {
    "name": "deeplab_v3_plus", "encoder": "resnet18", "width": 64, "low_width": 24, "se_ratio": 8,
}  # fmt: skip


def learn(
    folder: Path,
    architecture: dict[str, Any] | None = None,
    frame: tuple[int, int] = LEARNT,
) -> Path:
    """Weights of a network after eighty steps on the examples at `LEARNT`, to be run at `frame`."""
    architecture = architecture or SMALL
    torch.manual_seed(0)
    network = build(architecture).to(memory_format=torch.channels_last)
    pictures = torch.from_numpy(np.concatenate([_picture(number) for number in range(COUNT)]))
    people = [example_object(number, *LEARNT) for number in range(COUNT)]
    masks = torch.from_numpy(np.stack(people)[:, None]).float()
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(80):
        optimiser.zero_grad()
        functional.binary_cross_entropy(network(pictures), masks).backward()
        optimiser.step()
    return _save(network, "person_se", architecture, frame, folder)


def _write(network: str, folder: Path) -> Path:
    architecture, frame = NETWORKS[network]
    torch.manual_seed(0)
    return _save(build(architecture), network, architecture, frame, folder)


def _save(
    built: nn.Module,
    name: str,
    architecture: dict[str, Any],
    frame: tuple[int, int],
    folder: Path,
) -> Path:
    state = built.state_dict()
    card = Card(name, architecture, frame, {}, "", "", state_hash(state), 1, {})
    save_weights(folder / name / "best.pt", state, card)
    return folder / name / "best.pt"


PEAK = r"""
import re, sys
from pathlib import Path
import numpy as np
from pipeline.inference.engines import open_engine

engine = open_engine(Path(sys.argv[1]), sys.argv[2], "cpu")
for _ in range(3):
    engine.run(np.zeros((1, 3, 512, 512), np.float32))
assert ("torch" in sys.modules) == sys.argv[2].startswith("torch")
# Of this program alone: `ru_maxrss` counts the one that started it.
(peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
sys.stdout.write(str(int(peak) / 1024))
"""


def _peak(weights: Path, backend: str) -> float:
    command = [sys.executable, "-c", PEAK, str(weights), backend]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return round(float(done.stdout), 1)
