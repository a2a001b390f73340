"""A large JSON object in parts: any formatting, any order, any size of what is read at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.coco.stream import LargeObject, Malformed

decode = msgspec.json.Decoder(list[Any]).decode
TEXT = st.text(st.sampled_from('a"\\{}[],: \n\u00e9\U0001f600'), max_size=12)
LEAF = st.none() | st.booleans() | st.integers(-99, 10**12) | st.floats(0, 1) | TEXT
VALUE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
OBJECT = st.dictionaries(TEXT, VALUE, max_size=4)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t"), ("\r\n,", ":")])


def everything(text: bytes, chunk: int, *arrays: str) -> dict[str, Any]:
    """What a stream gives, the arrays of these names in parts, other values passed over."""
    content = LargeObject(io.BytesIO(text), chunk)
    return {
        name: [one for part in content.parts(name, decode) for one in part]
        if name in arrays
        else ...
        for name in content.names()
    }


@given(
    st.dictionaries(st.sampled_from(["a", "b", 'q"{[', "é"]), VALUE, max_size=3),
    st.lists(OBJECT | VALUE, max_size=12),
    st.lists(OBJECT, max_size=12),
    st.randoms(use_true_random=False),
    st.none() | st.integers(0, 3),
    SEPARATORS,
    st.booleans(),
    st.sampled_from([1, 7, 64, 1000, 1 << 20]),
)
def test_it_reads_what_a_parser_of_the_whole_text_reads(
    others: dict[str, Any], some: list[Any], objects: list[Any], dice: Any, indent: int | None,
    separators: tuple[str, str], ascii_only: bool, chunk: int,
) -> None:  # fmt: skip
    members = [*others.items(), ("images", objects), ("annotations", some)]
    dice.shuffle(members)
    text = json.dumps(
        dict(members), indent=indent, separators=separators, ensure_ascii=ascii_only
    ).encode()
    wanted: dict[str, Any] = dict.fromkeys(others, ...)
    wanted |= {"images": objects, "annotations": some}
    assert everything(text, chunk, "images", "annotations") == wanted


@given(
    st.dictionaries(st.sampled_from(["a", "b"]), st.lists(OBJECT, max_size=4), max_size=2),
    st.integers(0, 400),
    st.binary(max_size=2),
    st.sampled_from([1, 16, 1000]),
)
def test_it_refuses_what_a_parser_of_the_whole_text_refuses(
    content: dict[str, Any], place: int, other: bytes, chunk: int
) -> None:
    """Some bytes of a good text are replaced or cut out."""
    text = json.dumps(content).encode()
    text = text[:place] + other + text[place + 1 :]
    try:
        wanted = msgspec.json.decode(text, type=dict[str, list[Any]])
    except (msgspec.DecodeError, UnicodeDecodeError):
        with pytest.raises(Malformed):
            everything(text, chunk, *"ab", "", "a\\", '"', *map(chr, range(128)))
    else:
        assert everything(text, chunk, *wanted) == wanted


def test_parts_are_about_as_large_as_what_is_read_at_a_time() -> None:
    text = json.dumps({"images": [{"number": number} for number in range(10_000)]}).encode()
    content = LargeObject(io.BytesIO(text), 4096)
    sizes = [
        len(json.dumps(part)) for _ in content.names() for part in content.parts("images", decode)
    ]
    assert len(sizes) > len(text) / 4096 / 3
    assert max(sizes) <= 3 * 4096


def test_elements_larger_than_what_is_read_at_a_time_are_whole() -> None:
    large = [{"a": ["x}, {" * 1000], "b": {"c": [{}, {}]}}] * 3
    assert everything(json.dumps({"images": large}).encode(), 100, "images") == {"images": large}


@pytest.mark.parametrize("nested", [{"a": [{}, {}, {}]}, {"a": "}, {"}, {"a": "}]"}])
def test_brackets_that_look_like_an_end_are_none(nested: dict[str, Any]) -> None:
    wanted = {"images": [nested] * 50, "z": [nested] * 50}
    for chunk in (8, 30, 64, 1 << 20):
        assert everything(json.dumps(wanted).encode(), chunk, "images", "z") == wanted


def test_a_byte_order_mark_is_passed_over() -> None:
    assert everything(b"\xef\xbb\xbf {}", 10) == {}


def test_names_may_be_written_with_escapes() -> None:
    assert everything(rb'{"\u0061": [{"b": 1}]}', 10, "a") == {"a": [{"b": 1}]}


def pairs(text: bytes) -> list[tuple[int, int]]:
    return msgspec.json.decode(text, type=list[tuple[int, int]])


@pytest.mark.parametrize(
    ("text", "decoder", "said"),
    [
        (b"", decode, r"expected '\{' \(byte 0\)"),
        (b"[]", decode, r"expected '\{' \(byte 0\)"),
        (b'{"a": [{}, {}', decode, r"expected '\]' \(byte 13\)"),
        (b'{"a": [{}, {},]}', decode, r"trailing comma in array \(byte 14\)"),
        (b'{"a": [{} {}]}', decode, r"\(byte 10\)"),
        (b'{"a": [{}, {"b": tru}]}', decode, r"invalid character \(byte 21\)"),
        (b'{"a": {}}', decode, r"Expected an array - at `\$\.a`"),
        (b'{"b": }', decode, r"expected a value \(byte 6\)"),
        (b'{"b": nul}', decode, r"truncated \(byte 6 and on\)"),
        (b'{"b": "x}', decode, r"the text ends too early \(byte 9\)"),
        (b'{"b": {"c": {}', decode, r"the text ends too early \(byte 14\)"),
        (b'{"b": [1}, "a": []}', decode, r"malformed"),
        (b'{"b" 1}', decode, r"expected ':' \(byte 5\)"),
        (b"{b: 1}", decode, r"a name in quotes \(byte 1\)"),
        (b'{"b": 1} x', decode, r"trailing characters \(byte 9\)"),
        (b'{"b": [{}, {]', decode, r"malformed.*\(byte 12\)"),
        (b'{"b": 1', decode, r"expected '\}' \(byte 7\)"),
        (b'{"a": [[1, 2], [3, "x"], [5, 6]]}', pairs, r"got `str` - at `\$\.a\[1\]\[1\]`"),
    ],
)
@pytest.mark.parametrize("chunk", [2, 10, 1 << 20])
def test_what_is_wrong_is_said_with_its_place_in_the_whole_text(
    text: bytes, decoder: Callable[[bytes], list[Any]], said: str, chunk: int
) -> None:
    content = LargeObject(io.BytesIO(text), chunk)
    with pytest.raises(Malformed, match=said):
        for name in content.names():
            if name == "a":
                list(content.parts(name, decoder))
