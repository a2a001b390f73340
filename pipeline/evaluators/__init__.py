"""How each trained network is scored on its test part. A new one is named here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.evaluators.scoring import Scored
    from pipeline.params import Params

EVALUATORS = {
    "car_removal": "car_removal",
    "person_se": "persons",
    "person_bce_dice": "persons",
    "central_person": "central_person",
    "shadow_attention": "shadow_attention",
    "shadow": "shadow",
    "car_mask": "car_mask",
}
"""Name of the network, and the module whose `evaluate` scores it."""


class Evaluate(Protocol):
    """Scores one network."""

    def __call__(self, network: str, weights: Path, params: Params, /) -> Scored:
        """Score the weights on the test part, beside the baselines."""
        ...


def evaluator(network: str) -> Evaluate:
    """What scores a trained network; only its own module is loaded.

    Raises:
        UsageError: Unknown name.
    """
    if network not in EVALUATORS:
        raise UsageError(f"unknown network {network!r}; known are {', '.join(EVALUATORS)}")
    module = import_module(f"pipeline.evaluators.{EVALUATORS[network]}")
    found: Evaluate = module.evaluate
    return found
