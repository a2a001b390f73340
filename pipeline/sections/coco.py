"""Section `coco` of params.yaml."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.sections.base import Count, Fetchable, Hash, Positive, Section, Share


class CocoSection(Section):
    """Pictures with one person in the middle, out of COCO."""

    annotations: Fetchable
    """Of the archive with the instances files, or its absolute path; empty: none."""
    sha256: Hash
    files: Annotated[dict[Literal["train", "test"], str], Field(min_length=1)]
    """Member of the archive for each part."""
    val2017: str
    """Member that lists val2017, the pictures that weights trained on train2017 have not seen; the
    split then says which are among them. Empty: none."""
    val2017_archive: Fetchable
    """Of the archive that holds it, or its absolute path; empty: it is in the other one."""
    val2017_sha256: Hash
    coverage: Annotated[float, Field(ge=0, lt=1)]
    """The person covers more than this share of the picture."""
    max_bytes: Count
    """Of an archive."""
    max_seconds: Positive
    """For an archive, all attempts together."""
    max_bad_share: Share
    """Pictures that cannot be had, or have no mask, are listed and left out up to this share."""

    @model_validator(mode="after")
    def _names_differ(self) -> CocoSection:
        members = [*self.files.values(), *filter(None, [self.val2017])]
        if len({PurePosixPath(member).name.lower() for member in members}) < len(members):
            raise ValueError("files, val2017: two of them have the same name")
        return self
