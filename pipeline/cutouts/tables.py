"""What the stage writes: cutouts with their manifest, what was left out, and the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pipeline.cutouts.cut import Job
from pipeline.cutouts.quality import shortcoming
from pipeline.cutouts.record import Record, Score, Store
from pipeline.errors import PipelineError
from pipeline.metrics.masks import mask_scores, pooled_scores, total
from pipeline.metrics.statistics import mean_scores
from pipeline.sections.cutouts import CutoutsSection
from pipeline.sources.folder import Reject
from pipeline.sources.manifest import IMAGES, MANIFEST, REJECTS, Found
from pipeline.workspace import place_file

FAILED, UNWANTED = "failed", "unwanted"


class Row(NamedTuple):
    """A line of manifest.csv.

    Attributes:
        file: Relative to the stage's folder.
        source: The photo, relative to its collection.
        phash: Of the photo.
        left: With top, width and height: where in the upright photo the cutout was.
    """

    file: str
    source: str
    group: str
    segmenter: str
    confidence: str
    coverage: str
    border: str
    sharpness: str
    left: int
    top: int
    width: int
    height: int
    picture_width: int
    picture_height: int
    phash: str
    url: str
    licence: str


class RejectRow(NamedTuple):
    """A line of rejects.csv; `kind` is `failed` or `unwanted`."""

    file: str
    url: str
    kind: str
    reason: str


class ScoreRow(NamedTuple):
    """A line of cutouts_scores.csv: the refined mask beside the true one."""

    picture: str
    group: str
    segmenter: str
    jaccard: str
    f1: str
    accuracy: str
    precision: str
    recall: str
    boundary_f: str


class Done(NamedTuple):
    """A picture, what to do with it, and what came of it."""

    found: Found
    job: Job
    record: Record


def manifest_rows(done: Sequence[Done], limits: CutoutsSection) -> list[Row]:
    """One for each cutout that is good enough, in the order of the collection."""
    return [_row(one) for one in done if not problem(one, limits)]


def problem(one: Done, limits: CutoutsSection) -> str:
    """Why a picture gives no cutout; empty if it does."""
    record = one.record
    if record.picture_problem:
        return record.picture_problem
    if record.cutout is None:
        return f"{limits.segmenter} finds no car of cutouts.threshold ({limits.threshold:g})"
    return shortcoming(record.cutout, limits)


def reject_rows(
    done: Sequence[Done], masks: Sequence[Reject], limits: CutoutsSection
) -> list[RejectRow]:
    """Pictures, then masks, that are not used, and why."""
    bad = [*masks]
    bad += [Reject(str(one.job.mask), one.record.mask_problem) for one in done]
    bad_masks = [RejectRow(mask.file, "", FAILED, mask.reason) for mask in bad if mask.reason]
    pictures = [
        RejectRow(
            one.found.file.as_posix(),
            one.found.origin.url,
            FAILED if one.record.picture_problem else UNWANTED,
            reason,
        )
        for one in done
        if (reason := problem(one, limits))
    ]
    return pictures + bad_masks


def score_rows(done: Sequence[Done], segmenter: str) -> list[ScoreRow]:
    """One for each picture whose true mask is known; what finds nothing scores 0."""
    return [
        ScoreRow(
            one.found.facts.name,
            one.found.origin.group,
            segmenter,
            **{name: f"{value:.6f}" for name, value in _scores(one.record.refined).items()},
        )
        for one in done
        if one.record.refined is not None
    ]


def summarise(
    done: Sequence[Done], rows: Sequence[Row], rejects: Sequence[RejectRow], segmenter: str
) -> dict[str, Any]:
    """Counts, and means over the scored pictures before and after the refinement."""
    pairs = [(r.found, r.refined) for _, _, r in done if r.found and r.refined]
    summary: dict[str, Any] = {
        "pictures": len(done),
        "cutouts": len(rows),
        "unwanted": sum(row.kind == UNWANTED for row in rejects),
        "failed": sum(row.kind == FAILED for row in rejects),
        "bad_masks": sum(row.kind == FAILED and not row.url for row in rejects),
        "segmenter": segmenter,
        "scored": len(pairs),
    }
    if pairs:
        summary |= _means([refined for _, refined in pairs])
        summary["unrefined"] = _means([found for found, _ in pairs])
    return summary


def describe(summary: Mapping[str, Any]) -> str:
    """One line."""
    line = "{cutouts} cutouts, {unwanted} unwanted, {failed} failed"
    if summary["scored"]:
        line += "; Jaccard {jaccard:.4f}, boundary F {boundary_f:.4f} on {scored} with masks"
    return line.format_map(summary)


def refuse_if_too_many_failed(summary: Mapping[str, Any], how: CutoutsSection) -> None:
    """Stop if too much could not be read or did not fit, or if nothing is left.

    Raises:
        PipelineError: Names the table of rejects and the parameter.
    """
    total, failed = summary["pictures"] + summary["bad_masks"], summary["failed"]
    if failed > how.max_bad_share * total:
        raise PipelineError(
            f"{failed} of {total} pictures and masks cannot be used (reasons in "
            f"data/cutouts/{REJECTS}); mend them, or allow it with cutouts.max_bad_share "
            f"(now {how.max_bad_share:g})"
        )
    if summary["pictures"] and not summary["cutouts"]:
        raise PipelineError(
            f"none of {summary['pictures']} pictures gives a cutout (reasons in "
            f"data/cutouts/{REJECTS}); choose another cutouts.segmenter, or lower its limits"
        )


def write_cutouts(
    output: Path, rows: Sequence[Row], rejects: Sequence[RejectRow], images: dict[str, Path]
) -> None:
    """Fill the stage's folder; `images` are by their place in it."""
    (output / IMAGES).mkdir()
    for row in rows:
        place_file(images[row.file], output / row.file)
    write_table(output / MANIFEST, rows, Row._fields)
    write_table(output / REJECTS, rejects, RejectRow._fields)


def write_table(file: Path, rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> None:
    """CSV with the same bytes everywhere."""
    pd.DataFrame(rows, columns=list(columns)).to_csv(file, index=False, lineterminator="\n")


def images_of(done: Sequence[Done], store: Store) -> dict[str, Path]:
    """The files of all cutouts by their place in the stage's folder."""
    return {image_name(one): store.image(one.job.name) for one in done}


def image_name(one: Done) -> str:
    """Place of a cutout: named by the bytes of its photo."""
    return f"{IMAGES}/{one.found.facts.sha256[:20]}.png"


def _row(one: Done) -> Row:
    made = one.record.cutout
    assert made is not None  # else there is a problem
    origin, facts = one.found.origin, one.found.facts
    return Row(
        file=image_name(one),
        source=f"{IMAGES}/{facts.name}",
        group=origin.group,
        segmenter=made.segmenter,
        **{
            name: f"{getattr(made, name):.4f}"
            for name in ("confidence", "coverage", "border", "sharpness")
        },
        left=made.left,
        top=made.top,
        width=made.width,
        height=made.height,
        picture_width=one.record.picture_size[0],
        picture_height=one.record.picture_size[1],
        phash=facts.phash,
        url=origin.url,
        licence=origin.licence,
    )


def _scores(score: Score | None) -> dict[str, float]:
    assert score is not None
    return {**mask_scores(score.counts), "boundary_f": score.boundary_f}


def _means(scores: Sequence[Score]) -> dict[str, float]:
    means = mean_scores([_scores(score) for score in scores])
    pooled = pooled_scores(total(score.counts for score in scores))
    return {name: round(value, 6) for name, value in {**means, "iou": pooled["iou"]}.items()}
