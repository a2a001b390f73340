"""Sections `people` and `shadows` of params.yaml: sets that need an account or a pointer."""

from __future__ import annotations

from typing import Literal

from pipeline.sections.base import Section


class PeopleSource(Section):
    """Where pictures of people with masks are downloaded from."""

    source: Literal["", "kaggle"]
    """Empty: from nowhere."""


class ShadowSource(Section):
    """Where the shadow set comes from."""

    source: str
    """Absolute path of a folder or archive, or address or id of a Google Drive file; empty: from
    nowhere."""
