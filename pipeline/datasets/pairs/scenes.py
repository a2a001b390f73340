"""Cutouts of cars and backgrounds by part: what pairs and rendered shadows are made from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pipeline.errors import NothingToLearnFrom, PipelineError
from pipeline.paths import read_table


class SceneFile(NamedTuple):
    """A cutout or a background; `group` is its make, album or source."""

    file: Path
    group: str


class SceneFiles(NamedTuple):
    """What one part is made from, each sorted by name.

    Attributes:
        cutouts: RGBA PNGs.
        backgrounds: Pictures.
    """

    cutouts: list[SceneFile]
    backgrounds: list[SceneFile]


def read_scene_files(split: Path, cutouts: Path, backgrounds: Path, part: str) -> SceneFiles:
    """The cutouts and backgrounds of one part.

    Args:
        split: `split.csv` of stage `scene_split`, with the columns part, kind, file, group.
        cutouts: What the files of kind `cutout` are relative to.
        backgrounds: What those of kind `background` are relative to.
        part: train, val or test.

    Raises:
        NothingToLearnFrom: There is none of either kind in any part.
        PipelineError: The part has none of either kind.
    """
    table = read_table(split, "scene_split")
    for kind, source in (("cutout", "scrape.cars"), ("background", "scrape.backgrounds")):
        if not any(row["kind"] == kind for row in table):
            raise NothingToLearnFrom(
                f"there is no {kind}: {source} in params.yaml names no pictures, or none is usable"
            )
    rows = [row for row in table if row["part"] == part]
    found = SceneFiles(
        *(
            [
                SceneFile(folder.absolute() / row["file"], row["group"])
                for row in rows
                if row["kind"] == kind
            ]
            for kind, folder in (("cutout", cutouts), ("background", backgrounds))
        )
    )
    for kind, files in zip(("cutout of a car", "background"), found, strict=True):
        if not files:
            raise PipelineError(
                f"{split}: holds no {kind} of the part {part}; collect more pictures and run "
                "scene_split again"
            )
    return found
