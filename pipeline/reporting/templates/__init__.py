"""Texts with gaps, and how they are filled: numbers in one manner everywhere."""

from __future__ import annotations

from functools import cache
from math import isnan
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

NONE = "–"


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder; what is HTML is escaped."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.reporting", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number, "plain": plain, "cell": cell}
    return environment


def plain(value: float | None) -> str:
    """For programs: every digit, and nothing for what was not measured."""
    return "" if value is None or isnan(value) else str(value)


def cell(value: object) -> str:
    """For a table in Markdown: names from outside must not end it."""
    return " ".join(str(value).replace("|", "\\|").split())


def number(value: float | None, digits: int = 4) -> str:
    """For people: rounded, and a dash for what was not measured."""
    if value is None or isnan(value):
        return NONE
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.2f}"
