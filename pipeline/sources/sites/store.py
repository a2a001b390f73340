"""What a collecting run remembers, so that the next one fetches only what is missing.

`.clearscene/collect/<source>/` holds the pictures as they came (`pictures/`), a journal of pages
and pictures (`journal.sqlite`), and a log of every request (`log.csv`: when, whence, what came).
It is never an output: delete it, and everything is fetched again.

A picture is complete once it has been renamed into `pictures/`; the journal only says what it is.
So whenever the process is killed, no complete picture is fetched twice.
"""

from __future__ import annotations

import csv
import hashlib
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.sources.http.addresses import without_loopback_port
from pipeline.sources.http.part import UNKNOWN, Validators
from pipeline.sources.manifest import Found
from pipeline.sources.pictures import PictureFacts
from pipeline.workspace import file_hash, only_user, place_file

SCHEMA = """
CREATE TABLE IF NOT EXISTS pages (
    key TEXT PRIMARY KEY, body BLOB, etag TEXT, last_modified TEXT
);
CREATE TABLE IF NOT EXISTS pictures (
    key TEXT PRIMARY KEY, url TEXT, etag TEXT, last_modified TEXT, reason TEXT,
    sha256 TEXT, phash TEXT, bytes INTEGER, width INTEGER, height INTEGER, suffix TEXT
);
"""
LOG_COLUMNS = ("time", "url", "outcome", "bytes")


@dataclass(frozen=True)
class Place:
    """An address as a site of the parameters gives it."""

    site: str
    url: str

    @cached_property
    def key(self) -> str:
        """Names it in the store; the port of a loopback address does not matter."""
        text = f"{self.site} {without_loopback_port(self.url)}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class KnownPage(NamedTuple):
    """A page as it was last time."""

    body: bytes
    validators: Validators


class KnownPicture(NamedTuple):
    """What came from an address: facts about a good picture, or why it was none."""

    facts: PictureFacts | None
    reason: str
    validators: Validators


class Store:
    """The memory of one source; safe for threads, and for one process at a time.

    Args:
        folder: Where it lies; made if it is not there.

    Raises:
        AlreadyRunning: Another process uses it.
    """

    def __init__(self, folder: Path) -> None:
        self._pictures = folder / "pictures"
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._held = ExitStack()
        self._held.enter_context(only_user(folder))
        self._lock = threading.Lock()
        self._journal = sqlite3.connect(
            folder / "journal.sqlite", check_same_thread=False, isolation_level=None
        )
        # A killed process loses nothing; only a power cut may lose the last rows, which are
        # then read anew from the pictures.
        self._journal.execute("PRAGMA journal_mode = WAL")
        self._journal.execute("PRAGMA synchronous = NORMAL")
        self._journal.executescript(SCHEMA)
        self._log_file = (folder / "log.csv").open("a", encoding="utf-8", newline="")
        self._log = csv.writer(self._log_file)
        if self._log_file.tell() == 0:
            self._log.writerow(LOG_COLUMNS)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._journal.close()
            self._log_file.close()
            self._held.close()

    def body(self, place: Place) -> Path:
        """Where the bytes of the picture from this address lie, or shall lie."""
        return self._pictures / place.key

    def page(self, place: Place) -> KnownPage | None:
        """A page as it was last time."""
        row = self._one("SELECT body, etag, last_modified FROM pages WHERE key = ?", place)
        return KnownPage(row[0], Validators(row[1], row[2])) if row else None

    def keep_page(self, place: Place, page: KnownPage) -> None:
        """Remember a page."""
        self._put("pages", place, page.body, *page.validators)

    def picture(self, place: Place) -> KnownPicture | None:
        """What came from an address, if anything did."""
        row = self._one(
            "SELECT etag, last_modified, reason, sha256, phash, bytes, width, height, suffix "
            "FROM pictures WHERE key = ?",
            place,
        )
        if row is None:
            return None
        etag, last_modified, reason, *facts = row
        return KnownPicture(
            None if reason else PictureFacts(*facts), reason, Validators(etag, last_modified)
        )

    def keep_picture(
        self,
        place: Place,
        facts: PictureFacts | None,
        reason: str,
        validators: Validators = UNKNOWN,
    ) -> None:
        """Remember what came from an address."""
        known = facts or (None,) * len(PictureFacts._fields)
        self._put("pictures", place, without_loopback_port(place.url), *validators, reason, *known)

    def adopt(self, collection: Iterable[Found]) -> None:
        """Take up the pictures of a collection that was written on another machine."""
        for found in collection:
            place = Place(found.origin.site, found.origin.url)
            body = self.body(place)
            if body.exists() or not found.file.exists():
                continue
            if file_hash(found.file) == found.facts.sha256:
                place_file(found.file, body)
                self.keep_picture(place, found.facts, "")

    def note(self, url: str, outcome: str, size: int) -> None:
        """Write a line of the log."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            self._log.writerow((now, url, outcome, size))
            self._log_file.flush()

    def _one(self, query: str, place: Place) -> Any:
        with self._lock:
            row: Any = self._journal.execute(query, (place.key,)).fetchone()
        return row

    def _put(self, table: str, place: Place, *values: object) -> None:
        marks = ", ".join("?" * (len(values) + 1))
        with self._lock:
            self._journal.execute(
                f"INSERT OR REPLACE INTO {table} VALUES ({marks})", (place.key, *values)
            )
