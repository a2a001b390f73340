"""Scenes with and without the shadow of an inserted object, by part, from stage `shadow_set`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.errors import NothingToLearnFrom, PipelineError
from pipeline.images import Mask, open_picture
from pipeline.paths import read_table

WHITE = 128
"""Level from which on a pixel of a mask is inside: those of Shadow-AR are not black and white."""


class ShadowScene(NamedTuple):
    """One quintuple: a row of the split, with the files where they lie.

    Attributes:
        name: Distinct within the whole split.
        group: Source of the background.
        noshadow: The scene with the inserted object, without its shadow.
        shadow: The same with its shadow.
        mask: Of the inserted object.
        robject: Of the occluders that are there already.
        rshadow: Of their shadows.
    """

    name: str
    group: str
    noshadow: Path
    shadow: Path
    mask: Path
    robject: Path
    rshadow: Path


KINDS = ShadowScene._fields[2:]
"""The five pictures of a scene, named as their folders are."""


def read_shadow_scenes(split: Path, part: str) -> list[ShadowScene]:
    """The scenes of one part, in the order of the file.

    Args:
        split: `split.csv` with the columns part, name, group and those of `KINDS`, whose files
            are absolute or relative to its folder.
        part: train, val or test.

    Raises:
        NothingToLearnFrom: The split holds no scene at all.
        PipelineError: It holds none of that part.
    """
    table = read_table(split, "shadow_set")
    if not table:
        raise NothingToLearnFrom(
            "there are no scenes with shadows: name a set in inputs.shadows of params.yaml, or "
            "set shadow_set.source: render"
        )
    scenes = [
        ShadowScene(row["name"], row["group"], *(split.parent / row[kind] for kind in KINDS))
        for row in table
        if row["part"] == part
    ]
    if not scenes:
        raise PipelineError(f"{split}: holds no scene of the part {part}; run shadow_set again")
    return scenes


def learnt_files(split: Path) -> list[Path]:
    """The pictures that training and validation read."""
    scenes = [scene for part in ("train", "val") for scene in read_shadow_scenes(split, part)]
    return [file for scene in scenes for file in scene[2:]]


def read_soft_mask(file: Path) -> Mask:
    """Read a mask that need not be black and white as H×W bool, by the threshold `WHITE`.

    Raises:
        BadPicture: Not a picture.
    """
    return np.asarray(open_picture(file).convert("L")) >= WHITE
