"""What all evaluators do alike: judge every test picture, then draw some of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from rich.progress import track

from pipeline.card import Card
from pipeline.checkpoint import SKIPPED
from pipeline.evaluation import KINDS
from pipeline.evaluation.judging import Judged, representative, worst_first
from pipeline.images import RGB
from pipeline.params import Evaluate
from pipeline.sheets import Row, contact_sheet, tile

EVENLY, WORST = 6, 4
"""Examples on the sheet: so many from best to worst, then so many of the worst."""
MOST_WORST = 20
"""On the sheet of the worst."""


Distance = Callable[[RGB, RGB], float]
"""Of two pictures."""


class Scored(NamedTuple):
    """What an evaluator found.

    Attributes:
        card: Of the weights that were scored.
        judged: Every test picture.
        examples: A sheet of some of them.
        worst: A sheet of the worst.
        notes: What else the reader of the scores has to know, by name.
    """

    card: Card
    judged: list[Judged]
    examples: RGB
    worst: RGB
    notes: dict[str, str]


class Case(Protocol):
    """A test picture that can be opened."""

    @property
    def name(self) -> str:
        """Distinct within the test part."""
        ...


class Examined(NamedTuple):
    """A test picture: its scores; what went in, came out and was wanted, any size."""

    judged: Judged
    pictures: list[RGB]


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
        """Titles over the pictures of what was examined."""
        ...

    def examine(self, case: C_in) -> Examined:
        """Score every method on a test picture, and show it."""
        ...


def score(
    network: str, judge: Judge[C], cases: Sequence[C], notes: dict[str, str] | None = None
) -> Scored:
    """Judge all cases, and draw those from best to worst and the worst."""
    kind, judged, drawn = KINDS[network], [], {}
    for case in track(cases, description=f"evaluate@{network}"):
        examined = judge.examine(case)
        judged.append(examined.judged)
        # As small as sheets show them; of a thousand pictures that is half a gigabyte still.
        drawn[case.name] = [tile(picture) for picture in examined.pictures]

    def sheet(chosen: Sequence[tuple[str, Judged]]) -> RGB:
        rows = [Row(caption, drawn[one.picture]) for caption, one in chosen]
        return contact_sheet(judge.columns, rows)

    examples = sheet(representative(judged, kind, EVENLY, WORST))
    worst = sheet(worst_first(judged, kind, MOST_WORST))
    return Scored(judge.card, judged, examples, worst, notes or {})


def perceptual(how: Evaluate) -> Distance | None:
    """LPIPS, if it is wanted.

    Raises:
        PipelineError: Its weights cannot be had.
    """
    if how.lpips == "none":
        return None
    from pipeline.metrics.perceptual import PerceptualDistance  # torchmetrics takes seconds

    return PerceptualDistance(how.lpips).distance


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
