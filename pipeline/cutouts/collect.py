"""All pictures of a collection, over all cores, going on where it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from pipeline.cutouts.cut import Job, cut, look
from pipeline.cutouts.record import Record, Store, digest
from pipeline.cutouts.segmenters import Segmenter
from pipeline.errors import BadPicture
from pipeline.images import read_picture
from pipeline.matting import Map
from pipeline.parallel import each
from pipeline.sections.cutouts import CutoutsSection
from pipeline.sections.parallel import ParallelSection
from pipeline.sources.manifest import Found
from pipeline.sources.progress import Meter
from pipeline.workspace import code_hash, file_hash

CODE = (
    "cutouts", "images.py", "inference", "matting.py", "metrics/masks.py", "networks",
    "sections/cutouts.py",
)  # fmt: skip
"""What decides a record; with its parameters and the segmenter's weights the key of a store."""

OF_A_RECORD = {"use_masks", "batch_size", "threshold", "edge", "margin", "segmenter"}
"""Parameters that decide it; the others choose among records."""

T = TypeVar("T")

BATCHES = 4
"""Batches of a network that go to the other processes together."""


def open_store(work: Path, segmenter: Segmenter, how: CutoutsSection) -> Store:
    """The store in `work` for these parameters, weights and code; all others are let go."""
    settings = how.model_dump_json(include=OF_A_RECORD)
    key = digest([segmenter.identity, settings, code_hash(*CODE)])
    for other in work.iterdir() if work.is_dir() else ():
        if other.is_dir() and other.name != key:
            shutil.rmtree(other)
    return Store((work / key).absolute())


def make_jobs(pictures: Sequence[Found], masks: dict[str, Path]) -> list[Job]:
    """A job a picture, named by the bytes of the picture and of its mask."""
    jobs = []
    for picture in pictures:
        mask = masks.get(picture.facts.name)
        parts = [picture.facts.sha256, file_hash(mask) if mask else ""]
        jobs.append(Job(digest(parts), picture.file.absolute(), mask))
    return jobs


def cut_all(
    jobs: Sequence[Job],
    store: Store,
    segmenter: Segmenter,
    how: CutoutsSection,
    parallel: ParallelSection,
    meter: Meter,
) -> list[Record]:
    """Do what is not done yet; the records of all jobs, in their order."""
    records = {job.name: store.find(job.name) for job in jobs}
    meter.more(len(jobs))
    for record in records.values():
        if record is not None:
            meter.step()
    pending = [job for job in jobs if records[job.name] is None]
    if segmenter.anywhere:
        made = each(partial(cut, store=store, how=how, segmenter=segmenter), pending, parallel)
    else:
        # Batches are made of all jobs, done or not: a pass over other pictures rounds otherwise.
        wanted = {job.name for job in pending}
        lots = [lot for lot in _slices(jobs, how.batch_size) if any(j.name in wanted for j in lot)]
        made = _by_batches(lots, wanted, store, segmenter, how, parallel)
    for job, record in zip(pending, made, strict=True):
        records[job.name] = record
        meter.step(store.image(job.name).stat().st_size if record.cutout else 0)
    return [record for job in jobs if (record := records[job.name]) is not None]


def _by_batches(
    lots: Sequence[Sequence[Job]],
    wanted: set[str],
    store: Store,
    segmenter: Segmenter,
    how: CutoutsSection,
    parallel: ParallelSection,
) -> Iterator[Record]:
    """The network looks at the next batches while cutouts are made of the last ones."""
    groups = _slices(lots, BATCHES)
    with ThreadPoolExecutor(1) as thread:
        ahead = thread.submit(_look_at, groups[0], segmenter) if groups else None
        for following in [*groups[1:], None]:
            assert ahead is not None
            jobs = [job for job in ahead.result() if job.name in wanted]
            if following is not None:
                ahead = thread.submit(_look_at, following, segmenter)
            yield from each(partial(cut, store=store, how=how, segmenter=None), jobs, parallel)


def _slices(things: Sequence[T], size: int) -> list[Sequence[T]]:
    return [things[start : start + size] for start in range(0, len(things), size)]


def _look_at(lots: Sequence[Sequence[Job]], segmenter: Segmenter) -> list[Job]:
    """The same jobs with what the segmenter says; without where the picture cannot be read."""
    seen = []
    for lot in lots:
        pictures = {}
        for job in lot:
            try:
                pictures[job.name] = look(read_picture(job.picture), segmenter.side)
            except BadPicture:  # it is said when the job is done
                continue
        maps: dict[str, Map] = dict(
            zip(pictures, segmenter.probability(list(pictures.values())), strict=True)
        )
        seen += [job._replace(probability=maps.get(job.name)) for job in lot]
    return seen
