"""Small charts as SVG whose colours the page decides, so that they fit light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK, FIRST, SECOND = "#010203", "#010204", "#010205"
COLOURS = {INK: "currentColor", FIRST: "var(--first)", SECOND: "var(--second)"}
"""What stands in the file in place of the colours that matplotlib knows."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "clearscene", "font.family": "sans-serif",
    "font.size": 9, "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False,
}  # fmt: skip
BINS = 20


class Chart(NamedTuple):
    """A drawing and what it is, for those who do not see it."""

    label: str
    svg: str


def losses(history: pd.DataFrame) -> Chart:
    """Loss of training and validation by epoch."""

    def draw(axes: Axes) -> None:
        axes.plot(history.epoch, history.train_loss, color=FIRST, marker=".", label="training")
        axes.plot(history.epoch, history.val_loss, color=SECOND, marker=".", label="validation")
        axes.set(xlabel="epoch", title="loss")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()

    return Chart("Loss of training and validation by epoch", _svg(draw))


def score_by_epoch(history: pd.DataFrame, column: str, title: str) -> Chart:
    """A validation score by epoch."""

    def draw(axes: Axes) -> None:
        axes.plot(history.epoch, history[column], color=SECOND, marker=".")
        axes.set(xlabel="epoch", title=f"{title}, validation")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    return Chart(f"{title} of the validation part by epoch", _svg(draw))


def histogram(
    values: Sequence[float], rival: Sequence[float], title: str, names: list[str]
) -> Chart:
    """How many test pictures have which score, ours and a baseline's."""

    def draw(axes: Axes) -> None:
        axes.hist([list(values), list(rival)], bins=BINS, color=[FIRST, SECOND], label=names)
        axes.set(xlabel=title, title="test pictures by score")
        axes.legend()

    return Chart(f"Test pictures by {title}: {' and '.join(names)}", _svg(draw))


def precision_recall(curve: pd.DataFrame, confusion: pd.DataFrame) -> Chart:
    """Precision over recall, pooled over the pixels of the test part.

    Args:
        curve: `pr_curve.csv`.
        confusion: `confusion.csv`: where on it the masks lie that were scored.
    """
    cells = confusion.set_index(["actual", "predicted"]).pixels
    right = cells["inside", "inside"]
    found, wanted = right + cells["outside", "inside"], right + cells["inside", "outside"]

    def draw(axes: Axes) -> None:
        axes.plot(curve.recall, curve.precision, color=FIRST)
        if found and wanted:
            axes.plot([right / wanted], [right / found], "o", color=SECOND, label="as scored")
            axes.legend()
        axes.set(xlabel="recall", title="precision", xlim=(0, 1.02), ylim=(0, 1.02))

    return Chart("Precision over recall of all pixels", _svg(draw))


def _svg(draw: Callable[[Axes], None]) -> str:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 2.4), layout="constrained")
        draw(figure.add_subplot())
        text = StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    for mark, colour in COLOURS.items():
        svg = svg.replace(mark, colour)
    # Its groups are called figure_1, axes_1, … in every chart, and nothing points to them.
    return re.sub(r'<g id="[A-Za-z0-9_.]+_\d+">', "<g>", svg)
