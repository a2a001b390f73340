"""The collections of all sources as one, without doubles."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.sections.archives import BackgroundsSection
from pipeline.sources.manifest import Found, Summary, read_manifest, write_collection


def merge_collections(
    collections: Iterable[Path], output: Path, section: BackgroundsSection
) -> Summary:
    """Write the pictures of several collections as one; what looks alike goes to its rejects.

    Raises:
        PipelineError: A collection is not there, or not one of ours.
    """
    found: list[Found] = [one for folder in collections for one in read_manifest(folder)]
    return write_collection(
        output,
        found,
        min_side=section.min_side,
        near_duplicate_bits=section.near_duplicate_bits,
    )
