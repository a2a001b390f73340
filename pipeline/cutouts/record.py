"""What is known of one picture once it is done, on disk as soon as it is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from pipeline.metrics.masks import Counts
from pipeline.workspace import write_whole


class Score(msgspec.Struct, frozen=True):
    """A mask beside the true one."""

    counts: Counts
    boundary_f: float


class Measures(msgspec.Struct, frozen=True):
    """A cutout in numbers; see `quality.measure` and `matting.Box`."""

    segmenter: str
    confidence: float
    coverage: float
    border: float
    sharpness: float
    left: int
    top: int
    width: int
    height: int


class Record(msgspec.Struct, frozen=True):
    """What became of one picture.

    Attributes:
        picture_problem: Why it cannot be used; empty if it can.
        mask_problem: Why its mask cannot be used; empty if it can or there is none.
        picture_size: Width and height, upright.
        cutout: None where there is nothing to cut out.
        found: Score of what the segmenter found, where the true mask is known.
        refined: Score of what was made of it.
    """

    picture_problem: str = ""
    mask_problem: str = ""
    picture_size: tuple[int, int] = (0, 0)
    cutout: Measures | None = None
    found: Score | None = None
    refined: Score | None = None


class Store:
    """Records and cutouts of one way to make them.

    A record is written last and at once: what has one is done, however the process ended.

    Args:
        folder: Made when the first one is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def image(self, name: str) -> Path:
        """Where the cutout is that a record speaks of."""
        return self.folder / f"{name}.png"

    def find(self, name: str) -> Record | None:
        """The record of a picture that is done."""
        try:
            record = msgspec.json.decode((self.folder / f"{name}.json").read_bytes(), type=Record)
        except (OSError, msgspec.MsgspecError):
            return None
        return record if record.cutout is None or self.image(name).is_file() else None

    def save(self, name: str, record: Record, png: bytes) -> None:
        """Keep a record, and the cutout if there is one."""
        if record.cutout is not None:
            write_whole(self.image(name), png)
        write_whole(self.folder / f"{name}.json", msgspec.json.encode(record))


def digest(parts: Iterable[str]) -> str:
    """Twenty hexadecimal digits that change with any of the parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
