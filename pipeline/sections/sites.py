"""Sites as configuration: which links lead to the pictures, told in CSS selectors.

A selector here is `CSS@ATTRIBUTE`: the elements that match, and which attribute of them is wanted;
`@text` is their text. `a.title@href`, `img@src`, `source@srcset` (its largest candidate),
`h1@text`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from soupsieve import SelectorSyntaxError
from soupsieve import compile as compile_css

from pipeline.sections.base import Count, Folder, Section

DEMO = "demo:"
"""Stands for the address of the demo's own site, whose port differs from run to run."""


def _selector(text: str) -> str:
    css, _, attribute = text.rpartition("@")
    if not css or not re.fullmatch(r"[\w-]+", attribute):
        raise ValueError(f"{text!r} is not CSS@ATTRIBUTE, such as a.title@href")
    return _css(css) and text


def _css(text: str) -> str:
    try:
        compile_css(text)
    except SelectorSyntaxError as problem:
        raise ValueError(f"{text!r} is not CSS: {str(problem).splitlines()[0]}") from None
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as problem:
        raise ValueError(f"{text!r} is not a regular expression: {problem}") from None
    return text


def _replacements(full: dict[str, str]) -> dict[str, str]:
    for pattern, replacement in full.items():
        try:
            re.sub(pattern, replacement, "")
        except (re.error, IndexError) as problem:
            raise ValueError(f"{pattern!r}: {replacement!r} does not replace: {problem}") from None
    return full


def _start(text: str) -> str:
    if not text.startswith(("http://", "https://", DEMO)):
        raise ValueError(f"{text!r} is not an address that begins with http:// or https://")
    return text


def _group(text: str) -> str:
    return text if text.startswith("@") and re.fullmatch(r"@[\w-]+", text) else _selector(text)


Start = Annotated[str, AfterValidator(_start)]
Selector = Annotated[str, AfterValidator(_selector)]
GroupSelector = Annotated[str, AfterValidator(_group)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class Follow(Section):
    """One step from a page towards the pictures."""

    links: Selector
    """The links to follow."""
    next: Selector | None = None
    """The link to the next page of the pages that these links lead to."""
    group: GroupSelector | None = None
    """What everything behind the link belongs to (make, album), sought inside the link; `@text` or
    `@title` is the link's own."""
    only: list[str] = Field(default_factory=list)
    """Follow the links of these groups alone; all if empty."""


class Site(Section):
    """One site: where to start, what to follow, which pictures to take."""

    start: Annotated[list[Start], Field(min_length=1)]
    """Addresses of the first pages."""
    next: Selector | None = None
    """The links from a start page to further ones of its kind (page 2, 3, ...); the first that has
    not been read yet is followed."""
    follow: list[Follow] = Field(default_factory=list)
    """Steps from the start pages to the pages that show pictures; none if they show them."""
    pictures: Selector
    """The pictures, or the links to them."""
    full: Annotated[dict[Pattern, str], AfterValidator(_replacements)] = Field(default_factory=dict)
    """From the address of a thumbnail to that of the full picture: pattern, replacement."""
    keep: Pattern = ""
    """Take only pictures whose full address holds this pattern."""
    max_pages: Count = 1000
    max_pictures: Count = 10_000
    licence: str = ""
    """Note on the terms, kept with every picture."""


class ScrapedSource(Section):
    """Where the pictures of one source come from, and which are kept."""

    folder: Folder
    """Pictures on disk; `data/nothing`: there are none."""
    folder_is: Literal["taken", "served"]
    """What happens to it: its pictures are taken as they are, or the demo's site shows them on
    loopback (its address is `demo:`)."""
    sites: dict[str, Site]
    min_side: Count
    """A picture whose shorter side has fewer pixels is refused."""
    near_duplicate_bits: Annotated[int, Field(ge=0, le=32)]
    """Perceptual hashes that differ in so many of 64 bits or fewer are one picture."""
    max_bad_share: Annotated[float, Field(ge=0, le=1)]
    """Failures are listed and left out up to this share; above it the stage fails."""

    @model_validator(mode="after")
    def _demo_is_served(self) -> ScrapedSource:
        asked = any(start.startswith(DEMO) for site in self.sites.values() for start in site.start)
        if asked and self.folder_is != "served":
            raise ValueError(f"a site starts at {DEMO}, which needs folder_is: served")
        return self

    def starts(self, demo: str) -> dict[str, list[str]]:
        """First pages by site; `demo` is the address that the demo's site has in this run."""
        return {
            name: [start.replace(DEMO, demo, 1) for start in site.start]
            for name, site in self.sites.items()
        }
