"""Where runs are kept."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from pipeline.workspace import repository_root

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

log = logging.getLogger(__name__)


def tracking_uri() -> str:
    """Of the server or the file."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{repository_root()}/mlflow.db"


def is_installed() -> bool:
    """Whether there is MLflow; it is made quiet and impatient."""
    # A dead server may cost seconds, not the minutes of MLflow's own retries.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.pop("MLFLOW_RUN_ID", None)  # a stray one would win over every run named here
    try:
        import mlflow.tracking  # noqa: F401
    except ModuleNotFoundError:
        log.warning("mlflow is not installed, this run is not tracked")
        return False
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # each retry is a warning
    return True


def experiment_id(client: MlflowClient, name: str) -> str:
    """Of the experiment, which is made where there is none."""
    known = client.get_experiment_by_name(name)
    if known is not None:
        return known.experiment_id
    # Local artifacts get an explicit place; a server decides for itself.
    is_local = tracking_uri().startswith("sqlite:")
    place = f"{repository_root()}/mlartifacts" if is_local else None
    from mlflow.exceptions import MlflowException

    try:
        return client.create_experiment(name, artifact_location=place)
    except MlflowException as problem:
        made = client.get_experiment_by_name(name)
        if problem.error_code != "RESOURCE_ALREADY_EXISTS" or made is None:
            raise
        return made.experiment_id  # by an experiment beside this one


def dvc_tags() -> dict[str, str]:
    """The name of DVC's experiment, where it is one."""
    name = os.environ.get("DVC_EXP_NAME")
    return {"dvc_experiment": name} if name else {}
