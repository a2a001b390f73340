"""Tables for people and programs."""

from __future__ import annotations

import csv
import io

from pipeline.tables import aligned, csv_text, markdown

ROWS = [{"a": "1", "long": "x|y"}, {"a": "wide, with comma", "long": ""}]


def test_columns_stand_under_each_other() -> None:
    assert aligned(ROWS).splitlines() == [
        "a                 long", "1                 x|y", "wide, with comma",
    ]  # fmt: skip


def test_bars_do_not_break_a_table_of_github() -> None:
    assert markdown(ROWS).splitlines() == [
        "| a | long |", "| --- | --- |", "| 1 | x\\|y |", "| wide, with comma |  |",
    ]  # fmt: skip


def test_a_spreadsheet_reads_what_is_written() -> None:
    assert list(csv.DictReader(io.StringIO(csv_text(ROWS)))) == ROWS
