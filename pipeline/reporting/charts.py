"""Small charts as SVG whose colours the page decides, so that they fit light and dark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

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


def losses(history: pd.DataFrame) -> str:
    """Loss of training and validation by epoch."""

    def draw(axes: Axes) -> None:
        axes.plot(history.epoch, history.train_loss, color=FIRST, label="training")
        axes.plot(history.epoch, history.val_loss, color=SECOND, label="validation")
        axes.set(xlabel="epoch", title="loss")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()

    return _svg(draw)


def score_by_epoch(history: pd.DataFrame, column: str, title: str) -> str:
    """A validation score by epoch."""

    def draw(axes: Axes) -> None:
        axes.plot(history.epoch, history[column], color=SECOND, marker=".")
        axes.set(xlabel="epoch", title=f"{title}, validation")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    return _svg(draw)


def histogram(values: Sequence[float], rival: Sequence[float], title: str, names: list[str]) -> str:
    """How many test pictures have which score, ours and a baseline's."""

    def draw(axes: Axes) -> None:
        axes.hist([list(values), list(rival)], bins=BINS, color=[FIRST, SECOND], label=names)
        axes.set(xlabel=title, title="test pictures by score")
        axes.legend()

    return _svg(draw)


def precision_recall(curve: pd.DataFrame) -> str:
    """Precision over recall, pooled over the pixels of the test part."""

    def draw(axes: Axes) -> None:
        axes.plot(curve.recall, curve.precision, color=FIRST)
        middle = curve.iloc[(curve.threshold - 0.5).abs().argsort()[:1]]
        axes.plot(middle.recall, middle.precision, "o", color=SECOND, label="threshold 0.5")
        axes.set(xlabel="recall", title="precision", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.legend()

    return _svg(draw)


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
    return svg
