"""A JSON object of any size, whose arrays are decoded in parts.

Where an array is cut is guessed, and the decoder proves the guess: from the start of an element
on, `[` + text + `]` is valid JSON only if the text ends where an element of this array does. (The
decoder comes to the end of the text in the same state as in the whole file; the `]` is refused
inside a string, and does not end it at any other depth.) Where no guess holds, brackets are
counted.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, TypeVar

import msgspec

CHUNK = 512 * 1024
"""Bytes read at a time: what fits a processor's own cache is read twice as fast as 8 MiB are."""

T = TypeVar("T")

_SPACE = re.compile(rb"[ \t\r\n]*")
_BETWEEN = re.compile(rb".*(\})[ \t\r\n]*,[ \t\r\n]*\{", re.DOTALL)
_END = re.compile(rb"\}(?=[ \t\r\n]*\])")
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(_STRING + rb'|["\[\]{}]', re.DOTALL)  # a lone quote: the string goes on
_SCALAR = re.compile(_STRING + rb'|[^"\[\]{},\s]+', re.DOTALL)
_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode
_PLACE = re.compile(r"\$\[(\d+)\]")
_BYTE = re.compile(r"\(byte (\d+)\)")


class Malformed(Exception):
    """The text is no JSON object, or an element is not what it should be."""


