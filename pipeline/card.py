"""The card beside trained weights: what they are. It is read without PyTorch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.paths import MODELS

SKIPPED = "skipped.json"
"""Stands in the folder of a network in place of weights, and says why there are none."""


@dataclass(frozen=True)
class Card:
    """What one set of weights is.

    Attributes:
        network: Name of the trained network, such as `person_se`.
        architecture: What `networks.build` needs to make it again.
        frame: Height and width in pixels that it was trained at.
        params: Every parameter of the training, nested.
        data_sha256: Hash of the data that it was trained on: the split, and what the split names.
        git_revision: Commit of the code, `-dirty` when it had local changes.
        weights_sha256: Of the tensors (see `state_hash`), not of the file.
        epoch: After which epoch (from 1) the weights were taken.
        scores: Validation scores of that epoch.
    """

    network: str
    architecture: dict[str, Any]
    frame: tuple[int, int]
    params: dict[str, Any]
    data_sha256: str
    git_revision: str
    weights_sha256: str
    epoch: int
    scores: dict[str, float]


def read_card(file: Path) -> Card:
    """The card in a `.json` file.

    Raises:
        OSError: There is none.
        ValueError: It is no JSON, or lacks something.
        TypeError: It holds other names than those of `Card`.
        KeyError: It holds no frame.
    """
    return parse_card(file.read_text(encoding="utf-8"))


def parse_card(text: str) -> Card:
    """The card that `card_text` wrote; raises what `read_card` does."""
    values = json.loads(text)
    height, width = values.pop("frame")
    return Card(**values, frame=(height, width))


def card_text(card: Card) -> str:
    """A card as indented JSON."""
    return json.dumps(asdict(card), indent=2, ensure_ascii=False)


def remedy(file: Path, force: str = "") -> str:
    """How to come by weights that are missing or damaged.

    Args:
        file: Where they should be.
        force: `--force ` where something stands there that DVC may take for theirs.
    """
    skipped = file.with_name(SKIPPED)
    if skipped.exists():
        return f"its training was skipped: {json.loads(skipped.read_text())['skipped']}"
    if file.parent.parent.name == MODELS.name:
        return f"`dvc repro {force}train@{file.parent.name}` makes it"
    return f"copy {file.name} and {file.with_suffix('.json').name} there once more, both"
