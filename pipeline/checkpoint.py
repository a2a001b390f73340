"""Trained weights, and beside them a card that says what they are; training and serving share it.

`NAME.pt` holds a plain state dict (loads with `weights_only=True`), `NAME.json` the card.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.errors import PipelineError
from pipeline.paths import MODELS
from pipeline.workspace import write_whole

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


def state_hash(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes of tensors, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def save_weights(file: Path, state: Mapping[str, Tensor], card: Card) -> None:
    """Write the state dict to `file` (.pt) and the card beside it; same tensors, same bytes."""
    # Strides and the rest of a storage would be written too: keep the values alone.
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in state.items()
    }
    buffer = io.BytesIO()
    torch.save(plain, buffer)
    write_whole(file, buffer.getvalue())
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False)
    write_whole(file.with_suffix(".json"), f"{text}\n".encode())


def _read_card(file: Path) -> Card:
    values = json.loads(file.read_text(encoding="utf-8"))
    height, width = values.pop("frame")
    return Card(**values, frame=(height, width))


def load_weights(file: Path) -> tuple[dict[str, Tensor], Card]:
    """Read weights and card, and check that they belong together.

    Raises:
        PipelineError: Either is missing or damaged, or the hash on the card is another.
    """
    card_file = file.with_suffix(".json")
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        found = state_hash(state)
        card = _read_card(card_file)
    except FileNotFoundError as problem:
        raise PipelineError(f"{problem.filename}: no such file; {_remedy(file)}") from None
    except Exception as problem:  # torch raises many kinds for a damaged file; all mean that
        raise PipelineError(
            f"{file}: damaged weights or card ({type(problem).__name__}); "
            + _remedy(file, "--force ")
        ) from problem
    if found != card.weights_sha256:
        raise PipelineError(
            f"{file}: its tensors are not those that {card_file.name} describes; "
            + _remedy(file, "--force ")
        )
    return state, card


def _remedy(file: Path, force: str = "") -> str:
    skipped = file.with_name(SKIPPED)
    if skipped.exists():
        return f"its training was skipped: {json.loads(skipped.read_text())['skipped']}"
    if file.parent.parent.name == MODELS.name:
        return f"`dvc repro {force}train@{file.parent.name}` makes it"
    return f"copy {file.name} and {file.with_suffix('.json').name} there once more, both"