class LargeObject:
    """Goes once through the members of a JSON object.

    Args:
        stream: UTF-8 text, read from here to its end.
        chunk: Bytes to read at a time; an element may be larger.
    """

    def __init__(self, stream: BinaryIO, chunk: int = CHUNK) -> None:
        self._stream, self._chunk = stream, chunk
        self._text, self._place, self._offset = b"", 0, 0
        self._ended = self._at_value = False

    def names(self) -> Iterator[str]:
        """Names of the members; each value may be read with `parts` before the next name is asked.

        Raises:
            Malformed: The text is no JSON object.
        """
        if self._look(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
            self._place += len(codecs.BOM_UTF8)
        self._take(b"{")
        if self._next() != b"}":
            while True:
                name = self._name()
                yield name
                if self._at_value:
                    self._skip(name)
                if self._next() != b",":
                    break
                self._place += 1
        self._take(b"}")
        if self._next():
            raise self._malformed("trailing characters")

    def parts(self, name: str, decode: Callable[[bytes], Sequence[T]]) -> Iterator[Sequence[T]]:
        """The elements of the array that is the value of the last name, some at a time.

        Args:
            name: That name, for messages.
            decode: From the text of an array; raises msgspec's errors.

        Raises:
            Malformed: The value is no array, or not one of such elements.
        """
        self._at_value = False
        if self._next() != b"[":
            raise Malformed(f"Expected an array - at `$.{name}`")
        self._place += 1
        count, more = 0, self._next() != b"]"
        while more:
            elements, end = self._some(name, count, decode)
            self._place = end
            count += len(elements)
            more = self._next() == b","
            self._place += more
            if more and self._next() == b"]":
                raise self._malformed("trailing comma in array")
            yield elements
        self._take(b"]")

    def _some(
        self, name: str, count: int, decode: Callable[[bytes], Sequence[T]]
    ) -> tuple[Sequence[T], int]:
        """Elements from here on, at least one, and where they end in the text."""
        self._fill()
        for guess in self._guesses():
            try:
                return decode(self._array(guess)), guess
            except msgspec.ValidationError as problem:  # stands before the cut: no guess mends it
                raise self._wrong(problem, name, count) from None
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
        end = self._counted()
        try:
            return decode(self._array(end)), end
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise self._wrong(problem, name, count) from None

    def _array(self, end: int) -> bytes:
        return b"".join((b"[", memoryview(self._text)[self._place : end], b"]"))

    def _guesses(self) -> Iterator[int]:
        """Where the last whole element may end: between two objects, or before the array's end."""
        if between := _BETWEEN.match(self._text, self._place):
            yield between.end(1)
        if end := _END.search(self._text, self._place):
            yield end.end()

    def _counted(self) -> int:
        """Where the last element ends that the text holds whole, by counting brackets."""
        while not (ends := deque(self._ends(), maxlen=1)):
            self._read_more()
        return ends[0]

    def _ends(self) -> Iterator[int]:
        """Where arrays and objects end that begin from here on; last, before what holds them ends.

        Only as far as the text goes.
        """
        depth = 0
        for token in _TOKEN.finditer(self._text, self._place):
            kind = token[0]
            if kind == b'"':
                return
            if kind in (b"[", b"{"):
                depth += 1
            elif kind in (b"]", b"}"):
                depth -= 1
                if depth < 0:
                    yield token.start()
                    return
                if depth == 0:
                    yield token.end()

    def _skip(self, name: str) -> None:
        """Pass over a value, and see that it is JSON."""
        self._at_value = False
        begins = self._next()
        if begins == b"[":
            for _ in self.parts(name, _raw):
                pass
            return
        end = self._end_of_value() if begins == b"{" else self._end_of_scalar()
        try:
            msgspec.json.decode(self._text[self._place : end], type=msgspec.Raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise self._wrong(problem, "", 0) from None
        self._place = end

    def _end_of_value(self) -> int:
        while (end := next(self._ends(), None)) is None:
            self._read_more()
        return end

    def _end_of_scalar(self) -> int:
        """One that reaches the end of the text may go on beyond it."""
        while True:
            found = _SCALAR.match(self._text, self._place)
            if found and (found.end() < len(self._text) or self._ended):
                return found.end()
            if not found and not self._text.startswith(b'"', self._place):
                raise self._malformed("expected a value")
            self._read_more()

    def _name(self) -> str:
        if self._next() != b'"':
            raise self._malformed("expected a name in quotes")
        end = self._end_of_scalar()
        try:
            name = msgspec.json.decode(self._text[self._place : end], type=str)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise self._wrong(problem, "", 0) from None
        self._place = end
        self._take(b":")
        self._at_value = True
        return name

    def _take(self, wanted: bytes) -> None:
        found = self._next()
        if found != wanted:
            raise self._malformed(f"expected {wanted.decode()!r}")
        self._place += 1

    def _next(self) -> bytes:
        """The next byte that is not white space, which is passed over; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._place)
            self._place = space.end() if space else self._place
            if self._place < len(self._text) or self._ended:
                return self._text[self._place : self._place + 1]
            self._fill()

    def _look(self, count: int) -> bytes:
        self._fill()
        return self._text[self._place : self._place + count]

    def _fill(self) -> None:
        """Have a chunk before us, if there is so much; what lies behind us is let go."""
        missing = self._chunk - (len(self._text) - self._place)
        if missing > 0 and not self._ended:
            self._read(missing)

    def _read_more(self) -> None:
        """Read on, for something larger than what we have; twice as much each time."""
        if self._ended:
            raise self._malformed("the text ends too early", at_end=True)
        self._read(max(self._chunk, len(self._text) - self._place))

    def _read(self, count: int) -> None:
        self._offset += self._place
        self._text, self._place = self._text[self._place :], 0
        more = self._stream.read(count)
        self._ended = len(more) < count
        self._text += more

    def _malformed(self, what: str, at_end: bool = False) -> Malformed:
        place = len(self._text) if at_end else self._place
        return Malformed(f"JSON is malformed: {what} (byte {self._offset + place})")

    def _wrong(self, problem: Exception, name: str, count: int) -> Malformed:
        """The decoder's words, with places of the whole file instead of those of a part."""
        start = self._offset + self._place
        opening = 1 if name else 0  # of an array, that stands before what was decoded
        text = _BYTE.sub(lambda at: f"(byte {start + int(at[1]) - opening})", str(problem))
        if text == "Input data was truncated":
            text += f" (byte {start} and on)"
        return Malformed(_PLACE.sub(lambda at: f"$.{name}[{count + int(at[1])}]", text, count=1))
