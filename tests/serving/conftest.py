"""What the tests of the command line share: how it is called, and tiny networks for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pytest
import torch
from PIL import Image

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.images import RGB
from pipeline.inference.export import export_onnx
from pipeline.networks.build import build
from pipeline.serving import cli
from tests.tiny import EXPORTABLE, architecture_of

COMMAND = Path(sys.executable).with_name("clearscene")


class Outcome(NamedTuple):
    """What a call printed and returned."""

    exit_code: int
    out: str
    err: str


class Clearscene(Protocol):
    """Type `clearscene ARGUMENTS…`."""

    def __call__(self, *arguments: str | Path) -> Outcome: ...


@pytest.fixture
def clearscene(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clearscene:
    """The command in this process."""

    def call(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["clearscene", *map(str, arguments)])
        with pytest.raises(SystemExit) as raised:
            cli.main()
        return Outcome(int(raised.value.code or 0), *capsys.readouterr())

    return call


def process(*arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    return subprocess.run([COMMAND, *arguments], input=given, capture_output=True, check=False)


def assert_one_line(outcome: Outcome, exit_code: int, says: str) -> None:
    assert outcome.err.startswith("clearscene: "), outcome
    assert len(outcome.err.splitlines()) == 1, outcome.err
    assert says in outcome.err
    assert outcome.exit_code == exit_code
    assert outcome.out == ""


def scene(seed: int = 0, height: int = 40, width: int = 60) -> RGB:
    """A bright thing on dim noise."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 90, (height, width, 3)).astype(np.uint8)
    picture[height // 4 : -height // 4, width // 3 : -width // 3] = rng.integers(150, 256, 3)
    return picture


def write_scene(file: Path, seed: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(scene(seed)).save(file)
    return file


def _tiny(network: str, folder: Path) -> None:
    """Random weights; a mask network is shifted so that it sees something, but not everywhere."""
    architecture, frame = architecture_of(network)
    torch.manual_seed(1)
    built = build(architecture).eval()
    if architecture["name"] == "deeplab_v3_plus":
        picture = torch.from_numpy(scene(0, *frame)).permute(2, 0, 1)[None] / 255
        with torch.no_grad():
            level = torch.logit(built(picture)).quantile(0.7 if network == "car_mask" else 0.5)
            built.get_parameter("head.bias").sub_(level)
    state = built.state_dict()
    card = Card(network, architecture, frame, {}, "", "", state_hash(state), 1, {})
    save_weights(folder / network / "best.pt", state, card)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with tiny networks of random weights, of all kinds but Mask R-CNN."""
    folder = tmp_path_factory.mktemp("models")
    for network in EXPORTABLE:
        _tiny(network, folder)
    return folder


@pytest.fixture(scope="session")
def light_models(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with person_se as ONNX: a process that uses it never loads PyTorch."""
    folder = tmp_path_factory.mktemp("light_models")
    export_onnx(models / "person_se" / "best.pt", folder / "person_se" / "best.onnx")
    return folder
