"""Trained weights, and beside them a card that says what they are; training and serving share it.

`NAME.pt` holds a plain state dict (loads with `weights_only=True`), `NAME.json` the card.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from pipeline.card import SKIPPED as SKIPPED
from pipeline.card import Card, card_text, read_card, remedy
from pipeline.errors import PipelineError
from pipeline.workspace import write_whole


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
    write_whole(file.with_suffix(".json"), f"{card_text(card)}\n".encode())


def load_weights(file: Path) -> tuple[dict[str, Tensor], Card]:
    """Read weights and card, and check that they belong together.

    Raises:
        PipelineError: Either is missing or damaged, or the hash on the card is another.
    """
    card_file = file.with_suffix(".json")
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        found = state_hash(state)
        card = read_card(card_file)
    except FileNotFoundError as problem:
        raise PipelineError(f"{problem.filename}: no such file; {remedy(file)}") from None
    except Exception as problem:  # torch raises many kinds for a damaged file; all mean that
        raise PipelineError(
            f"{file}: damaged weights or card ({type(problem).__name__}); "
            + remedy(file, "--force ")
        ) from problem
    if found != card.weights_sha256:
        raise PipelineError(
            f"{file}: its tensors are not those that {card_file.name} describes; "
            + remedy(file, "--force ")
        )
    return state, card
