"""Pictures and their true masks, matched by the stems of their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import BadPicture, UsageError
from pipeline.images import RGB, Mask, read_mask, read_picture
from pipeline.paths import read_table

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


class Case(NamedTuple):
    """A picture that every method is shown; its name is the stem of both files."""

    name: str
    picture: Path
    truth: Path

    def read(self) -> tuple[RGB, Mask]:
        """Picture and true mask.

        Raises:
            BadPicture: Either cannot be read, or their sizes differ.
        """
        picture, truth = read_picture(self.picture), read_mask(self.truth)
        if truth.shape != picture.shape[:2]:
            raise BadPicture(
                self.truth,
                f"the mask is {truth.shape[1]}×{truth.shape[0]}, its picture {self.picture.name} "
                f"is {picture.shape[1]}×{picture.shape[0]}; make them the same size",
            )
        return picture, truth


class Reject(NamedTuple):
    """A file that no method is judged on, and why."""

    file: str
    reason: str


class Cases(NamedTuple):
    """What methods are judged on, sorted by name, and what was left out."""

    good: list[Case]
    rejects: list[Reject]


def find_cases(pictures: Path, masks: Path, split: Path | None = None) -> Cases:
    """Match pictures and masks, and decode each once: what cannot be used is a reject.

    Args:
        pictures: Folder.
        masks: Folder; masks are black and white and as large as their pictures.
        split: A `split.csv`; only the names of its part `test` are taken.

    Raises:
        UsageError: A folder is missing, or nothing can be used.
    """
    wanted = _test_part(split) if split else None
    rejects: list[Reject] = []
    found, truths = (
        {file.stem: file for file in _distinct(folder, wanted, rejects)}
        for folder in (pictures, masks)
    )
    for names, missing, folder in ((found, truths, masks), (truths, found, pictures)):
        rejects += [
            Reject(str(names[name]), f"there is no {folder / name}.*")
            for name in sorted(names.keys() - missing.keys())
        ]
    good = []
    for name in sorted(found.keys() & truths.keys()):
        case = Case(name, found[name].absolute(), truths[name].absolute())
        try:
            case.read()
        except BadPicture as problem:
            rejects.append(Reject(str(problem.file), problem.reason))
        else:
            good.append(case)
    if not good:
        raise UsageError(_nothing(pictures, masks, split, rejects))
    return Cases(good, rejects)


def _nothing(pictures: Path, masks: Path, split: Path | None, rejects: list[Reject]) -> str:
    first = f" ({rejects[0].file}: {rejects[0].reason})" if rejects else ""
    among = f" among those of the part test in {split}" if split else ""
    return (
        f"no picture in {pictures} has a mask of the same name in {masks}{among}{first}; "
        "give two folders whose files have the same stems"
    )


def _distinct(folder: Path, wanted: set[str] | None, rejects: list[Reject]) -> Iterator[Path]:
    """Pictures of a folder, one for each stem."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    seen: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or file.suffix.lower() not in SUFFIXES:
            continue
        if wanted is not None and file.stem not in wanted:
            continue
        if file.stem in seen:
            rejects.append(Reject(str(file), f"{seen[file.stem].name} has the same stem"))
            continue
        seen[file.stem] = file
        yield file


def _test_part(split: Path) -> set[str]:
    rows = read_table(split, "person_split")
    try:
        return {row["name"] for row in rows if row["part"] == "test"}
    except KeyError as column:
        raise UsageError(f"{split}: has no column {column}; give a split.csv") from None
