"""Collecting: walk over the sites of a source, fetch what they show, keep what is a picture."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

from pipeline.errors import BadPicture
from pipeline.sections.sites import Site
from pipeline.sources.folder import list_pictures
from pipeline.sources.http.addresses import Zone, is_local, without_loopback_port, zones_of
from pipeline.sources.http.failures import FetchFailed, Stopped
from pipeline.sources.http.part import UNKNOWN, Validators
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import Found, Origin, Refusal
from pipeline.sources.pictures import inspect_picture
from pipeline.sources.progress import Meter
from pipeline.sources.sites.store import KnownPage, KnownPicture, Place, Store
from pipeline.sources.sites.walk import Candidate, PageText, Walk

log = logging.getLogger(__name__)

AHEAD = 200
"""Pictures that are known and wait to be fetched; then the walk waits, too."""

INSPECTORS = 2
"""Threads a site that decode and hash what has arrived."""

Entries = list[Found | Refusal]
Job = Found | Refusal | Future[Found | Refusal]


def collect_sites(
    sites: Mapping[str, Site],
    starts: Mapping[str, Sequence[str]],
    session: PoliteSession,
    store: Store,
    meter: Meter,
) -> Entries:
    """Everything that the sites show, in the order of the sites and of their pages.

    Each site is walked over in a thread of its own, while its pictures are fetched.

    Args:
        sites: By name.
        starts: The first pages of each (`Site.start`, with the demo's own address filled in).
        session: How to ask.
        store: What is known already, and where the bytes go.
        meter: Told of every picture.

    Raises:
        PipelineError: A site cannot be walked over; what was fetched stays in the store.
        KeyboardInterrupt: Likewise.
    """
    everyone = [url for urls in starts.values() for url in urls]
    if not session.limits.contact and not all(map(is_local, everyone)):
        log.warning("http.contact in params.yaml is empty: no site can tell who asks")
    with ThreadPoolExecutor(max_workers=max(1, len(sites))) as threads:
        visits = [
            threads.submit(_Visit(name, site, starts[name], session, store, meter).run)
            for name, site in sites.items()
        ]
        try:
            done, _ = wait(visits, return_when=FIRST_EXCEPTION)
            for visit in done:
                visit.result()
            return [entry for visit in visits for entry in visit.result()]
        except BaseException:
            session.stop.set()  # nothing waits any longer, and what runs is cut
            raise


class _Visit:
    """One site, once."""

    def __init__(
        self,
        name: str,
        site: Site,
        start: Sequence[str],
        session: PoliteSession,
        store: Store,
        meter: Meter,
    ) -> None:
        self._name, self._site = name, site
        self._session, self._store, self._meter = session, store, meter
        self._zones: frozenset[Zone] = zones_of(start)
        self._walk = Walk(name, site, start, self._page)

    def run(self) -> Entries:
        """Walk and fetch; what has arrived is inspected beside it, so that no connection waits."""
        entries: Entries = []
        waiting: deque[Future[Job]] = deque()
        connections = self._session.limits.per_host
        with (
            ThreadPoolExecutor(INSPECTORS) as self._inspectors,
            ThreadPoolExecutor(connections) as threads,
        ):
            try:
                for candidate in self._walk.candidates():
                    self._meter.more()
                    waiting.append(threads.submit(self._picture, candidate))
                    while len(waiting) > AHEAD or (waiting and waiting[0].done()):
                        entries.append(_outcome(waiting.popleft()))
                entries += [_outcome(job) for job in waiting]
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        return entries + self._walk.refusals

    def _page(self, url: str) -> PageText:
        place = Place(self._name, url)
        known = self._store.page(place)
        try:
            page = self._session.page(url, self._zones, known.validators if known else UNKNOWN)
        except FetchFailed as problem:
            self._store.note(url, problem.reason, 0)
            raise
        if page.body is None and known:
            self._store.note(url, "page, unchanged", 0)
            return PageText(page.url, known.body)
        body = page.body or b""
        self._store.note(url, "page", len(body))
        self._store.keep_page(place, KnownPage(body, page.validators))
        return PageText(page.url, body)

    def _picture(self, candidate: Candidate) -> Job:
        if self._session.stop.is_set():
            raise Stopped
        origin = Origin(
            without_loopback_port(candidate.url), without_loopback_port(candidate.page),
            self._name, candidate.group, self._site.licence,
        )  # fmt: skip
        place = Place(self._name, candidate.url)
        known = self._store.picture(place)
        if self._store.body(place).exists():
            if known and known.facts:
                self._meter.step()
                return Found(origin, self._store.body(place), known.facts)
            # Killed before the journal had it.
            return self._inspectors.submit(self._inspect, place, origin, UNKNOWN)
        try:
            return self._fetch(place, origin, known)
        except FetchFailed as problem:
            self._store.note(place.url, problem.reason, 0)
            self._meter.step()
            return Refusal(origin, problem.reason, failed=not problem.forbidden)

    def _fetch(self, place: Place, origin: Origin, known: KnownPicture | None) -> Job:
        limits = self._session.limits
        came = self._session.download(
            place.url,
            self._store.body(place),
            self._zones,
            max_bytes=limits.max_picture_bytes,
            max_seconds=limits.max_seconds,
            known=known.validators if known else UNKNOWN,
        )
        if not came.changed and known:
            self._store.note(place.url, "unchanged", 0)
            self._meter.step()
            return Refusal(origin, known.reason)
        return self._inspectors.submit(self._inspect, place, origin, came.validators)

    def _inspect(self, place: Place, origin: Origin, validators: Validators) -> Found | Refusal:
        file = self._store.body(place)
        size = file.stat().st_size
        self._meter.step(size)
        try:
            facts = inspect_picture(file)
        except BadPicture as problem:
            self._store.keep_picture(place, None, problem.reason, validators)
            self._store.note(place.url, problem.reason, size)
            file.unlink()
            return Refusal(origin, problem.reason)
        self._store.keep_picture(place, facts, "", validators)
        self._store.note(place.url, "picture", size)
        return Found(origin, file, facts)


def _outcome(job: Future[Job]) -> Found | Refusal:
    result = job.result()
    return result.result() if isinstance(result, Future) else result


def collect_folder(folder: Path, meter: Meter) -> Entries:
    """The pictures of a folder and its subfolders, decoded over all cores, in order of name.

    A picture's group is its subfolder, else what stands before the first `_` of its name.

    Raises:
        MissingFolder: It is not there.
    """
    files = list_pictures(folder)
    meter.more(len(files))
    with ThreadPoolExecutor() as threads:
        return list(threads.map(lambda file: _from_folder(file, folder, meter), files))


def _from_folder(file: Path, folder: Path, meter: Meter) -> Found | Refusal:
    place = file.relative_to(folder)
    group = place.parent.as_posix() if place.parent.name else file.stem.partition("_")[0]
    origin = Origin(place.as_posix(), site="folder", group=group)
    meter.step(file.stat().st_size)
    try:
        return Found(origin, file, inspect_picture(file))
    except BadPicture as problem:
        return Refusal(origin, problem.reason)
