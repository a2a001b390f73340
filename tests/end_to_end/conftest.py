"""A real repository of its own, in miniature: real Git, real DVC, real MLflow in SQLite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
from filelock import FileLock
from mlflow.entities import Run
from ruamel.yaml import YAML

from pipeline.presets import preset_text
from tests.interrupts import heed_interrupts
from tests.miniature import SMALL

SOURCE = Path(__file__).parents[2]
WORLD = {
    "demo.people": 40, "demo.cars": 12, "demo.backgrounds": 12, "demo.films": 1, "demo.coco": 12,
}  # fmt: skip
MINIATURE: dict[str, Any] = {
    **SMALL,
    "person_split.size": 32,
    "shadow_set.size": 64,
    "shadow_set.count": {"train": 6, "val": 2, "test": 2},
    "training.workers": 1,
    "training.preview_every": 2,
    "networks.person_se.batch_size": 16,
    "networks.person_bce_dice.batch_size": 16,
    "networks.car_removal.batch_size": 4,
    "networks.car_mask.batch_size": 4,
}
DATA = ("pairs", "shadow_set", "coco_pictures", "person_split", "fetch@people", "fetch@shadows")
"""Whose outputs, and those before them, are all that trainings read."""


@dataclass(frozen=True)
class Repository:
    """A checkout in which commands run with the environment's own tools."""

    root: Path

    def run(
        self, *command: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment(), **environment},
            capture_output=True,
            text=True,
        )
        if check and result.returncode:
            pytest.fail(f"{' '.join(command)} ended with {result.returncode}:\n{result.stderr}")
        return result

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A process group of its own, so that a test can kill all of it."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=heed_interrupts,
        )

    def environment(self) -> dict[str, str]:
        tools = Path(sys.executable).parent
        outside = ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "DVC_ROOT", "DVC_EXP_NAME")
        clean = {key: value for key, value in os.environ.items() if key not in outside}
        return {**clean, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}

    def set_params(self, values: Mapping[Any, Any]) -> None:
        """Keys are dotted; a tuple where a key itself holds a dot."""
        yaml, file = YAML(), self.root / "params.yaml"
        params = yaml.load(file.read_text())
        for key, value in values.items():
            *sections, last = key if isinstance(key, tuple) else key.split(".")
            section = params
            for name in sections:
                section = section[name]
            section[last] = value
        with file.open("w") as stream:
            yaml.dump(params, stream)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def copy(self, root: Path) -> Repository:
        """All of it at another place, without what was tracked: the store names its own."""
        shutil.copytree(
            self.root,
            root,
            symlinks=True,
            ignore=shutil.ignore_patterns("mlflow.db", "mlartifacts"),
        )
        return Repository(root)

    def take_pictures(self, root: Path, **changes: Any) -> None:
        """Go over to a folder of one's own."""
        text = preset_text("photos", root)
        (self.root / "params.yaml").write_text(text, encoding="utf-8")
        self.set_params({**MINIATURE, **changes})

    def mlflow_runs(self, experiment: str = "clearscene", store: str = "mlflow.db") -> list[Run]:
        """Newest first."""
        client = mlflow.MlflowClient(f"sqlite:///{self.root}/{store}")
        found = client.get_experiment_by_name(experiment)
        return client.search_runs([found.experiment_id]) if found else []


def make_repository(root: Path) -> Repository:
    """Copy what Git knows, or would take, and commit it in a fresh repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=SOURCE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if name.startswith("reports/") or name == "dvc.lock" or not (SOURCE / name).is_file():
            continue
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE / name, target)
    repository = Repository(root)
    shutil.copy(root / "pipeline" / "presets" / "demo.yaml", root / "params.yaml")
    repository.set_params({**WORLD, **MINIATURE})
    repository.run("git", "init", "--quiet")
    repository.run("git", "config", "user.name", "test")
    repository.run("git", "config", "user.email", "test@example.invalid")
    repository.commit("miniature")
    return repository


def once(shared: Path, name: str, make: Callable[[Path], object]) -> Repository:
    """A repository of the whole session, made by whichever of pytest's processes is first."""
    root, finished = shared / name, shared / f"{name}.finished"
    with FileLock(shared / f"{name}.lock"):
        if not finished.exists():
            make(root)
            finished.touch()
    return Repository(root)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all of pytest's processes."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def collected(shared: Path) -> Repository:
    """A miniature repository with all data and no network. Only for copying: `.copy(root)`."""

    def make(root: Path) -> None:
        repository = make_repository(root)
        repository.run("dvc", "repro", *DATA)
        repository.commit("data")

    return once(shared, "collected", make)


@pytest.fixture(scope="session")
def experiments(shared: Path, collected: Repository) -> Repository:
    """Two experiments with person_se, `base` and `slow`: lr 0.001 and 1e-5; more may join them."""

    def make(root: Path) -> None:
        repository = collected.copy(root)
        repository.run("dvc", "exp", "run", "--name", "base", "evaluate@person_se")
        repository.run("dvc", "exp", "run", "--name", "slow", "-S", "lr=1e-5", "evaluate@person_se")

    return once(shared, "experiments", make)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A miniature repository in which nothing has run yet, shared by the module."""
    return make_repository(tmp_path_factory.mktemp("repository"))
