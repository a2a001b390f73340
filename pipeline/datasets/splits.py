"""Dealing pictures out to a training, a validation and a test part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.errors import PipelineError

PARTS = ("train", "val", "test")


def deal_out(
    names: Iterable[str],
    seed: int,
    test_share: float,
    val_share: float,
    together: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give every name a part by the rank of its hash, so that new pictures move few old ones.

    Args:
        names: Distinct names; their order does not matter.
        seed: Another seed, another split.
        test_share: Share of all names, rounded, at least one.
        val_share: Share of what the test part leaves, rounded, at least one.
        together: The cluster of a name (see `look_alikes`): all of a cluster share a part. One
            that does not fit into what a part still needs goes to a later part.

    Raises:
        PipelineError: There are too few names, or too many look alike, to fill three parts.
    """
    clusters: dict[str, list[str]] = {}
    for name in sorted(names):
        clusters.setdefault(together[name] if together else name, []).append(name)
    ranked = sorted(clusters, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    count = sum(map(len, clusters.values()))
    tests = max(1, round(count * test_share))
    validations = max(1, round((count - tests) * val_share))
    part_of: dict[str, str] = {}
    for part, wanted in (("test", tests), ("val", validations), ("train", count)):
        chosen = _fill([(name, len(clusters[name])) for name in ranked], wanted)
        if not chosen:
            raise PipelineError(
                f"{count} pictures ({len(clusters)} that look different) are too few for a "
                "training, a validation and a test part; add pictures or lower splits.test_share "
                "and splits.val_share"
            )
        part_of |= {member: part for name in chosen for member in clusters[name]}
        ranked = [name for name in ranked if name not in chosen]
    return dict(sorted(part_of.items()))


def _fill(sizes: Sequence[tuple[str, int]], wanted: int) -> set[str]:
    """The first clusters that fit into `wanted` places; the first one if none does."""
    chosen = set()
    for name, size in sizes:
        if size <= wanted:
            chosen.add(name)
            wanted -= size
    return chosen or {name for name, _ in sizes[:1]}


def look_alikes(phashes: Mapping[str, str], bits: int) -> dict[str, str]:
    """The cluster of each picture, named by its first member.

    Pictures belong together whose perceptual hashes differ in `bits` of 64 bits or fewer, and so
    do those that are linked by a chain of such.

    Args:
        phashes: 16 hexadecimal digits by name (`sources.pictures.perceptual_hash`).
        bits: 0: only equal hashes.
    """
    names = sorted(phashes)
    hashes = np.array([int(phashes[name], 16) for name in names], np.uint64)
    links = [
        np.flatnonzero(np.bitwise_count(hashes[place + 1 :] ^ one) <= bits) + place + 1
        for place, one in enumerate(hashes)
    ]
    heads = np.repeat(np.arange(len(names)), [len(others) for others in links])
    tails = np.concatenate(links) if links else np.zeros(0, np.intp)
    edges = coo_array((np.ones(len(heads), np.bool_), (heads, tails)), shape=(len(names),) * 2)
    labels = connected_components(edges, directed=False)[1]
    return _named_by_first(names, labels.tolist())


def _named_by_first(names: Sequence[str], labels: Sequence[int]) -> dict[str, str]:
    first: dict[int, str] = {}
    for name, label in zip(names, labels, strict=True):
        first.setdefault(label, name)
    return {name: first[label] for name, label in zip(names, labels, strict=True)}
