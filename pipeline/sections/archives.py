"""Sections `archives` and `backgrounds` of params.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline.sections.base import Count, Fetchable, Hash, Positive, Section, Share

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]


class Archive(Section):
    """An archive whose pictures are backgrounds."""

    url: Fetchable
    """Of the file, or its absolute path if fetched by hand; empty: left out, see `note`."""
    sha256: Hash = ""
    pictures: Annotated[list[str], Field(min_length=1)]
    """Shell patterns of the members that are taken, such as `*/images/*.jpg`."""
    licence: str = ""
    note: str = ""
    """Where to register or what to know; logged while `url` is empty."""


class ArchivesSection(Section):
    """Archives of backgrounds."""

    entries: dict[Name, Archive]
    max_bytes: Count
    """Of one archive."""
    max_seconds: Positive
    """For one archive, all attempts together."""
    max_unpacked_bytes: Count
    """Of the wanted members of one archive; of a compressed tar, of all members."""
    min_side: Count
    near_duplicate_bits: Annotated[int, Field(ge=0, le=32)]
    max_bad_share: Share


BackgroundSource = Literal["scrape", "frames", "archives"]


class BackgroundsSection(Section):
    """What becomes of the backgrounds of all sources."""

    sources: list[BackgroundSource]
    """Which are taken; of pictures of one size that look alike, the source named first wins."""
    min_side: Count
    near_duplicate_bits: Annotated[int, Field(ge=0, le=32)]

    @field_validator("sources")
    @classmethod
    def _each_once(cls, sources: list[BackgroundSource]) -> list[BackgroundSource]:
        if len(set(sources)) < len(sources):
            raise ValueError("sources: names one of them twice")
        return sources
