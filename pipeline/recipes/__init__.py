"""One page per trained network. To add a network, write its page and name it here."""

from __future__ import annotations

from pipeline.errors import UsageError
from pipeline.recipes.person_se import PersonSE

RECIPES = {"person_se": PersonSE}


def recipe(name: str) -> type[PersonSE]:
    """The recipe of a trained network.

    Raises:
        UsageError: Unknown name.
    """
    if name not in RECIPES:
        raise UsageError(f"unknown network {name!r}; known are {', '.join(RECIPES)}")
    return RECIPES[name]
