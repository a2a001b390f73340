"""Where the weights of a network are, and what they are; read without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pipeline.card import Card, parse_card, read_card, remedy
from pipeline.errors import PipelineError
from pipeline.inference.onnx_file import read_metadata
from pipeline.paths import MODELS

SHIPPED = Path(__file__).parents[1] / "weights"
"""Weights that come with the package."""

KINDS = (".pt", ".onnx")
"""Files that hold weights, the preferred first: of PyTorch, or what `clearscene export` writes."""


class Found(NamedTuple):
    """Weights of a network.

    Attributes:
        file: The `.pt` or `.onnx` file, its card beside it.
        origin: Where it was found, in words for people.
    """

    file: Path
    origin: str


def find_weights(network: str, given: Path | None = None, models: Path = MODELS) -> Found | None:
    """The weights to use: those given, else `models/NETWORK/best.pt`, else those shipped.

    `best.onnx` does where there is no `best.pt` in a folder.

    Args:
        network: Trained network, such as `person_se`.
        given: What the user named; not looked at here, loading it says what is wrong with it.
        models: Folder of the trained ones.
    """
    if given is not None:
        return Found(given, f"{given}, as asked")
    for folder, origin in ((models, "trained here"), (SHIPPED, "shipped with clearscene")):
        for kind in KINDS:
            file = folder / network / f"best{kind}"
            if file.exists():
                return Found(file, f"{file}, {origin}")
    return None


def card_of(weights: Path) -> Card:
    """The card of a `.pt` or `.onnx` file: beside it, or inside an ONNX file that has none there.

    Raises:
        PipelineError: Either is missing or damaged, or an ONNX file was made of other weights than
            the card beside it describes.
    """
    card_file = weights.with_suffix(".json")
    if not weights.exists():
        raise PipelineError(f"{weights}: no such file; {remedy(weights)}")
    try:
        inside = read_metadata(weights) if weights.suffix == ".onnx" else {}
        card = read_card(card_file) if card_file.exists() else parse_card(inside["card"])
    except (KeyError, FileNotFoundError):
        raise PipelineError(f"{card_file}: no such file; {remedy(weights)}") from None
    except (OSError, TypeError, ValueError) as problem:
        raise PipelineError(
            f"{weights}: damaged weights or card ({type(problem).__name__}); "
            + remedy(weights, "--force ")
        ) from problem
    if weights.suffix == ".onnx" and inside.get("weights_sha256") != card.weights_sha256:
        raise PipelineError(
            f"{weights}: was exported from other weights than those that {card_file.name} "
            f"describes; `clearscene export {card.network} {weights}` writes it anew"
        )
    return card
