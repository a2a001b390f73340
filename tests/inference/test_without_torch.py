"""Pictures are edited without PyTorch, and without a word to anybody."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tiny import write

Small = Callable[[str], Path]

EDIT = """
import sys

sys.modules["torch"] = sys.modules["torchvision"] = None  # as if they were not installed
spoken = []
sys.addaudithook(
    lambda event, given: spoken.append((event, given))
    if event.startswith(("socket.", "subprocess.", "os.fork", "os.exec", "os.posix_spawn"))
    else None
)
import numpy as np
from pathlib import Path
from pipeline.inference.instances import CentralPersonPredictor
from pipeline.inference.masks import MaskPredictor
from pipeline.inference.removal import CarRemover
from pipeline.inference.shadows import AttentionPredictor, ShadowCaster

root, backend = Path(sys.argv[1]), sys.argv[2]
picture = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)
inserted = np.zeros((70, 90), bool)
inserted[20:50, 30:60] = True


def load(kind, name):
    return kind(root / name / "best.onnx", None, backend)


mask = load(MaskPredictor, "deeplab_v3_plus").probability(picture)
painted = load(CarRemover, "removal_generator").remove(picture)
maps = load(AttentionPredictor, "shadow_attention").maps(picture, inserted)
cast = load(ShadowCaster, "shadow_generator").cast(picture, inserted, inserted, inserted)
assert mask.shape == maps.shadows.shape == (70, 90)
assert painted.shape == cast.shape == (70, 90, 3)
assert not spoken, spoken
heavy = {"torch", "torchvision", "onnx", "openvino_telemetry", "mlflow", "dvc", "lightning"}
assert not heavy & {name for name, module in sys.modules.items() if module}
sys.stdout.write(load(MaskPredictor, "deeplab_v3_plus").backend)
"""


def python(code: str, *given: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code, *given]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.fixture
def folders(small: Small, tmp_path: Path) -> Path:
    """A folder per network with `best.onnx` and `best.json` alone."""
    for name in ("deeplab_v3_plus", "removal_generator", "shadow_attention", "shadow_generator"):
        (tmp_path / "networks" / name).mkdir(parents=True)
        for file in ("best.onnx", "best.json"):
            shutil.copyfile(small(name).with_name(file), tmp_path / "networks" / name / file)
    return tmp_path / "networks"


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino-f32", "auto"])
def test_all_edits_run_where_pytorch_is_not_installed(
    folders: Path, tmp_path: Path, backend: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    # Build servers are left out of OpenVINO's telemetry: here nothing says that this is one.
    there = {"HOME": str(home), "CI": "", "GITHUB_ACTIONS": "", "ORT_DISABLE_TELEMETRY": ""}
    done = python(EDIT, str(folders), backend, **there)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("openvino" if backend == "auto" else backend)
    assert not list(home.iterdir())  # where either's telemetry keeps an identity of the user


OPEN = """
import sys

sys.modules["torch"] = None
from pathlib import Path
from pipeline.errors import PipelineError
from pipeline.inference.engines import open_engine

try:
    open_engine(Path(sys.argv[1]), sys.argv[2])
except PipelineError as problem:
    sys.stdout.write(str(problem))
"""


@pytest.mark.parametrize("backend", ["auto", "openvino-f32", "onnxruntime"])
def test_without_pytorch_and_without_an_export_it_says_what_to_do(
    tmp_path: Path, backend: str
) -> None:
    weights = write("deeplab_v3_plus", tmp_path / "person_se")
    said = python(OPEN, str(weights), backend).stdout
    assert "takes best.onnx beside it; `clearscene export person_se " in said


def test_pytorch_that_is_not_installed_is_named(tmp_path: Path) -> None:
    weights = write("deeplab_v3_plus", tmp_path / "person_se")
    said = python(OPEN, str(weights), "torch").stdout
    assert said == "the backend torch is not installed: pip install torch"


GROWTH = """
import sys
from pathlib import Path
import numpy as np
import psutil
from pipeline.inference.engines import open_engine

engine = open_engine(Path(sys.argv[1]), sys.argv[2])
x = np.random.default_rng(0).random((1, 3, *engine.card.frame), dtype=np.float32)
sizes = []
for number in range(1200):
    engine.run(x)
    if number in (199, 1199):
        sizes.append(psutil.Process().memory_info().rss)
sys.stdout.write(str(sizes[1] - sizes[0]))
"""


@pytest.mark.long
@pytest.mark.parametrize("backend", ["onnxruntime", "openvino-f32", "torch"])
def test_a_thousand_pictures_leave_no_memory_behind(small: Small, backend: str) -> None:
    done = python(GROWTH, str(small("deeplab_v3_plus")), backend)
    assert int(done.stdout) < 4 * 2**20, done.stderr
