"""Folders of pictures with masks: `FOLDER/images/NAME.*` beside `FOLDER/masks/NAME.*`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from PIL import Image

from pipeline.errors import BadPicture, MissingFolder, PipelineError
from pipeline.images import read_mask, read_picture
from pipeline.sources.pictures import perceptual_hash
from pipeline.workspace import file_hash

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
MIN_SIDE = 16


class Pair(NamedTuple):
    """A picture and the file that holds its mask."""

    name: str
    picture: Path
    mask: Path


class PairFacts(NamedTuple):
    """What one usable pair is, as far as a split needs to know."""

    name: str
    group: str
    picture: str
    mask: str
    width: int
    height: int
    coverage: float
    phash: str
    picture_sha256: str
    mask_sha256: str


class Reject(NamedTuple):
    """A file that cannot be used, and why."""

    file: str
    reason: str


def list_pairs(folder: Path) -> tuple[list[Pair], list[Reject]]:
    """Match pictures and masks by their stem, sorted by it.

    Returns:
        The pairs, and what has no partner or shares its stem with another file.

    Raises:
        MissingFolder: `images/` or `masks/` is not there.
        PipelineError: There is no picture at all.
    """
    pictures, twice = _by_stem(folder / "images")
    masks, twice_masks = _by_stem(folder / "masks")
    rejects = twice + twice_masks
    rejects += [
        Reject(str(pictures[stem]), f"no mask {folder / 'masks' / stem}.*; add or remove one")
        for stem in sorted(pictures.keys() - masks.keys())
    ]
    rejects += [
        Reject(str(masks[stem]), f"no picture {folder / 'images' / stem}.*; add or remove one")
        for stem in sorted(masks.keys() - pictures.keys())
    ]
    pairs = [Pair(s, pictures[s], masks[s]) for s in sorted(pictures.keys() & masks.keys())]
    if not pairs and not rejects:
        raise PipelineError(
            f"{folder / 'images'}: holds no pictures ({', '.join(sorted(SUFFIXES))})"
        )
    return pairs, rejects


def inspect_pairs(pairs: Sequence[Pair], folder: Path) -> tuple[list[PairFacts], list[Reject]]:
    """Decode every pair, over all cores, and say what it is or what is wrong with it."""
    # Threads: decoding and hashing let go of the interpreter lock, and nothing has to start up.
    results = Parallel(n_jobs=-1, prefer="threads")(
        delayed(_inspect_or_reject)(pair, folder) for pair in pairs
    )
    facts = [result for result in results if isinstance(result, PairFacts)]
    rejects = [result for result in results if isinstance(result, Reject)]
    return facts, rejects


def list_pictures(folder: Path) -> list[Path]:
    """Pictures of a folder and its subfolders by their names' endings, sorted.

    Raises:
        MissingFolder: It is not there.
    """
    if not folder.is_dir():
        raise MissingFolder(folder, "pictures")
    return sorted(file for file in folder.rglob("*") if _is_picture(file))


def _is_picture(file: Path) -> bool:
    return not file.name.startswith(".") and file.suffix.lower() in SUFFIXES


def refuse_if_too_many(rejects: Sequence[Reject], total: int, max_share: float, key: str) -> None:
    """Stop if more than `max_share` of `total` files are rejects.

    Raises:
        PipelineError: Names the first reject and the parameter that allows them.
    """
    if len(rejects) / max(1, total) > max_share:
        first = rejects[0]
        others = f" (and {len(rejects) - 1} more)" if len(rejects) > 1 else ""
        raise PipelineError(
            f"{first.file}: {first.reason}{others}; mend it, or allow "
            f"{len(rejects)} of {total} to be left out with {key} (now {max_share:g})"
        )


def inspect_pair(pair: Pair, folder: Path) -> PairFacts:
    """Decode one pair.

    Raises:
        BadPicture: Either cannot be read, their sizes differ, or they are tiny.
    """
    picture, mask = read_picture(pair.picture), read_mask(pair.mask)
    height, width = picture.shape[:2]
    if mask.shape != (height, width):
        raise BadPicture(
            pair.mask,
            f"the mask is {mask.shape[1]}×{mask.shape[0]}, its picture {pair.picture.name} is "
            f"{width}×{height}; make them the same size",
        )
    if min(height, width) < MIN_SIDE:
        raise BadPicture(pair.picture, f"{width}×{height} is too small, give {MIN_SIDE} or more")
    return PairFacts(
        name=pair.name,
        group=pair.name.partition("_")[0] if "_" in pair.name else "all",
        picture=pair.picture.relative_to(folder).as_posix(),
        mask=pair.mask.relative_to(folder).as_posix(),
        width=width,
        height=height,
        coverage=round(float(np.mean(mask)), 6),
        phash=perceptual_hash(Image.fromarray(picture)),
        picture_sha256=file_hash(pair.picture),
        mask_sha256=file_hash(pair.mask),
    )


def _inspect_or_reject(pair: Pair, folder: Path) -> PairFacts | Reject:
    try:
        return inspect_pair(pair, folder)
    except BadPicture as problem:
        return Reject(str(problem.file), problem.reason)


def _by_stem(folder: Path) -> tuple[dict[str, Path], list[Reject]]:
    if not folder.is_dir():
        raise MissingFolder(folder, "pictures and their masks")
    files: dict[str, Path] = {}
    rejects = []
    for file in sorted(folder.iterdir()):
        if not _is_picture(file):
            continue
        if file.stem in files:
            rejects.append(
                Reject(str(file), f"{files[file.stem].name} has the same stem; rename it")
            )
        else:
            files[file.stem] = file
    return files, rejects
