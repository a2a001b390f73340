"""What a download that broke off leaves: the bytes so far, and how to tell that they still fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import PipelineError


class Validators(NamedTuple):
    """By what a server recognises one state of a file; empty if it gave none."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Validators:
        """Those of an answer."""
        return cls(headers.get("ETag", ""), headers.get("Last-Modified", ""))

    @property
    def if_changed(self) -> dict[str, str]:
        """Headers that ask for the file only if it has changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {key: value for key, value in headers.items() if value}

    @property
    def if_range(self) -> str:
        """What makes a range safe: a strong tag, or else the date."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


UNKNOWN = Validators()
"""Of a file never seen."""


class Part:
    """`FILE.part` beside `FILE.part.json`.

    The note is written before the first byte, so that whatever lies in the part fits it.

    Attributes:
        file: Where the bytes are.
        validators: Of the file they are the beginning of.
        length: Bytes that the whole will have, None if the server did not say.
        resumable: Whether the rest may be asked for.
    """

    length: int | None

    def __init__(self, file: Path) -> None:
        self.file = file.with_name(f"{file.name}.part")
        self._note = file.with_name(f"{file.name}.part.json")
        self._forget()
        try:
            note: dict[str, Any] = json.loads(self._note.read_text(encoding="utf-8"))
            self.validators = Validators(str(note["etag"]), str(note["last_modified"]))
            self.length = None if note["length"] is None else int(note["length"])
            self.resumable = bool(note["resumable"])
        except (OSError, ValueError, KeyError, TypeError):  # none, or torn: not to be gone on from
            self._forget()

    def _forget(self) -> None:
        self.validators, self.length, self.resumable = Validators(), None, False

    @property
    def size(self) -> int:
        """Bytes so far that can be gone on from."""
        try:
            return self.file.stat().st_size if self.resumable else 0
        except FileNotFoundError:
            return 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.length is not None and self.length > 0 and self.size == self.length

    def begin(self, validators: Validators, length: int | None, accepts_ranges: bool) -> None:
        """Start over; without validators a range is safe only if the length will tell."""
        self.validators, self.length = validators, length
        self.resumable = bool(validators.if_range) or (accepts_ranges and length is not None)
        note = {**validators._asdict(), "length": length, "resumable": self.resumable}
        with self._on_disk():
            self.file.unlink(missing_ok=True)  # first: a new note must never stand by old bytes
            self._note.write_text(json.dumps(note), encoding="utf-8")

    @contextmanager
    def appending(self) -> Iterator[Callable[[bytes], None]]:
        """Write at the end of the part; each piece is in the file when the call is over."""
        with self._on_disk():
            stream = self.file.open("ab", buffering=0)

        def write(data: bytes) -> None:
            rest = memoryview(data)
            while rest:  # a disk that is almost full takes some of it first
                with self._on_disk():
                    rest = rest[stream.write(rest) :]

        with stream:
            yield write

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """A full disk is no broken connection.

        Raises:
            PipelineError: The part cannot be written.
        """
        try:
            yield
        except OSError as problem:
            raise PipelineError(
                f"{self.file}: cannot be written ({problem.strerror}); mend that, and start again "
                "to go on"
            ) from None

    def discard(self) -> None:
        """Forget the bytes and the note."""
        self.file.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self._forget()

    def finish(self, target: Path) -> None:
        """Rename the bytes to where they are wanted."""
        with self._on_disk():
            self.file.replace(target)
        self._note.unlink(missing_ok=True)
