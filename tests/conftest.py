"""What all tests stand on: no network, a clean environment, and a tiny folder of pictures."""

from __future__ import annotations

import io
import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from numpy.random import Generator
from PIL import Image
from ruamel.yaml import YAML

from pipeline.presets import preset_text
from tests.miniature import SMALL

hypothesis.settings.register_profile("clearscene", deadline=None, derandomize=True)
hypothesis.settings.load_profile("clearscene")

# Networks of a few pixels: on a busy machine threads wait a hundred times longer than they work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The telemetry of ONNX Runtime speaks past the guard below; users have `engines.silence`.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

PAIRS = 24
QUICKEST: dict[str, Any] = {
    **SMALL,
    "training.workers": 0,
    "networks.person_se.batch_size": 4,
    "networks.person_bce_dice.batch_size": 4,
    "networks.central_person.checkpoint": "data/nothing",
    "pairs.height": 128,
    "pairs.width": 128,
    "pairs.background.sizes": [[144, 136], [128, 128]],
    "pairs.car.sizes": [[32, 24], [60, 45]],
    "person_split.multiply": "online",
}


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """No test speaks to another machine; the failure cannot be caught by `except Exception`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture(autouse=True)
def no_worker_stays_in_a_folder_that_goes() -> Iterator[None]:
    """Workers of loky outlive the test that started them, and the folder that it worked in.

    Without one MKL does not find PyTorch's library, and the next test that has work for them fails.
    """
    yield
    if loky := sys.modules.get("joblib.externals.loky"):
        loky.get_reusable_executor().shutdown(wait=True)


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def to_loopback_only(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            pytest.fail(f"a test wants to speak to {address[0]}:{address[1]}")
        return connect(self, address)

    return to_loopback_only


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Exported networks and measured choices: those of the tests, shared by them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEARSCENE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever tracking or experiment the tests are started from stays out of them."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def people_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture root: `people/{images,masks}/` with 24 pairs of 48 to 64 pixels.

    A bright blob on a dim noisy ground, its mask exact; half is named `a_NN`, half `b_NN`.
    Shared by the session: copy it before changing it.
    """
    root = tmp_path_factory.mktemp("pictures")
    for folder in ("images", "masks"):
        (root / "people" / folder).mkdir(parents=True)
    for index in range(PAIRS):
        picture, mask = _blob(np.random.default_rng(index))
        name = f"{'ab'[index % 2]}_{index // 2:02d}"
        picture.save(root / "people" / "images" / f"{name}.jpg", quality=95)
        mask.save(root / "people" / "masks" / f"{name}.png")
    return root


def _blob(rng: Generator) -> tuple[Image.Image, Image.Image]:
    height, width = rng.integers(48, 65, size=2)
    rows, columns = np.mgrid[:height, :width]
    across, down = rng.uniform(0.15, 0.3, size=2) * (width, height)
    centre = rng.uniform(0.35, 0.65, size=2) * (width, height)
    mask = ((columns - centre[0]) / across) ** 2 + ((rows - centre[1]) / down) ** 2 <= 1
    picture = rng.integers(0, 90, size=(height, width, 3))
    picture[mask] = rng.integers(150, 256, size=3)
    return Image.fromarray(picture.astype(np.uint8)), Image.fromarray(mask.astype(np.uint8) * 255)


@pytest.fixture(scope="session")
def mini_params() -> Callable[..., str]:
    """Make the text of a params.yaml: the preset `photos`, as quick as it gets.

    Call it as `mini_params(root)` or `mini_params(root, {"networks.person_se.epochs": 3})`.
    """

    def text(root: Path, changes: Mapping[str, Any] | None = None, **overrides: Any) -> str:
        yaml = YAML()
        values = yaml.load(preset_text("photos", root))
        for key, value in {**QUICKEST, **(changes or {}), **overrides}.items():
            *path, last = key.split(".")
            section = values
            for part in path:
                section = section[part]
            section[last] = value
        stream = io.StringIO()
        yaml.dump(values, stream)
        return stream.getvalue()

    return text
