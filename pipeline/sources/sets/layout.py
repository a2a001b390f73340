"""Finding a known layout of folders in what was downloaded, and putting it where it is read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import PipelineError

DEPTH = 4
"""Folders in folders that are looked into: archives wrap what they hold."""

Place = Callable[[Path, Path], object]


def find_root(folder: Path, needed: Sequence[str], what: str) -> Path:
    """The folder at or below this one that holds all the needed subfolders, the highest first.

    Raises:
        PipelineError: None does; names what the nearest one lacks.
    """
    if not folder.is_dir():
        raise PipelineError(f"{folder}: no such folder ({what})")
    best, fewest = folder, list(needed)
    for candidate in _folders(folder):
        missing = [name for name in needed if not (candidate / name).is_dir()]
        if not missing:
            return candidate
        if len(missing) < len(fewest):
            best, fewest = candidate, missing
    raise PipelineError(f"{best}: is not {what}; these folders are missing: {', '.join(fewest)}")


def _folders(folder: Path) -> Iterator[Path]:
    """The folder and those below it, level by level, sorted."""
    level = [folder]
    for _ in range(DEPTH + 1):
        yield from level
        level = [
            below
            for each in level
            for below in sorted(each.iterdir())
            if below.is_dir() and not below.name.startswith((".", "__MACOSX"))
        ]


def place_layout(root: Path, target: Path, names: Sequence[str], place: Place) -> int:
    """Put the files of these subfolders below `target`; hidden files and deeper folders stay.

    Args:
        root: What holds the subfolders.
        target: A fresh folder.
        names: The subfolders.
        place: Puts a file somewhere: `copy_file`, or `place_file` where both names may share the
            bytes. DVC makes such bytes read-only, so that files of the user are copied.

    Returns:
        How many files there are.
    """
    count = 0
    for name in names:
        (target / name).mkdir(parents=True)
        for file in sorted((root / name).iterdir()):
            if file.is_file() and not file.name.startswith("."):
                place(file, target / name / file.name)
                count += 1
    return count


def copy_file(file: Path, target: Path) -> None:
    """Copy the bytes, not the mode and the dates."""
    shutil.copyfile(file, target)
