"""Which run made these weights: `python -m pipeline.tracking.lookup SHA…`.

Prints one JSON object, `{sha: run or null}`, and nothing else. A process of its own, because the
server that shows the runs of the weights it serves does not import MLflow. A database is asked as
it is, with SQLite's own read-only mode: MLflow would make one where there is none, and migrate an
old one. A server is asked by MLflow's client.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pipeline.errors import PipelineError, UsageError
from pipeline.tracking.store import is_installed, tracking_uri
from pipeline.tracking.tracker import EXPERIMENT, WEIGHTS_TAG

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

Runs = Mapping[str, str | None]
"""By the hash of the weights; None where no run is known."""

_HASH = re.compile("[0-9a-f]{64}")
_QUERY = """
    SELECT runs.run_uuid FROM runs
    JOIN tags ON tags.run_uuid = runs.run_uuid
    JOIN experiments ON experiments.experiment_id = runs.experiment_id
    WHERE experiments.name = ? AND tags.key = ? AND tags.value = ?
    AND runs.lifecycle_stage = 'active'
    ORDER BY runs.start_time DESC LIMIT 1
"""


def find_runs(hashes: Sequence[str]) -> Runs:
    """The newest run of each, as evaluation finds it.

    Args:
        hashes: Of the tensors (`Card.weights_sha256`).

    Raises:
        PipelineError: There is no store, or it cannot be asked.
    """
    address = tracking_uri()
    if address.startswith("sqlite:"):
        return _in_database(_database(address), hashes)
    return _at_server(address, hashes)


def _database(address: str) -> Path:
    """The file of `sqlite:///relative` or `sqlite:////absolute`."""
    return Path(unquote(urlsplit(address).path)[1:])


def _in_database(file: Path, hashes: Sequence[str]) -> Runs:
    if not file.is_file():
        raise PipelineError(f"{file}: no such store of runs; training writes one")
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as store:
            return {sha: _newest(store, sha) for sha in hashes}
    except sqlite3.Error as problem:
        raise PipelineError(f"{file}: cannot be asked for runs ({problem})") from None


def _newest(store: sqlite3.Connection, sha: str) -> str | None:
    row = store.execute(_QUERY, (EXPERIMENT, WEIGHTS_TAG, sha)).fetchone()
    return str(row[0]) if row else None


def _at_server(address: str, hashes: Sequence[str]) -> Runs:
    if not is_installed():
        raise PipelineError("mlflow is not installed, which asks a server for runs")
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    try:
        client = MlflowClient(address)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        places = [experiment.experiment_id] if experiment else []
        return {sha: _newest_at(client, places, sha) for sha in hashes}
    except MlflowException as problem:
        raise PipelineError(f"{address}: cannot be asked for runs ({problem})") from None


def _newest_at(client: MlflowClient, experiments: list[str], sha: str) -> str | None:
    runs = client.search_runs(
        experiments,
        filter_string=f"tags.{WEIGHTS_TAG} = '{sha}'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    return str(runs[0].info.run_id) if runs else None


def main() -> None:
    """Answer on standard output; why there is no answer stands in one line on standard error."""
    hashes = sys.argv[1:]
    try:
        if not hashes or not all(_HASH.fullmatch(sha) for sha in hashes):
            raise UsageError("usage: python -m pipeline.tracking.lookup SHA256…")
        answer = json.dumps(find_runs(hashes))
    except PipelineError as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(problem.exit_code)
    sys.stdout.write(f"{answer}\n")


if __name__ == "__main__":
    main()
