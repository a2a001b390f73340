"""One page per trained network. To add a network, write its page and name it here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.training.module import Recipe

RECIPES = {
    "car_removal": "CarRemovalRecipe",
    "person_se": "PersonSE",
    "person_bce_dice": "PersonBceDice",
    "central_person": "CentralPersonRecipe",
    "shadow_attention": "ShadowAttentionRecipe",
    "shadow": "ShadowRecipe",
    "car_mask": "CarMask",
}
"""Name of the network, which is also that of its page, and the class on it."""


def recipe(name: str) -> type[Recipe]:
    """The recipe of a trained network; only its own page is loaded.

    Raises:
        UsageError: Unknown name.
    """
    if name not in RECIPES:
        raise UsageError(f"unknown network {name!r}; known are {', '.join(RECIPES)}")
    page = import_module(f"pipeline.recipes.{name}")
    found: type[Recipe] = getattr(page, RECIPES[name])
    return found
