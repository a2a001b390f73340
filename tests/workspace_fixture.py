"""A folder in which stages run in this process, with the split made once for the session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient


@dataclass(frozen=True)
class Workspace:
    """A folder with params.yaml in which the split has been made.

    Attributes:
        root: The folder.
        pictures: What the parameters name as root.
        params_text: Text of its params.yaml, with changes by dotted key.
    """

    root: Path
    pictures: Path
    params_text: Callable[..., str]

    def set_params(self, changes: Mapping[str, Any] | None = None) -> None:
        (self.root / "params.yaml").write_text(self.params_text(changes))


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database of the newest schema: making one costs seconds, copying none."""
    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture(scope="session")
def workspace(
    people_root: Path,
    mini_params: Callable[..., str],
    migrated_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Workspace:
    """A workspace on the tiny pictures, with its split."""
    from pipeline.stages import person_split  # here, so that coverage sees it being imported

    root = tmp_path_factory.mktemp("workspace")
    made = Workspace(root, people_root, lambda changes=None: mini_params(people_root, changes))
    made.set_params()
    shutil.copy(migrated_store, root / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        person_split.main()
    return made
