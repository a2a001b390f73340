"""Masks that came with pictures: which belongs to which."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from pipeline.sources.folder import Reject, list_pictures
from pipeline.sources.manifest import Found


class Matches(NamedTuple):
    """What became of a folder of masks.

    Attributes:
        masks: By the file name of the picture in its collection.
        rejects: Masks whose name fits more than one picture, or shares it with another mask.
        spare: How many have no picture; a collection leaves pictures out.
    """

    masks: dict[str, Path]
    rejects: list[Reject]
    spare: int


def match_masks(pictures: Sequence[Found], folder: Path) -> Matches:
    """Find the mask of each picture by the name that the picture had where it came from."""
    files: dict[str, list[Path]] = defaultdict(list)
    for file in list_pictures(folder):
        files[file.stem].append(file)
    wanted = Counter(original_stem(picture) for picture in pictures)
    masks, rejects = {}, []
    for picture in pictures:
        stem = original_stem(picture)
        if len(files.get(stem, ())) == 1 and wanted[stem] == 1:
            masks[picture.facts.name] = files[stem][0].absolute()
    for stem in sorted(wanted.keys() & files.keys()):
        if len(files[stem]) > 1 or wanted[stem] > 1:
            reason = f"{len(files[stem])} masks and {wanted[stem]} pictures are called {stem}"
            rejects += [Reject(str(file), f"{reason}; rename them") for file in files[stem]]
    return Matches(masks, rejects, len(files.keys() - wanted.keys()))


def original_stem(picture: Found) -> str:
    """Name without its ending that a picture had in its folder or on its site."""
    place = picture.origin.url
    if picture.origin.site != "folder":
        place = unquote(urlsplit(place).path)
    return PurePosixPath(place).stem
