"""What all evaluators do alike: judge every test picture, then draw some of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from rich.progress import track

from pipeline.checkpoint import SKIPPED, Card
from pipeline.evaluation import KINDS, Judged, representative
from pipeline.images import RGB
from pipeline.sheets import Row, contact_sheet

EVENLY, WORST = 6, 4
"""Examples on the sheet: so many from best to worst, then so many of the worst."""


class Scored(NamedTuple):
    """What an evaluator found.

    Attributes:
        card: Of the weights that were scored.
        judged: Every test picture.
        examples: A sheet of some of them.
        notes: What else the reader of the scores has to know, by name.
    """

    card: Card
    judged: list[Judged]
    examples: RGB
    notes: dict[str, str]


class Case(Protocol):
    """A test picture that can be opened."""

    @property
    def name(self) -> str:
        """Distinct within the test part."""
        ...


C = TypeVar("C", bound=Case)
C_in = TypeVar("C_in", bound=Case, contravariant=True)


class Judge(Protocol[C_in]):
    """A network with its baselines."""

    @property
    def card(self) -> Card:
        """Of the weights."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """Titles over the pictures of `draw`."""
        ...

    def judge(self, case: C_in) -> Judged:
        """Score every method on a test picture."""
        ...

    def draw(self, case: C_in) -> list[RGB]:
        """What went in, came out and was wanted: a picture under each of `columns`."""
        ...


def score(
    network: str, judge: Judge[C], cases: Sequence[C], notes: dict[str, str] | None = None
) -> Scored:
    """Judge all cases, and draw those from best to worst and the worst."""
    kind, by_name = KINDS[network], {case.name: case for case in cases}
    judged = [judge.judge(case) for case in track(cases, description=f"evaluate@{network}")]
    rows = [
        Row(caption, judge.draw(by_name[one.picture]))
        for caption, one in representative(judged, kind, EVENLY, WORST)
    ]
    return Scored(judge.card, judged, contact_sheet(judge.columns, rows), notes or {})


def skip_reason(models: Path) -> str | None:
    """Why a network was not trained; None if it was (or should have been).

    Args:
        models: What its training left.
    """
    try:
        note = (models / SKIPPED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return str(json.loads(note)["skipped"])
