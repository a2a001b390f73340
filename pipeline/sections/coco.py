"""Section `coco` of params.yaml."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline.sections.base import Count, Fetchable, Hash, Positive, Section, Share


class CocoSection(Section):
    """Pictures with one person in the middle, out of COCO."""

    annotations: Fetchable
    """Of the archive with the instances files, or its absolute path; empty: none."""
    sha256: Hash
    files: Annotated[dict[Literal["train", "test"], str], Field(min_length=1)]
    """Member of the archive for each part."""
    coverage: Annotated[float, Field(ge=0, lt=1)]
    """The person covers more than this share of the picture."""
    max_bytes: Count
    """Of the archive."""
    max_seconds: Positive
    """For the archive, all attempts together."""
    max_bad_share: Share
    """Pictures that cannot be had are listed and left out up to this share."""

    @field_validator("files")
    @classmethod
    def _names_differ(cls, files: dict[str, str]) -> dict[str, str]:
        if len({PurePosixPath(member).name.lower() for member in files.values()}) < len(files):
            raise ValueError("files: two parts have a file of the same name")
        return files
