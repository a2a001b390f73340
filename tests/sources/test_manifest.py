"""What is kept of what was found: laws that hold for any finds."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.manifest import Found, Origin, Refusal, choose
from pipeline.sources.pictures import NearDuplicates, PictureFacts

BITS, MIN_SIDE = 4, 10
BASES = (0, 0xFFFF, 0xAAAA5555AAAA5555, 2**64 - 1)


@st.composite
def finds(draw: st.DrawFn) -> list[Found | Refusal]:
    """Pictures of a few looks and contents, some too small, and failures among them."""
    entries: list[Found | Refusal] = []
    for number in range(draw(st.integers(0, 12))):
        origin = Origin(str(number))
        if draw(st.booleans()) and draw(st.booleans()):
            entries.append(Refusal(origin, "HTTP 404"))
            continue
        flips = draw(st.sets(st.integers(0, 63), max_size=6))
        phash = draw(st.sampled_from(BASES)) ^ sum(1 << bit for bit in flips)
        content = f"{draw(st.integers(0, 5)):x}".ljust(64, "0")
        sides = st.integers(8, 30)
        facts = PictureFacts(content, f"{phash:016x}", 1, draw(sides), draw(sides), ".jpg")
        entries.append(Found(origin, Path("x"), facts))
    return entries


def distance(one: Found, other: Found) -> int:
    return (int(one.facts.phash, 16) ^ int(other.facts.phash, 16)).bit_count()


@given(finds())
def test_each_find_is_kept_or_refused_once_and_in_order(entries: list[Found | Refusal]) -> None:
    kept, rejects = choose(entries, MIN_SIDE, BITS)
    names = [int(one.origin.url) for one in kept], [int(one.origin.url) for one in rejects]
    assert sorted(names[0] + names[1]) == list(range(len(entries)))
    assert all(one == sorted(one) for one in names)


@given(finds())
def test_no_two_that_are_kept_are_alike(entries: list[Found | Refusal]) -> None:
    kept, _ = choose(entries, MIN_SIDE, BITS)
    assert all(min(one.facts.width, one.facts.height) >= MIN_SIDE for one in kept)
    assert len({one.facts.sha256 for one in kept}) == len(kept)
    for place, one in enumerate(kept):
        assert all(distance(one, other) > BITS for other in kept[:place])


@given(finds())
def test_what_is_refused_as_alike_is_like_a_larger_one_that_is_kept(
    entries: list[Found | Refusal],
) -> None:
    kept, rejects = choose(entries, MIN_SIDE, BITS)
    by_file = {f"images/{one.facts.name}": one for one in kept}
    for refusal in rejects:
        if refusal.reason.startswith("looks like "):
            found = entries[int(refusal.origin.url)]
            assert isinstance(found, Found)
            other = by_file[refusal.reason.removeprefix("looks like ")]
            assert distance(found, other) <= BITS
            assert other.facts.width * other.facts.height >= found.facts.width * found.facts.height


@given(finds())
def test_choosing_again_from_what_was_kept_keeps_all(entries: list[Found | Refusal]) -> None:
    kept, _ = choose(entries, MIN_SIDE, BITS)
    assert choose(kept, MIN_SIDE, BITS) == (kept, [])


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.integers(0, 2**64 - 1))
def test_the_nearest_is_found_as_by_counting_bits(hashes: list[int], wanted: int) -> None:
    alike = NearDuplicates(28)
    for number, one in enumerate(hashes):
        alike.add(f"{one:016x}", str(number))
    distances = [(one ^ wanted).bit_count() for one in hashes]
    nearest = min(range(len(hashes)), key=distances.__getitem__, default=None)
    expected = None if nearest is None or distances[nearest] > 28 else str(nearest)
    assert alike.find(f"{wanted:016x}") == expected


def test_more_pictures_than_the_first_table_holds_are_remembered() -> None:
    alike = NearDuplicates(0)
    for number in range(3000):
        alike.add(f"{number:016x}", str(number))
    assert alike.find(f"{2999:016x}") == "2999"
    assert alike.find(f"{3000:016x}") is None
