"""The walk over a site: from its start pages along the links to the pictures that it shows."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from pipeline.errors import PipelineError
from pipeline.sections.sites import Follow, Site
from pipeline.sources.http.addresses import without_loopback_port
from pipeline.sources.http.failures import FetchFailed
from pipeline.sources.manifest import Origin, Refusal

log = logging.getLogger(__name__)


class Candidate(NamedTuple):
    """A picture that a page shows, not fetched yet."""

    url: str
    page: str
    group: str


class PageText(NamedTuple):
    """A page as it was read: its final address and its bytes."""

    url: str
    body: bytes


MISSES = 10
"""Pages without a match after which a selector that never matched is given up."""

ReadPage = Callable[[str], PageText]


class _Step(NamedTuple):
    """Links of a page kind (None: it shows pictures), and how such pages go on."""

    follow: Follow | None
    next: str | None


class Walk:
    """One walk over a site, page by page, in an order that depends on the pages alone.

    Args:
        name: Of the site, for messages.
        site: Its configuration.
        start: Its first pages (`site.start`, but for the demo's, whose port is not known before).
        read: Fetches a page; raises FetchFailed.

    Attributes:
        refusals: Pages that could not be read, and places that show nothing.
    """

    def __init__(self, name: str, site: Site, start: Sequence[str], read: ReadPage) -> None:
        self.refusals: list[Refusal] = []
        self._name, self._site, self._start, self._read = name, site, start, read
        self._pages: set[str] = set()
        self._pictures: set[str] = set()
        self._hits: dict[str, int] = {}
        self._misses: dict[str, list[str]] = {}
        nexts = [site.next, *(step.next for step in site.follow)]
        self._steps = [
            _Step(step, next_page)
            for step, next_page in zip([*site.follow, None], nexts, strict=True)
        ]

    def candidates(self) -> Iterator[Candidate]:
        """The pictures, each address once.

        Raises:
            PipelineError: A selector matches nothing on any page, a start page cannot be read, or
                no picture is left.
        """
        for url in self._start:
            yield from self._pages_from(url, 0, "", is_start=True)
        if len(self._pages) >= self._site.max_pages:
            log.warning("%s: stopped after max_pages, %d", self._name, self._site.max_pages)
        if self._is_full():
            log.info("%s: stopped after max_pictures, %d", self._name, self._site.max_pictures)
        for selector, pages in self._misses.items():
            if not self._hits[selector]:
                raise PipelineError(self._miss(selector, pages[0]))
        if not self._pictures:
            refused = "".join(f"; {one.origin.url}: {one.reason}" for one in self.refusals[:1])
            raise PipelineError(
                f"{self._name}: no picture is left on the {len(self._pages)} pages read{refused}; "
                "see what `only`, `keep` and `full` in params.yaml take away"
            )

    def _pages_from(
        self, url: str, depth: int, group: str, is_start: bool = False
    ) -> Iterator[Candidate]:
        """A page, what it leads to, and the pages that follow it."""
        step, place, first = self._steps[depth], url, True
        while place and self._may_read(place):
            try:
                page = self._read(place)
            except FetchFailed as problem:
                if is_start and first:
                    raise PipelineError(
                        f"{self._name}: start page {problem}; see whether it opens in a browser, "
                        "and put the address it has now into `start`"
                    ) from None
                self._refuse(place, problem.reason, failed=not problem.forbidden)
                return
            soup = BeautifulSoup(page.body, "lxml")
            base = _base(soup, page.url)
            if step.follow is None:
                yield from self._show(soup, base, page.url, group)
            else:
                yield from self._descend(soup, base, page.url, depth, group)
            place, first = self._next(soup, base, step.next), False

    def _may_read(self, url: str) -> bool:
        if self._is_full() or url in self._pages or len(self._pages) >= self._site.max_pages:
            return False
        self._pages.add(url)
        return True

    def _is_full(self) -> bool:
        return len(self._pictures) >= self._site.max_pictures

    def _descend(
        self, soup: BeautifulSoup, base: str, page: str, depth: int, group: str
    ) -> Iterator[Candidate]:
        follow = self._steps[depth].follow
        assert follow is not None
        for element, value in self._select(soup, follow.links, page):
            found = _group_of(element, follow.group) or group
            target = _absolute(base, value)
            if target and (not follow.only or found in follow.only):
                yield from self._pages_from(target, depth + 1, found)

    def _show(self, soup: BeautifulSoup, base: str, page: str, group: str) -> Iterator[Candidate]:
        site = self._site
        for _, value in self._select(soup, site.pictures, page):
            url = _absolute(base, value)
            for pattern, replacement in site.full.items():
                url = re.sub(pattern, replacement, url)
            if not url or url in self._pictures or not re.search(site.keep, url):
                continue
            if self._is_full():
                return
            self._pictures.add(url)
            yield Candidate(url, page, group)

    def _select(self, soup: BeautifulSoup, selector: str, page: str) -> list[tuple[Tag, str]]:
        """The elements and the wanted value of each; a page without any is listed."""
        css, _, attribute = selector.rpartition("@")
        found = [(tag, _value(tag, attribute)) for tag in soup.select(css)]
        found = [(tag, value) for tag, value in found if value]
        self._hits[selector] = self._hits.get(selector, 0) + len(found)
        if not found:
            missed = self._misses.setdefault(selector, [])
            missed.append(page)
            if len(missed) >= MISSES and not self._hits[selector]:
                raise PipelineError(self._miss(selector, missed[0]))
            self._refuse(page, f"nothing matches {selector}", failed=False)
        return found

    def _next(self, soup: BeautifulSoup, base: str, selector: str | None) -> str:
        """The first link to a page not read yet: it may be one of many numbers."""
        if selector is None:
            return ""
        css, _, attribute = selector.rpartition("@")
        links = (_absolute(base, _value(tag, attribute)) for tag in soup.select(css))
        return next((link for link in links if link and link not in self._pages), "")

    def _refuse(self, page: str, reason: str, *, failed: bool) -> None:
        origin = Origin(without_loopback_port(page), site=self._name)
        self.refusals.append(Refusal(origin, reason, failed))

    def _miss(self, selector: str, page: str) -> str:
        return (
            f"{self._name}: nothing on {page} matches {selector}; the site may have changed: open "
            "the page, look at the element with the browser's inspector, and put its CSS path into "
            "params.yaml (docs/collecting.md shows how)"
        )


def _value(tag: Tag, attribute: str) -> str:
    if attribute == "text":
        return " ".join(tag.get_text().split())
    value = tag.get(attribute)
    text = " ".join(value) if isinstance(value, list) else value or ""
    return _largest(text) if attribute.endswith("srcset") else text.strip()


def _largest(srcset: str) -> str:
    """The candidate with the greatest width or density."""
    best, best_size = "", -1.0
    for candidate in re.split(r",\s+|,$", srcset.strip()):
        url, _, size = candidate.strip().partition(" ")
        number = re.match(r"[\d.]+", size.strip())
        weight = float(number[0]) if number else 1.0
        if url and weight > best_size:
            best, best_size = url, weight
    return best


def _group_of(link: Tag, selector: str | None) -> str:
    if selector is None:
        return ""
    css, _, attribute = selector.rpartition("@")
    tag = link.select_one(css) if css else link
    return _value(tag, attribute) if tag else ""


def _base(soup: BeautifulSoup, url: str) -> str:
    tag = soup.find("base", href=True)
    return urljoin(url, str(tag["href"])) if isinstance(tag, Tag) else url


def _absolute(base: str, link: str) -> str:
    """The address that a link leads to, without its fragment; empty if it is none for a browser."""
    try:
        url = urldefrag(urljoin(base, link.strip())).url
        scheme = urlsplit(url).scheme
    except ValueError:
        return ""
    return url if scheme in ("http", "https") else ""
