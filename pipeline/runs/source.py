"""Where the scores of a run are read from: a folder, a Git revision or an experiment of DVC."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pipeline.errors import PipelineError
from pipeline.evaluation import KINDS, Kind
from pipeline.paths import REPORTS
from pipeline.runs.git import commit_of, experiment, file_at, is_repository

HERE = ("workspace", ".")


class Run(Protocol):
    """One run's reports."""

    @property
    def name(self) -> str:
        """As its user called it."""
        ...

    def read(self, file: str) -> str | None:
        """Text of a file by its path from the reports; None if there is none."""
        ...


@dataclass(frozen=True)
class FolderRun:
    """Reports on disk."""

    name: str
    folder: Path

    def read(self, file: str) -> str | None:
        """See `Run`."""
        try:
            return (self.folder / file).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None


@dataclass(frozen=True)
class CommitRun:
    """Reports that a commit holds."""

    name: str
    commit: str

    def read(self, file: str) -> str | None:
        """See `Run`."""
        return file_at(self.commit, f"{REPORTS.as_posix()}/{file}")


def open_run(name: str) -> Run:
    """Find a run: a folder with reports, else a Git revision, else an experiment of DVC.

    Args:
        name: `workspace` or `.` is what stands here; a folder is the reports or holds `reports/`.

    Raises:
        PipelineError: There is none of that name, or it holds no reports.
    """
    run = _folder_run(name) or _commit_run(name)
    if run is None:
        tried = (
            "no folder with reports, no Git revision and no experiment (`dvc exp list --all`)"
            if is_repository()
            else "no folder with reports, and one stands in no Git repository"
        )
        raise PipelineError(f"{name}: {tried}")
    if not any(run.read(f"{network}/metrics.json") for network in KINDS):
        raise PipelineError(f"{name}: no reports there; `dvc repro` makes and `git add` keeps them")
    return run


def _folder_run(name: str) -> Run | None:
    folder = Path() if name in HERE else Path(name)
    if name in HERE or (folder / REPORTS).is_dir():
        return FolderRun(name, folder / REPORTS)
    has_reports = any(folder.glob("*/metrics.json"))
    return FolderRun(name, folder) if has_reports else None


def _commit_run(name: str) -> Run | None:
    commit = commit_of(name) or experiment(name)
    return CommitRun(name, commit) if commit else None


class Scores(NamedTuple):
    """What a run reports of one network.

    Attributes:
        skipped: Why it has no scores; None where it has.
        means: `metrics.json`.
        pictures: Scores by picture, the baselines' too; NaN is what cannot be measured.
    """

    skipped: str | None
    means: dict[str, Any]
    pictures: dict[str, dict[str, float]]


def read_scores(run: Run, network: str) -> Scores | None:
    """A network's scores; None where the run does not report on it.

    Raises:
        PipelineError: A report is not what the pipeline writes.
    """
    means, table = run.read(f"{network}/metrics.json"), run.read(f"{network}/scores.csv")
    if means is None:
        return None
    try:
        numbers = json.loads(means)
        pictures = _by_picture(table or "", KINDS[network])
    except (ValueError, KeyError, TypeError) as problem:
        raise PipelineError(
            f"{run.name}: the reports of {network} cannot be read ({problem}); "
            f"`dvc repro evaluate@{network}` makes them anew"
        ) from None
    return Scores(numbers.get("skipped"), numbers, pictures)


def _by_picture(table: str, kind: Kind) -> dict[str, dict[str, float]]:
    rows = list(csv.DictReader(io.StringIO(table)))
    wanted = (*kind.scores, *map(kind.versus, kind.baselines))  # other columns hold words too
    pictures = {
        row["picture"]: {name: float(row[name] or "nan") for name in wanted if name in row}
        for row in rows
    }
    if len(pictures) < len(rows):
        raise ValueError("a picture stands twice in scores.csv")
    return pictures
