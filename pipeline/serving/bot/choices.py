"""What a chat has chosen, in the words of the commands."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from pipeline.editing.options import PERSON_MODELS, Colour, Cut, PersonModel
from pipeline.errors import UsageError

Mode = Literal["cutout", "mask", "remove-cars"]
Behind = Literal["none", "white", "blur"]

MODES: tuple[Mode, ...] = get_args(Mode)
BEHIND: tuple[Behind, ...] = get_args(Behind)
SWITCH = ("on", "off")


@dataclass(frozen=True)
class Choices:
    """How the pictures of a chat are edited.

    Attributes:
        mode: People cut out, their mask alone, or cars removed.
        model: Whose mask.
        background: One of BEHIND, or a colour as #rrggbb.
        crop: Whether a cutout is cut down to the people.
    """

    mode: Mode = "cutout"
    model: PersonModel = "person_se"
    background: str = "none"
    crop: bool = False

    @property
    def cut(self) -> Cut:
        """For the studio."""
        return Cut(self.model, _behind(self.background), self.crop, mask=self.mode == "mask")

    def shown(self, name: str) -> str:
        """What is chosen of one of CHOOSABLE, as people type it."""
        value = getattr(self, name)
        return SWITCH[not value] if isinstance(value, bool) else str(value)

    def with_choice(self, name: str, typed: str) -> Choices:
        """Changed by what somebody typed or pressed.

        Raises:
            UsageError: There is no such thing to choose.
        """
        word = typed.strip().lower()
        if word in CHOOSABLE[name] or (name == "background" and _COLOUR.fullmatch(word)):
            value: Any = word == "on" if name == "crop" else word
            return replace(self, **{name: value})
        raise UsageError(f"{typed.strip()[:30]!r} is not one of {_offered(name)}.")


CHOOSABLE: dict[str, tuple[str, ...]] = {
    "background": BEHIND,
    "model": PERSON_MODELS,
    "mode": MODES,
    "crop": SWITCH,
}
"""Words by command."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")


def _offered(name: str) -> str:
    words = ", ".join(CHOOSABLE[name])
    return f"{words}, or a colour such as #00b140" if name == "background" else words


def _behind(background: str) -> Literal["none", "blur"] | Colour:
    if background == "white":
        return (255, 255, 255)
    if background.startswith("#"):
        red, green, blue = bytes.fromhex(background[1:])
        return (red, green, blue)
    return "blur" if background == "blur" else "none"
