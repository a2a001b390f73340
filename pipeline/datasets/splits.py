"""Dealing pictures out to a training, a validation and a test part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pipeline.errors import PipelineError

PARTS = ("train", "val", "test")


def deal_out(
    names: Iterable[str], seed: int, test_share: float, val_share: float
) -> dict[str, str]:
    """Give every name a part by the rank of its hash, so that new pictures move few old ones.

    Args:
        names: Distinct names; their order does not matter.
        seed: Another seed, another split.
        test_share: Share of all names, rounded, at least one.
        val_share: Share of what the test part leaves, rounded, at least one.

    Raises:
        PipelineError: There are too few names to fill three parts.
    """
    ranked = sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    tests = max(1, round(len(ranked) * test_share))
    validations = max(1, round((len(ranked) - tests) * val_share))
    if tests + validations >= len(ranked):
        raise PipelineError(
            f"{len(ranked)} pictures are too few for a training, a validation and a test part; "
            "add pictures or lower splits.test_share and splits.val_share"
        )
    ends = {"test": ranked[:tests], "val": ranked[tests : tests + validations]}
    part_of = {name: part for part, members in ends.items() for name in members}
    return {name: part_of.get(name, "train") for name in sorted(ranked)}
