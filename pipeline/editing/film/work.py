"""An edit of a film that may be killed: what is done lies beside the target until all of it is.

Stretches of frames are encoded one by one; a run that finds some goes on after the last of them.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.editing.film.report import FilmReport
from pipeline.editing.networks import Networks
from pipeline.errors import UsageError
from pipeline.images import RGBA
from pipeline.inference.weights import find_weights
from pipeline.video.joining import join, sides_of
from pipeline.video.probing import check_film
from pipeline.video.source import Film
from pipeline.video.writer import Encoding, write_stretch
from pipeline.workspace import code_hash, file_hash, only_user, work_key, write_file, write_whole

STRETCH = 48
"""Frames that are encoded, and lost by a kill, together."""

Progress = Callable[[int, int], None]
"""Called with how many frames are done, and how many there are."""

Counts = dict[str, int]
Picture = av.VideoFrame | RGBA


@dataclass
class Work:
    """The folder beside the target.

    Attributes:
        folder: Where.
        film: What is edited.
        target: What will be written.
        began: When this run began.
        resumed: Frames that an earlier run had written.
    """

    folder: Path
    film: Film
    target: Path
    began: float = field(default_factory=time.monotonic)
    resumed: int = 0

    @property
    def frames(self) -> int:
        """How many the film has."""
        return len(self.film.times.stamps)

    @property
    def stretches(self) -> int:
        """How many the film is written in."""
        return -(-self.frames // STRETCH)

    def part(self, kind: str, number: int, suffix: str) -> Path:
        """A file of this work."""
        return self.folder / f"{kind}_{number:06d}{suffix}"

    def save(self, kind: str, number: int, **arrays: NDArray[np.generic]) -> None:
        """Keep arrays for later passes and later runs; whole or not at all."""
        with (
            write_file(self.part(kind, number, ".npz")) as part,
            part.open("wb") as stream,
        ):
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]

    def load(self, kind: str, number: int) -> dict[str, NDArray[np.generic]]:
        """What `save` kept."""
        with np.load(self.part(kind, number, ".npz")) as kept:
            return dict(kept)

    def has(self, kind: str, number: int) -> bool:
        """Whether `save` kept it."""
        return self.part(kind, number, ".npz").exists()

    def written(self) -> int:
        """How many stretches are whole, counted from the first."""
        number = 0
        while number < self.stretches and self.part("stretch", number, ".json").exists():
            number += 1
        return number

    def write(
        self, number: int, frames: Iterable[Picture], encoding: Encoding, counts: Counts
    ) -> None:
        """Encode a stretch; `counts` is looked at when all its frames have come."""
        with write_file(self.part("stretch", number, ".mkv")) as part:
            write_stretch(part, frames, self.film.look, encoding)
        write_whole(self.part("stretch", number, ".json"), json.dumps(counts).encode())

    def finish(self, encoding: Encoding) -> FilmReport:
        """Join the stretches with the sound, check the film, and put it in its place."""
        sides = sides_of(self.film.file, self.target)
        whole = self.folder / f"whole{self.target.suffix}"
        files = [self.part("stretch", number, ".mkv") for number in range(self.stretches)]
        join(whole, files, self.film.times, self.film.file, sides)
        check_film(
            whole, self.film.look, self.film.times, encoding.transparent, self.film.file, sides
        )
        total: Counts = {}
        for file in files:
            for name, count in json.loads(file.with_suffix(".json").read_text()).items():
                total[name] = total.get(name, 0) + count
        whole.replace(self.target)
        notes = (*([f"{self.film.file.name}: {self.film.damage}"] if self.film.damage else []),
                 *(f"left out: {what}" for what in sides.left))  # fmt: skip
        return FilmReport(
            self.frames, time.monotonic() - self.began, total.get("from_frames", 0),
            total.get("painted", 0), total.get("cuts", 0), self.resumed, notes,
        )  # fmt: skip


@contextmanager
def work_beside(target: Path, film: Film, key: str) -> Iterator[Work]:
    """The work of this film, with what a killed run of the same key has left.

    It is removed when all went well, and stays where it stopped otherwise.

    Raises:
        AlreadyRunning: Another process writes this target.
    """
    folder = target.with_name(f"{target.name}.part")
    with only_user(folder):
        _start_over_unless(folder, key)
        work = Work(folder, film, target)
        work.resumed = min(work.written() * STRETCH, work.frames)
        yield work
    shutil.rmtree(folder, ignore_errors=True)


def key_of(source: Path, networks: Networks, used: Iterable[str], **options: object) -> str:
    """A hash of all that decides what comes out: source, options, weights and code."""
    weights = {}
    for network in used:
        found = find_weights(network, networks.weights.get(network), networks.models)
        there = found is not None and found.file.exists()
        weights[network] = file_hash(found.file) if found is not None and there else ""
    told = {name: repr(option) for name, option in options.items()}
    told["engine"] = f"{networks.backend} {networks.device}"
    code = code_hash("editing", "video")
    return work_key(source=file_hash(source), weights=weights, options=told, code=code)


def check_places(source: Path, target: Path) -> None:
    """Refuse to write over what is read.

    Raises:
        UsageError: Source and target are one file.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target}: is the film that is read; give the result another name")


def meter(progress: Progress | None, frames: int, start: float, share: float) -> Progress:
    """Tell the progress of one pass of several: from `start` on it makes up `share` of the work."""

    def tell(done: int, of: int) -> None:
        if progress is not None:
            progress(round(frames * (start + share * done / max(of, 1))), frames)

    return tell


def _start_over_unless(folder: Path, key: str) -> None:
    note = folder / "key"
    if note.exists() and note.read_text() == key:
        return
    for other in folder.iterdir():
        if other.name != "lock":
            other.unlink()
    write_whole(note, key.encode())
