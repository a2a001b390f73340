"""One picture from its file to its cutout, its measures and its scores."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from pipeline.cutouts.quality import measure
from pipeline.cutouts.record import Record, Score, Store
from pipeline.cutouts.segmenters import GIVEN, Segmenter
from pipeline.errors import BadPicture
from pipeline.images import RGB, Mask, read_mask, read_picture, resize_picture, resize_probability
from pipeline.matting import Cutout, Map, cut_out, fill_holes, object_mask
from pipeline.metrics.masks import boundary_f_score, confusion_counts
from pipeline.sections.cutouts import CutoutsSection


class Job(NamedTuple):
    """What to do.

    Attributes:
        name: Of the record.
        picture: Absolute path.
        mask: Of the true mask, absolute, if there is one.
        probability: What a network said, of any size; None where the segmenter still has to look
            or the picture could not be read.
    """

    name: str
    picture: Path
    mask: Path | None
    probability: Map | None = None


class Found(NamedTuple):
    """A car: where it surely is, how probable that is, and its cutout if any is left."""

    mask: Mask
    probability: Map
    cutout: Cutout | None


def look(picture: RGB, side: int) -> RGB:
    """The picture as a segmenter wants it: its longer side no longer than `side`."""
    factor = side / max(picture.shape[:2])
    if factor >= 1:
        return picture
    height, width = (max(1, round(n * factor)) for n in picture.shape[:2])
    return resize_picture(picture, height, width)


def cut(job: Job, store: Store, how: CutoutsSection, segmenter: Segmenter | None) -> Record:
    """Do one picture, and keep what came of it.

    Args:
        job: Which.
        store: Where to keep it.
        how: Which way.
        segmenter: Asked where the job brings no probability.
    """
    record, cutout = _cut(job, how, segmenter)
    store.save(job.name, record, _png(cutout) if cutout is not None else b"")
    return record


def _cut(
    job: Job, how: CutoutsSection, segmenter: Segmenter | None
) -> tuple[Record, Cutout | None]:
    try:
        picture = read_picture(job.picture)
    except BadPicture as problem:
        return Record(picture_problem=problem.reason), None
    truth, mask_problem = _truth(job.mask, picture)
    probability = job.probability
    if probability is None and segmenter is not None:
        (probability,) = segmenter.probability([look(picture, segmenter.side)])
    assert probability is not None  # a network has seen what can be read
    found = _found(picture, probability, how)
    chosen, name = found, str(how.segmenter)
    if truth is not None and how.use_masks:
        chosen, name = _given(picture, truth, how), GIVEN
    return Record(
        mask_problem=mask_problem,
        picture_size=(picture.shape[1], picture.shape[0]),
        cutout=None if chosen.cutout is None else measure(
            name, chosen.cutout, chosen.mask, chosen.probability
        ),
        found=None if truth is None else _score(found.probability >= how.threshold, truth),
        refined=None if truth is None else _score(_placed(found), truth),
    ), chosen.cutout  # fmt: skip


def _found(picture: RGB, probability: Map, how: CutoutsSection) -> Found:
    shape = picture.shape[:2]
    probability = resize_probability(probability, *shape)
    mask = object_mask(probability, how.threshold, shape)
    return Found(mask, probability, cut_out(picture, mask, how.edge, how.margin))


def _given(picture: RGB, truth: Mask, how: CutoutsSection) -> Found:
    mask = fill_holes(truth)
    return Found(mask, mask.astype(np.float32), cut_out(picture, mask, how.edge, how.margin))


def _truth(file: Path | None, picture: RGB) -> tuple[Mask | None, str]:
    """The true mask, or what is wrong with it."""
    if file is None:
        return None, ""
    try:
        mask = read_mask(file)
    except BadPicture as problem:
        return None, problem.reason
    height, width = picture.shape[:2]
    if mask.shape != (height, width):
        return None, (
            f"the mask is {mask.shape[1]}×{mask.shape[0]}, its picture upright {width}×{height}; "
            "make them the same size"
        )
    return mask, ""


def _placed(found: Found) -> Mask:
    """The cutout as a mask of its picture."""
    placed = np.zeros(found.mask.shape, np.bool_)
    if found.cutout is not None:
        placed[found.cutout.box.window] = found.cutout.rgba[..., 3] >= 128
    return placed


def _score(mask: Mask, truth: Mask) -> Score:
    return Score(confusion_counts(mask, truth), round(boundary_f_score(mask, truth), 6))


def _png(cutout: Cutout) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(cutout.rgba).save(stream, format="PNG", compress_level=4)
    return stream.getvalue()
