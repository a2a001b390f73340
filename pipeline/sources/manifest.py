"""A collection on disk: pictures named by content, where each came from, and what was refused.

```
FOLDER/images/<first 20 digits of the SHA-256>.<suffix>
FOLDER/manifest.csv    a row per picture
FOLDER/rejects.csv     a row per address, file or page that gave none, and why
```

A collection is a function of what was found, in the order in which it was found: the same finds
give the same bytes. When something came, and from which port, stands in a log elsewhere.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import PipelineError
from pipeline.sources.pictures import NearDuplicates, PictureFacts
from pipeline.workspace import place_file, whole_directory

IMAGES, MANIFEST, REJECTS = "images", "manifest.csv", "rejects.csv"


class Origin(NamedTuple):
    """Where a picture comes from.

    Attributes:
        url: Its address; for files from a folder, archive or video, their place in it.
        page: The page that shows it, the archive or the video; empty for a folder.
        site: Name of the site, archive or video in the parameters; of a folder, `folder`.
        group: What it belongs to: make of car, album, scene.
        licence: Note on its terms.
    """

    url: str
    page: str = ""
    site: str = ""
    group: str = ""
    licence: str = ""


class Found(NamedTuple):
    """A picture that decodes."""

    origin: Origin
    file: Path
    facts: PictureFacts


class Refusal(NamedTuple):
    """An address, file or page that gave no picture.

    Attributes:
        origin: Where it is.
        reason: What was wrong; the same text every time.
        failed: Whether something went wrong. False for what was merely not wanted: too small,
            seen before, not allowed by robots.txt.
    """

    origin: Origin
    reason: str
    failed: bool = True


class Row(NamedTuple):
    """A line of manifest.csv."""

    file: str
    url: str
    page: str
    site: str
    group: str
    sha256: str
    phash: str
    bytes: int
    width: int
    height: int
    licence: str


class RejectRow(NamedTuple):
    """A line of rejects.csv; `kind` is `failed` or `unwanted`."""

    url: str
    page: str
    site: str
    kind: str
    reason: str


class Summary(NamedTuple):
    """How a collection turned out."""

    pictures: int
    failed: int
    unwanted: int


def write_collection(
    folder: Path, entries: Iterable[Found | Refusal], *, min_side: int, near_duplicate_bits: int
) -> Summary:
    """Choose among what was found, and write the collection, all or nothing.

    Of like pictures the largest stays, among equals the first. The others become rejects.

    Args:
        folder: What to write; replaced as a whole.
        entries: In the order in which they shall stand.
        min_side: A picture whose shorter side has fewer pixels is too small.
        near_duplicate_bits: See `NearDuplicates`.
    """
    kept, rejects = choose(list(entries), min_side, near_duplicate_bits)
    with whole_directory(folder) as output:
        (output / IMAGES).mkdir()
        for found in kept:
            place_file(found.file, output / IMAGES / found.facts.name)
        _write(output / MANIFEST, Row._fields, [_row(found) for found in kept])
        _write(output / REJECTS, RejectRow._fields, [_reject_row(one) for one in rejects])
    failed = sum(one.failed for one in rejects)
    return Summary(len(kept), failed, len(rejects) - failed)


def choose(
    entries: Sequence[Found | Refusal], min_side: int, near_duplicate_bits: int
) -> tuple[list[Found], list[Refusal]]:
    """Part what is kept from what is not, each in the order of the entries."""
    reasons: dict[int, str] = {}
    places: dict[str, int] = {}
    alike = NearDuplicates(near_duplicate_bits)
    pictures = [(i, entry) for i, entry in enumerate(entries) if isinstance(entry, Found)]
    for place, found in sorted(pictures, key=_largest_first):
        facts = found.facts
        if min(facts.width, facts.height) < min_side:
            reasons[place] = f"too small: {facts.width}×{facts.height}, min_side is {min_side}"
        elif facts.sha256 in places:
            reasons[place] = f"the same bytes as {IMAGES}/{facts.name}"
        elif near := alike.find(facts.phash):
            reasons[place] = f"looks like {IMAGES}/{near}"
        else:
            places[facts.sha256] = place
            alike.add(facts.phash, facts.name)
    kept = [found for place, found in pictures if place not in reasons]
    rejects = [
        Refusal(entry.origin, reasons[place], failed=False) if isinstance(entry, Found) else entry
        for place, entry in enumerate(entries)
        if place in reasons or isinstance(entry, Refusal)
    ]
    return kept, rejects


def _largest_first(numbered: tuple[int, Found]) -> tuple[int, int]:
    place, found = numbered
    return -found.facts.width * found.facts.height, place


def read_manifest(folder: Path) -> list[Found]:
    """The pictures of a collection, in its order.

    Raises:
        PipelineError: It is not there, or not one of ours.
    """
    file = folder / MANIFEST
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = [Row(**row) for row in csv.DictReader(stream)]  # type: ignore[arg-type]
        return [_found(folder, row) for row in rows]
    except (OSError, TypeError, ValueError) as problem:
        raise PipelineError(
            f"{file}: is not a manifest ({problem}); let the stage that writes it run again"
        ) from None


def refuse_if_too_many_failed(
    summary: Summary, folder: Path, max_bad_share: float, key: str
) -> None:
    """Stop if more than `max_bad_share` of what was asked for went wrong.

    Raises:
        PipelineError: Names the rejects table and the parameter.
    """
    total = summary.pictures + summary.failed
    if summary.failed > max_bad_share * total:
        raise PipelineError(
            f"{summary.failed} of {total} could not be had (reasons in {folder / REJECTS}); "
            f"start again to retry, or allow it with {key} (now {max_bad_share:g})"
        )


def _found(folder: Path, row: Row) -> Found:
    file = folder / row.file
    facts = PictureFacts(
        row.sha256, row.phash, int(row.bytes), int(row.width), int(row.height), file.suffix
    )
    return Found(Origin(row.url, row.page, row.site, row.group, row.licence), file, facts)


def _row(found: Found) -> Row:
    origin, facts = found.origin, found.facts
    return Row(
        f"{IMAGES}/{facts.name}", origin.url, origin.page, origin.site, origin.group, facts.sha256,
        facts.phash, facts.bytes, facts.width, facts.height, origin.licence,
    )  # fmt: skip


def _reject_row(refusal: Refusal) -> RejectRow:
    url, page, site, *_ = refusal.origin
    return RejectRow(url, page, site, "failed" if refusal.failed else "unwanted", refusal.reason)


def _write(file: Path, columns: Sequence[str], rows: Sequence[NamedTuple]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
