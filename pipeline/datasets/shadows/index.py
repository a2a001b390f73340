"""A folder in Shadow-AR's layout, checked and listed; nothing of it is copied."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.datasets.shadows.files import KINDS, read_soft_mask
from pipeline.datasets.splits import PARTS, deal_out, look_alikes
from pipeline.errors import BadPicture
from pipeline.images import read_picture
from pipeline.parallel import each
from pipeline.sections.base import NOTHING
from pipeline.sections.parallel import ParallelSection
from pipeline.sources.folder import Reject, list_pictures
from pipeline.sources.pictures import inspect_picture
from pipeline.sources.progress import Meter
from pipeline.sources.sets.layout import find_root
from pipeline.sources.sets.shadow_ar import FOLDERS
from pipeline.workspace import file_hash


class Candidate(NamedTuple):
    """Five files of one name.

    Attributes:
        part: train or test, as the folder says.
        stem: Their common name without its ending.
        files: In the order of `KINDS`.
    """

    part: str
    stem: str
    files: tuple[Path, ...]


class IndexRow(NamedTuple):
    """A line of split.csv.

    Attributes:
        coverage: Share of the picture that the inserted object covers.
        phash: Perceptual hash of the scene without shadow.
        sha256: Over the hashes of the five files.
    """

    part: str
    name: str
    group: str
    noshadow: str
    shadow: str
    mask: str
    robject: str
    rshadow: str
    width: int
    height: int
    coverage: float
    phash: str
    sha256: str


def missing_set(folder: Path) -> str | None:
    """Why there is nothing to list: the parameters name no folder, or nothing was fetched."""
    about = folder / "about.txt"
    if folder == Path(NOTHING):
        return f"inputs.shadows is {NOTHING}"
    if about.is_file() and not any(file.is_dir() for file in folder.iterdir()):
        return f"{folder} is empty ({about.read_text(encoding='utf-8').strip()})"
    return None


def index_shadows(
    folder: Path, split_folder: Path, how: ParallelSection
) -> tuple[list[IndexRow], list[Reject]]:
    """Check every quintuple of a folder that holds `train/` and `test/`, or of one below it.

    Args:
        folder: What to look at.
        split_folder: What the listed files are relative to if `folder` is relative; else they
            are absolute.
        how: Over what the work is spread.

    Raises:
        PipelineError: Folders are missing.
    """
    root = find_root(folder, FOLDERS, "a set in Shadow-AR's layout")
    candidates, rejects = list_candidates(root.absolute())
    base = None if folder.is_absolute() else split_folder.absolute()
    rows: list[IndexRow] = []
    with Meter("shadow_set: checking", len(candidates)) as meter:
        for result in each(partial(check_candidate, relative_to=base), candidates, how):
            meter.step()
            if isinstance(result, IndexRow):
                rows.append(result)
            else:
                rejects.append(result)
    return rows, rejects


def list_candidates(root: Path) -> tuple[list[Candidate], list[Reject]]:
    """Match the files of each part by their stems, sorted by them."""
    candidates, rejects = [], []
    for part in ("train", "test"):
        kinds = {}
        for kind in KINDS:
            kinds[kind], doubles = _by_stem(root / part / kind)
            rejects += doubles
        for stem in sorted(set().union(*kinds.values())):
            missing = [kind for kind in KINDS if stem not in kinds[kind]]
            if missing:
                there = next(kinds[kind][stem] for kind in KINDS if stem in kinds[kind])
                reason = f"no file of that name in {', '.join(missing)}; add it or remove these"
                rejects.append(Reject(str(there), reason))
            else:
                files = tuple(kinds[kind][stem] for kind in KINDS)
                candidates.append(Candidate(part, stem, files))
    return candidates, rejects


def check_candidate(candidate: Candidate, relative_to: Path | None) -> IndexRow | Reject:
    """Decode a quintuple, and say what it is or what is wrong with it."""
    try:
        return _inspect(candidate, relative_to)
    except BadPicture as problem:
        return Reject(str(problem.file), problem.reason)


def with_validation(
    rows: Sequence[IndexRow], seed: int, val_share: float, bits: int
) -> list[IndexRow]:
    """Draw the validation part from the training part; scenes that look alike stay together.

    Args:
        rows: Of both parts.
        seed: Another seed, another draw.
        val_share: Share of the training part.
        bits: See `look_alikes`.

    Raises:
        PipelineError: There are too few to draw from.
    """
    if not rows:
        return []
    phashes = {row.name: row.phash for row in rows if row.part == "train"}
    # The test part has a folder of its own: what is drawn here as a test part is validation.
    drawn = deal_out(phashes, seed, val_share, val_share, look_alikes(phashes, bits))
    dealt = [row._replace(part="val") if drawn.get(row.name) == "test" else row for row in rows]
    return sorted(dealt, key=lambda row: (PARTS.index(row.part), row.name))


def _inspect(candidate: Candidate, relative_to: Path | None) -> IndexRow:
    part, stem, files = candidate
    noshadow, shadow = (read_picture(file) for file in files[:2])
    masks = [read_soft_mask(file) for file in files[2:]]
    height, width = noshadow.shape[:2]
    for file, other in zip(files[1:], (shadow, *masks), strict=True):
        if other.shape[:2] != (height, width):
            raise BadPicture(
                file,
                f"is {other.shape[1]}×{other.shape[0]}, its scene {files[0].name} is "
                f"{width}×{height}; make them the same size",
            )
    if not masks[0].any():
        raise BadPicture(files[2], "no pixel of the inserted object is white (128 or more)")
    if np.array_equal(noshadow, shadow):
        raise BadPicture(files[1], "is the same picture as that without shadow")
    digest = hashlib.sha256("".join(file_hash(file) for file in files).encode())
    listed = {kind: _listed(file, relative_to) for kind, file in zip(KINDS, files, strict=True)}
    return IndexRow(
        part=part,
        name=f"{part}_{stem}",
        group=stem.partition("_")[0] if "_" in stem else "all",
        **listed,
        width=width,
        height=height,
        coverage=round(float(masks[0].mean()), 6),
        phash=inspect_picture(files[0]).phash,
        sha256=digest.hexdigest(),
    )


def _listed(file: Path, relative_to: Path | None) -> str:
    return (file if relative_to is None else Path(os.path.relpath(file, relative_to))).as_posix()


def _by_stem(folder: Path) -> tuple[dict[str, Path], list[Reject]]:
    files: dict[str, Path] = {}
    rejects = []
    for file in list_pictures(folder):
        if file.stem in files:
            reason = f"{files[file.stem].name} has the same stem; rename it"
            rejects.append(Reject(str(file), reason))
        else:
            files[file.stem] = file
    return files, rejects
